"""Up and down as a whole: the walk along the steps, what a killed node leaves, and what ``down`` must not leave."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from yardnode import commands, mounts, node
from yardnode.errors import LeftBehind
from yardnode.paths import Paths
from yardnode.processes import read_board, write_json
from yardnode.progress import Progress
from yardnode.state import TIMINGS, read_state
from yardnode.steps import STEPS, Step, Timing, walk, walk_back
from yardnode.yard import Yard, network_of

__all__ = ["NODE_STEPS", "clean_up_killed", "destroy", "down", "up"]

NODE_STEPS = ("processes", "node-ready")
"""Together they are the figure "node processes to Ready"."""

MAKING_STEPS = ("packages", "toolchain", "images")
"""They take seconds where the caches are warm."""


def up(yard: Yard, *, steps: Sequence[Step] = STEPS) -> tuple[Timing, ...]:
    """
    Bring the yard up from whatever state it is in, and return what each step took.

    Raises:
        YardError: A step failed; what is done stays, and the same call goes on from there.
    """
    clean_up_killed(yard.paths, progress=yard.progress)
    already_up = read_state(yard.paths.state) is not None
    timings: list[Timing] = []
    walk(yard, steps, record=timings.append)
    if not already_up:  # a run that only looked, or went on after an interruption, measures nothing
        write_json(yard.paths.state / TIMINGS, _record(timings))
    return tuple(timings)


def _record(timings: Sequence[Timing]) -> dict[str, object]:
    return {
        "steps": [asdict(each) for each in timings],
        "made_s": round(sum(each.took_s for each in timings if each.step in MAKING_STEPS), 3),
        "node_ready_s": round(sum(each.took_s for each in timings if each.step in NODE_STEPS), 3),
        "up_s": round(sum(each.took_s for each in timings), 3),
    }


def clean_up_killed(paths: Paths, *, progress: Progress) -> None:
    """
    Recognise a node whose supervisor is gone (killed, or the machine restarted) and take its remains away.

    Its objects are thrown away with it; its volumes stay.
    """
    if read_state(paths.state) is None:
        return
    board = read_board(paths.state)
    if board is None or board.supervised():
        return
    progress.say("stale", "the node's processes were killed or the machine restarted; cleaning up, volumes stay")
    down(paths)


def down(paths: Paths) -> None:
    """
    Stop the yard and take everything of it away but volumes, credentials and logs.

    Raises:
        LeftBehind: Something of it is still there.
    """
    network, processes = network_of(paths), node.tracked(paths.state)  # before the state that tells them is gone
    walk_back(paths, STEPS)
    mounts.remove_places(others=node.others(network))
    node.wipe(paths.state)
    left = node.leftovers(paths.state, yard=network, processes=processes)
    if left:
        raise LeftBehind(left)


def destroy(paths: Paths, *, cache: bool) -> None:
    """
    Take the yard down and remove its state, volumes included.

    Args:
        cache: Remove the cache of binaries and images too; other checkouts build theirs again.

    Raises:
        LeftBehind: Something of it is still there.
    """
    down(paths)
    if cache:
        for point in mounts.below(paths.cache):  # of image builds that were killed
            commands.output(["umount", point])
    for folder in (paths.state, *([paths.cache] if cache else [])):
        if folder.exists():
            shutil.rmtree(folder)
    Path(paths.state.with_name(f".{paths.state.name}.lock")).unlink(missing_ok=True)
