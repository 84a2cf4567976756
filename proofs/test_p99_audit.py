"""P99: the yard as the proofs leave it; the state found at the start is restored after this."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from switchyard.scenario import Scenario

pytestmark = [pytest.mark.order(99), pytest.mark.audit]


def test_the_yard_is_as_git_says_again(yard: Scenario, layer: str, look: Callable[[str, str], None]) -> None:
    """After all proofs Core and Baseline stand and serve the commit under test."""
    is_off = yard.is_detached(layer)

    look("detached" if is_off else "attached", "absent" if is_off else "online")

    yard.judge("core_settled", "core_serves", "services_ready", "volumes_bound", "served_commit")
    if not is_off:
        yard.judge("layer_settled", "all_settled")
