"""P10: the yard as it is, before anything is touched."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from switchyard.scenario import Scenario
from yardfacts.target import Target

pytestmark = [pytest.mark.order(10), pytest.mark.audit]

IDLE_S = 10.0
"""Window of the measurement; the limits are about a yard that nobody asks for anything."""


def test_the_yard_is_as_git_says(yard: Scenario, layer: str, look: Callable[[str, str], None], target: Target) -> None:
    """Core and Baseline stand and serve the commit under test, before anything is touched."""
    is_off = yard.is_detached(layer)
    if target.meter is not None:
        with yard.given(f"{IDLE_S:g} s in which nobody asks for anything"):
            yard.record("idle", target.meter(IDLE_S))

    look("detached" if is_off else "attached", "absent" if is_off else "online")

    yard.judge("core_settled", "core_serves", "services_ready", "volumes_bound", "served_commit")
    if not is_off:
        yard.judge("layer_settled", "all_settled")
