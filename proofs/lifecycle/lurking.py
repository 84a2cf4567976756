"""
A version goes into the shadow and out again, over and over, in a pod of the platform's own: each time it is loaded.

Sent into the pod as text (see ``loads``). A line of JSON a round says when it was loaded, and whether that was work.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import uuid
from typing import Any

from yardflow import operating, steps
from yardflow.flow import Flow, opened
from yardflow.settings import FlowSettings

__all__ = ["ROUND"]

ROUND = "round"
ACTOR, REASON = "proof", "loaded and unloaded, for a proof"


def lurk(flow: Flow, version: int) -> dict[str, Any]:
    """Into the shadow, and out; ``was``: its state in Triton before, and from when to when it was loaded."""
    loading: list[float] = []
    known = flow.triton.versions(flow.model).get(version)
    load = steps.load

    def timed(flow: Flow, deploy_id: str, version: int) -> steps.Evidence:
        loading.append(time.time())
        found = load(flow, deploy_id, version)
        loading.append(time.time())
        return found

    steps.load = timed
    try:
        operating.deploy(flow, deploy_id=_id(), version=version, alias="shadow", actor=ACTOR, reason=REASON)
    finally:
        steps.load = load
    operating.retire(flow, deploy_id=_id(), alias="shadow", actor=ACTOR, reason=REASON)
    return {"was": known.state if known else "", "load_from_s": loading[0], "load_to_s": loading[1]}


def _id() -> str:
    return uuid.uuid4().hex[:12]


def main() -> None:
    """Do it as often as asked; the first error ends it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("version", type=int)
    parser.add_argument("rounds", type=int)
    given = parser.parse_args()
    with opened(FlowSettings(), tell=lambda _: None) as flow:  # type: ignore[call-arg]  # the environment gives them
        for number in range(given.rounds):
            sys.stdout.write(json.dumps({ROUND: number, **lurk(flow, given.version)}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
