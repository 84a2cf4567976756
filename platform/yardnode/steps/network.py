"""The network namespace and the cable to it."""

from __future__ import annotations

from yardnode import network
from yardnode.paths import Paths
from yardnode.state import State, read_state, remember
from yardnode.steps.step import Step
from yardnode.yard import Yard, network_of

__all__ = ["STEP"]


def _done(yard: Yard) -> bool:
    state = read_state(yard.paths.state)
    return state is not None and network.stands(state.network)


def _do(yard: Yard) -> None:
    network.lower(network_of(yard.paths))  # before choosing: our own old routes take no block from us
    chosen = network.choose(yard.paths.yard_id, taken=network.taken())
    remember(yard.paths.state, State(checkout=str(yard.paths.checkout), network=chosen))
    network.lay(chosen)


def _undo(paths: Paths) -> None:
    network.lower(network_of(paths))


STEP = Step(name="network", done=_done, do=_do, undo=_undo)
