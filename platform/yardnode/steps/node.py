"""Permissions of the node's own services, and the Node object Ready."""

from __future__ import annotations

from pathlib import Path

from yardnode.processes import read_board
from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["STEP"]

MANIFESTS = Path(__file__).parents[1] / "manifests"
READY_WITHIN_S = 90.0


def _complete(yard: Yard) -> bool:
    board = read_board(yard.paths.state)
    return board is not None and board.complete()


def _ready(yard: Yard) -> bool:
    found = yard.cluster.get("node", yard.plan.node_name)
    conditions = ((found or {}).get("status") or {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _do(yard: Yard) -> None:
    cluster = yard.cluster
    cluster.wait(cluster.ready, ready=bool, what="the API server to be ready", within_s=READY_WITHIN_S)
    for file in sorted(MANIFESTS.glob("*.yaml")):
        cluster.apply_text(file.read_text())
    yard.plan.permissions.touch()
    cluster.wait(lambda: _complete(yard), ready=bool, what="every component to start", within_s=READY_WITHIN_S)
    cluster.wait(lambda: _ready(yard), ready=bool, what="the node to be Ready", within_s=READY_WITHIN_S)


STEP = Step(name="node-ready", done=lambda yard: _complete(yard) and yard.cluster.ready() and _ready(yard), do=_do)
