"""
One deployment to the champion, of arrived rows or of a version, in the platform's own pod: killed at a place, or held.

Sent into the pod as text (see ``attempt``), where it is the program; the proof imports it for the places' names alone.
Every call is ``yardflow``'s, as the DAG's tasks make them, one after the other; nothing of the platform knows of it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partialmethod
from pathlib import Path
from typing import Any, Final

import models.repository
from models.repository import Repository
from yardflow import announcing, deploying, learning, operating, steps
from yardflow.errors import GatewayAway, TritonAway
from yardflow.flow import Flow, opened
from yardflow.gateway import Gateway
from yardflow.lock import Lock
from yardflow.settings import FlowSettings
from yardflow.slack import Slack
from yardflow.waiting import wait_until

__all__ = ["GONE", "HELD", "PLACES", "TRITON", "Place", "after", "outlive", "promote", "survive"]

HELD: Final = "held at"
"""A line that begins so says that the deployment waits, until somebody else has committed, or somebody is gone."""
GONE: Final = "gone is"
"""A line that begins so names the replica that is gone, or Triton that was, and the deployment goes on."""
TRITON: Final = "Triton"
WAIT_S: Final = 240.0
"""A whole deployment, or a rollback, of somebody else's on two busy cores; or a pod's end, and the next one's start."""
FAILED: Final = 11


@dataclass(frozen=True)
class Place:
    """Right after a call of *name* of *owner* whose arguments are as wanted."""

    owner: Any
    name: str
    is_here: Callable[..., bool] = lambda *_, **__: True


def _is_removal(_: Any, target: Any) -> bool:
    return str(target).endswith(".removed")


PLACES: Final[Mapping[str, Place]] = {
    "intent": Place(steps, "begin"),
    "trained": Place(learning, "train"),
    "registered": Place(learning, "register"),
    "ready": Place(learning, "ready"),
    "staged": Place(models.repository, "_built"),
    "published": Place(steps, "publish"),
    "arranged": Place(Repository, "arrange"),
    "loaded": Place(steps, "load"),
    "smoked": Place(steps, "smoke"),
    "one replica switched": Place(Gateway, "reload"),
    "switched": Place(steps, "switch"),
    "verified": Place(steps, "verify"),
    "committed": Place(deploying, "commit"),
    "projected": Place(steps, "project"),
    "settled": Place(steps, "settle"),
    "half collected": Place(Path, "rename", _is_removal),
    "told": Place(Slack, "send"),
}
"""Where a deployment can die, in the order in which it comes there."""


def deploy(flow: Flow, deploy_id: str) -> None:
    """Train on what has arrived and make that the champion; where it fails it is undone, as by a run of the DAG."""
    version: int | None = None
    try:
        evidence: dict[str, Any] = {"begin": steps.begin(flow, deploy_id, actor="proof", reason="asked for by a proof")}
        evidence["features"] = learning.features(flow, deploy_id)
        evidence["train"] = learning.train(flow, deploy_id)
        evidence["register"] = learning.register(flow, deploy_id)
        version = int(evidence["register"]["version"])
        evidence["ready"] = learning.ready(flow, deploy_id)
        for step in (steps.publish, steps.load, steps.smoke, steps.switch, steps.verify):
            evidence[step.__name__] = step(flow, deploy_id, version)
        steps.commit(flow, deploy_id, version, alias="champion", evidence=evidence)
    except operating.FAILURES as failure:
        sys.stdout.write(f"{type(failure).__name__}: {failure}\n")
        steps.undo(flow, deploy_id, version, reason=f"{type(failure).__name__}: {failure}")
        sys.exit(FAILED)
    finally:
        steps.end(flow, deploy_id)
    announcing.announce(flow, steps.ended(flow, deploy_id))


def promote(flow: Flow, deploy_id: str, version: int) -> None:
    """Make a registered version the champion, as the operator's command does."""
    try:
        operating.deploy(
            flow, deploy_id=deploy_id, version=version, alias="champion", actor="proof", reason="asked for by a proof"
        )
    except operating.FAILURES as failure:
        sys.stdout.write(f"{type(failure).__name__}: {failure}\n")
        sys.exit(FAILED)


def outlive(flow: Flow, replica: str) -> None:
    """
    Wait until *replica* is gone, and another one is in its place; then go on as if nothing had been.

    Gone is what is neither listed any more nor answers. With the next one listed it is no chance whom the steps that
    are left ask: until then it could be the one that is gone, or those alone that are left.
    """
    before = flow.gateway.replicas()
    _tell(f"{HELD} {replica}")

    def is_replaced() -> bool:
        found = flow.gateway.replicas()
        return replica not in found and len(found) == len(before) and not _answers(flow, replica)

    wait_until(
        is_replaced,
        within_s=WAIT_S,
        failure=lambda: TimeoutError(
            f"wanted another replica in the place of {replica}, got {flow.gateway.replicas()} after {WAIT_S:g} s"
        ),
    )
    _tell(f"{GONE} {replica}")


def survive(flow: Flow) -> None:
    """Wait until Triton was away, and has what it had, for as many replicas; then go on as if nothing had been."""
    before = _served(flow)
    _tell(f"{HELD} {TRITON}")
    _await(flow, "nothing loaded", lambda: not _ready(flow))
    _await(flow, f"versions and replicas {before} again", lambda: _served(flow) == before)
    _tell(f"{GONE} {TRITON}")


def _await(flow: Flow, wanted: str, is_so: Callable[[], bool]) -> None:
    def late() -> Exception:
        return TimeoutError(f"wanted {wanted}, got {_served(flow)} after {WAIT_S:g} s")

    wait_until(is_so, within_s=WAIT_S, failure=late)


def _served(flow: Flow) -> tuple[list[int], int]:
    """The versions that Triton has, and how many replicas there are."""
    try:
        return _ready(flow), len(flow.gateway.replicas())
    except GatewayAway:
        return _ready(flow), 0


def _ready(flow: Flow) -> list[int]:
    try:
        return sorted(number for number, one in flow.triton.versions(flow.model).items() if one.state == "READY")
    except TritonAway:
        return []


def _answers(flow: Flow, replica: str) -> bool:
    try:
        flow.gateway.table(replica)
    except GatewayAway:
        return False
    return True


def _die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _hold(flow: Flow, deploy_id: str, place: str) -> None:
    """Wait until a higher generation than this deployment's is committed; then go on as if nothing had been."""
    _tell(f"{HELD} {place}")
    entry = flow.ledger.entry(deploy_id)
    mine = entry.intent.generation if entry else 0
    wait_until(
        # With nobody else at the lock: it is the fences that have to stop whoever goes on.
        lambda: flow.current.generation > mine and flow.lock.holder in ("", deploy_id),
        within_s=WAIT_S,
        failure=lambda: TimeoutError(f"wanted somebody to overtake generation {mine}, got nobody within {WAIT_S:g} s"),
    )


def after(place: Place, act: Callable[..., None]) -> None:
    """Do *act* right after the first call that is the place, with what was called."""
    real, done = getattr(place.owner, place.name), list[bool]()

    def called(*arguments: Any, **given: Any) -> Any:
        found = real(*arguments, **given)
        if not done and place.is_here(*arguments, **given):
            done.append(True)
            act(*arguments, **given)
        return found

    called.__name__ = place.name
    setattr(place.owner, place.name, called)


def main() -> None:
    """Deploy; with a place, die or wait there. The last line is the ledger and the versions, as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("deploy_id")
    parser.add_argument("--kill", choices=PLACES)
    parser.add_argument("--hold", choices=PLACES)
    parser.add_argument("--outlive", action="store_true", help="hold when one replica has switched, until it is gone")
    parser.add_argument("--survive", action="store_true", help="hold when it is loaded, until Triton was away")
    parser.add_argument("--promote", type=int, metavar="VERSION", help="instead of training on what has arrived")
    parser.add_argument("--lease", type=float, metavar="SECONDS", help="of the lock; as the platform has it")
    asked = parser.parse_args()
    # The first process of a container is spared by SIGKILL from inside: a child does the work, and may die.
    child = os.fork()
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.exit(code if code >= 0 else 128 - code)
    if asked.lease is not None:
        setattr(Lock, "take", partialmethod(Lock.take, lease_s=asked.lease))  # noqa: B010 - mypy knows no such method
    with opened(FlowSettings(), tell=_tell) as flow:  # type: ignore[call-arg]  # the environment gives the arguments
        if asked.kill:
            after(PLACES[asked.kill], _die)
        if asked.hold:
            after(PLACES[asked.hold], lambda *_, **__: _hold(flow, asked.deploy_id, asked.hold))
        if asked.outlive:
            after(PLACES["one replica switched"], lambda _, replica, *__: outlive(flow, replica))
        if asked.survive:
            after(PLACES["loaded"], lambda *_, **__: survive(flow))
        if asked.promote is None:
            deploy(flow, asked.deploy_id)
        else:
            promote(flow, asked.deploy_id, asked.promote)
        entries = [
            {
                "generation": entry.intent.generation,
                "deploy_id": entry.intent.deploy_id,
                "phase": entry.outcome.phase if entry.outcome else "open",
                "champion": entry.outcome.version("champion") if entry.outcome else None,
            }
            for entry in flow.ledger.history()
        ]
        sys.stdout.write(json.dumps({"ledger": entries, "lock": flow.lock.holder}) + "\n")


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
