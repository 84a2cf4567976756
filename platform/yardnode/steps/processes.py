"""Certificates, configuration, and all processes of the node under their supervisor."""

from __future__ import annotations

from yardnode import node
from yardnode.imagestore import link_tree, one_file_system
from yardnode.paths import Paths
from yardnode.processes import read_board
from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["STEP"]


def _done(yard: Yard) -> bool:
    board = read_board(yard.paths.state)
    return board is not None and board.supervised() and not board.dead()


def _do(yard: Yard) -> None:
    board = read_board(yard.paths.state)
    if board is None or not board.supervised():
        # A running node keeps the binaries that it was started with, whatever the cache has by now.
        yard.remember(programs={name: str(file) for name, file in yard.programs.items()})
    for entry in board.dead() if board is not None else ():
        yard.progress.say("processes", f"{entry.name} {entry.ending}; starting it again")
    plan = yard.plan
    root = plan.state / "containerd"
    if not root.exists() and yard.unpacked is not None and one_file_system(yard.unpacked, plan.state):
        link_tree(yard.unpacked, root)
    node.prepare(plan, oom_adjustable=yard.machine.oom_adjustable)
    node.start(plan)


def _undo(paths: Paths) -> None:
    node.stop(paths.state, yard_id=paths.yard_id)


STEP = Step(name="processes", done=_done, do=_do, undo=_undo)
