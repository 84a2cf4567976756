"""One round of what the proofs send into a pod to be done over and over, where no server is."""

from __future__ import annotations

import time

from proofs.lifecycle.lurking import lurk
from proofs.lifecycle.swinging import swing
from proofs.unit.yardflow.stories import aliases, check_champion, promote, registered

from yardflow import steps
from yardflow.flow import Flow


def test_a_load_is_timed_and_nothing_stays_on_trial(flow: Flow) -> None:
    """The step itself is timed, within the round, and is the platform's own again; the version is unloaded."""
    version, load, began_s = registered(flow), steps.load, time.time()

    found = lurk(flow, version)

    assert began_s <= found["load_from_s"] <= found["load_to_s"] <= time.time()
    assert steps.load is load
    assert "shadow" not in aliases(flow)
    check_champion(flow, 1)


def test_a_swing_ends_where_it_began(flow: Flow) -> None:
    """Back to the version before, and forth to the one that was left; both are timed."""
    promote(flow, registered(flow))

    took_s = swing(flow)

    assert aliases(flow) == {"champion": 2, "previous": 1}
    assert set(took_s) == {"promotion_s", "rollback_s"}
    assert min(took_s.values()) > 0
    check_champion(flow, 2)
