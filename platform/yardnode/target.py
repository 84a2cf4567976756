"""What the node tells the engine about itself (entry point group ``switchyard.targets``)."""

from __future__ import annotations

import json
import os
from pathlib import Path

from yardfacts.facts import Timing
from yardfacts.target import Target
from yardnode import credentials, gitsource
from yardnode.paths import find_paths
from yardnode.plan import Plan
from yardnode.processes import read_board
from yardnode.state import TIMINGS, read_state
from yardnode.usage import Meter

__all__ = ["BUDGETS_S", "embedded"]

BUDGETS_S = {"node_ready": 12.0, "up": 200.0}
"""Two cores, warm caches; `up` from nothing to all Applications Synced and Healthy."""
WARM_WITHIN_S = 10.0
"""What the caches have is found in less; with anything to build, `up` has no budget."""


def embedded(checkout: Path) -> Target | None:
    """
    The embedded node of *checkout*; None where it is not up.

    A node with a dead component is still returned: what it answers is for the proof to judge.

    Raises:
        Refused: The paths or the state cannot be understood.
    """
    paths = find_paths(os.environ, checkout=checkout)
    state, board = read_state(paths.state), read_board(paths.state)
    if state is None or state.git is None or board is None or not board.supervised():
        return None
    plan = Plan(state=paths.state, network=state.network, programs={})
    return Target(
        name="embedded",
        kubeconfig=plan.kubeconfig,
        context="switchyard",
        git_dir=gitsource.repository(paths.state),
        git_branch=gitsource.BRANCH,
        commit=state.git.commit,
        dirty=state.git.dirty,
        secrets_file=credentials.path(paths.state),
        timings=_timings(paths.state),
        meter=Meter(yard_id=paths.yard_id),
    )


def _timings(state: Path) -> tuple[Timing, ...]:
    """The figures of the bring-up that made this node; none where it was not written to its end."""
    file = state / TIMINGS
    if not file.exists():
        return ()
    record = json.loads(file.read_text())
    warm = record["made_s"] <= WARM_WITHIN_S
    return tuple(
        Timing(phase=phase, took_s=record[f"{phase}_s"], budget_s=budget_s if warm or phase != "up" else 0.0)
        for phase, budget_s in BUDGETS_S.items()
    )
