"""
Back and forth between two versions, in a pod of the platform's own: a rollback and a promotion, again and again.

Sent into the pod as text (see ``endurance``). A line of JSON a round says how long each took.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import uuid

from yardflow import operating
from yardflow.flow import Flow, opened
from yardflow.settings import FlowSettings

__all__ = ["ROUND"]

ROUND = "round"
ACTOR, REASON = "proof", "back and forth, for a proof"


def swing(flow: Flow) -> dict[str, float]:
    """Roll back, and promote the version that was left; seconds that each took."""
    left = flow.current.aliases["champion"].version
    outcome = operating.rollback(flow, deploy_id=_id(), actor=ACTOR, reason=REASON)
    started_s = time.monotonic()
    operating.deploy(flow, deploy_id=_id(), version=left, alias="champion", actor=ACTOR, reason=REASON)
    return {
        "promotion_s": time.monotonic() - started_s,
        "rollback_s": float(outcome.evidence["restored"]["took_s"]),
    }


def _id() -> str:
    return uuid.uuid4().hex[:12]


def main() -> None:
    """Swing as often as asked; the first error ends it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rounds", type=int)
    with opened(FlowSettings(), tell=lambda _: None) as flow:  # type: ignore[call-arg]  # the environment gives them
        for number in range(parser.parse_args().rounds):
            sys.stdout.write(json.dumps({ROUND: number, **swing(flow)}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
