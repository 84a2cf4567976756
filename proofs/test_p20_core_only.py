"""P20: the optional layer leaves; Core and Baseline stand alone and did not notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from switchyard.scenario import Scenario

if TYPE_CHECKING:
    from proofs.canaries.fixtures import Released
    from proofs.conftest import Canary, Use

pytestmark = [pytest.mark.order(20), pytest.mark.core_only]


def test_the_layer_leaves_nothing_behind(
    *,
    yard: Scenario,
    layer: str,
    bring: Callable[[str], None],
    look: Callable[[str, str], None],
    canary: Canary,
    canaries: Released,
) -> None:
    """When the optional layer is detached, every object of it is gone, and its namespaces stand."""
    with yard.given("the layer is attached, and something is written into every store that only this proof knows"):
        bring("attached")
        yard.record("written", *canary.written, *canaries.written)
        look("before", "online")

    with yard.window("off"):
        yard.detach(layer)
        look("detached", "absent")
        yard.record("detached", *canaries.look())
        yard.hold(layer)

    yard.judge("nothing_left", "root_absent", "namespaces_stayed", "nothing_returned")


def test_nobody_noticed(yard: Scenario) -> None:
    """From before the detach to the end of the hold nothing else changed, and nobody got a wrong answer or none."""
    yard.judge("nothing_changed", "nobody_noticed", "features_switched_once")


def test_nothing_is_lost(yard: Scenario) -> None:
    """What was written into every store before the layer left is there, unchanged."""
    yard.judge("data_survives")


def test_core_and_baseline_stand_alone(yard: Scenario) -> None:
    """While the layer is off, Core and Baseline are settled, serve, and are the same pods as before."""
    yard.judge("core_settled", "core_serves", "services_ready", "core_untouched", "volumes_bound", "served_commit")


def test_the_services_work(yard: Scenario, use: Use) -> None:
    """While the layer is off, every service of Core and Baseline does what it is there for, in both environments."""
    use()

    yard.judge(
        *("runs_tracked", "tasks_run", "task_logs_kept", "version_traced"),
        *("lines_shipped", "targets_up", "alerts_delivered"),
    )


def test_detaching_again_writes_nothing(yard: Scenario, layer: str) -> None:
    """Detaching what is detached is no event."""
    with yard.window("again", asks=False):
        yard.detach(layer, moment="again")

    yard.judge("twice_is_once")
