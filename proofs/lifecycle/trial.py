"""
Deployments of what must not serve, one batch after the other, as far as the gate, in a pod of the platform's own.

Sent into the pod as text (see ``spoiled``), where it is the program. Every call is a task's of the DAG, so that what is
told is what whoever looks at the run is told; the proof delivers a batch when a line asks for it.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Final

from yardflow import tasks
from yardflow.errors import StoreAway
from yardflow.flow import Flow, opened
from yardflow.operating import FAILURES
from yardflow.settings import FlowSettings
from yardflow.waiting import wait_until

__all__ = ["DELIVER"]

DELIVER: Final = "deliver "
"""A line that begins so asks for the batch that it names, instead of the one before."""
DELIVERED_S: Final = 60.0
STEPS: Final = ("features", "train", "register", "ready", "gate")
"""What comes before anything that could serve."""


def attempt(run: str) -> dict[str, Any]:
    """
    Begin a deployment, go as far as the gate, and undo it.

    Returns:
        Where it ended and why (``step``, ``error``, ``reason``, ``message``), and how undoing it did (``undone``).
    """
    found: dict[str, Any] = {}
    step = "begin"
    try:
        tasks.call(step, run_id=run, tell=_tell, reason="a proof delivers what must not serve")
        for step in STEPS:
            decision = tasks.call(step, run_id=run, tell=_tell)
        found = {"step": step, "error": "", "reason": decision["outcome"], "message": "; ".join(decision["reasons"])}
    except FAILURES as failure:
        reason = getattr(failure, "reason", "")  # of a batch that was refused
        found = {"step": step, "error": type(failure).__name__, "reason": reason, "message": str(failure)}
    finally:
        undone = tasks.call("undo", run_id=run, tell=_tell, reason=f"a proof's: {found.get('message', 'it broke off')}")
        tasks.call("end", run_id=run, tell=_tell)
    return {**found, "undone": undone}


def main() -> None:
    """Try each batch that is named; a line of JSON each, and one before and after with the versions to be loaded."""
    with opened(FlowSettings(), tell=_tell) as flow:  # type: ignore[call-arg]  # the environment gives the arguments
        _tell_arranged(flow)
        for name in sys.argv[1:]:
            _tell(f"{DELIVER}{name}")
            _await(flow, name)
            _tell(json.dumps({"batch": name, **attempt(name)}))
        _tell_arranged(flow)


def _await(flow: Flow, name: str) -> None:
    wait_until(
        lambda: name in flow.store.batches(flow.model),
        within_s=DELIVERED_S,
        failure=lambda: StoreAway(f"wanted batch {name} within {DELIVERED_S:g} s, got nobody who delivers it"),
    )


def _tell_arranged(flow: Flow) -> None:
    _tell(json.dumps({"arranged": sorted(flow.repository.arranged(flow.model))}))


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
