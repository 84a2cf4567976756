"""P30: the optional layer returns and works; Core and Baseline did not notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from switchyard.scenario import Scenario
from switchyard.yard import Yard

if TYPE_CHECKING:
    from proofs.conftest import Canary, Use

pytestmark = [pytest.mark.order(30), pytest.mark.optional_on]


def test_the_layer_returns_and_works(
    *,
    yard: Scenario,
    layer: str,
    declared: Yard,
    canary: Canary,
    bring: Callable[[str], None],
    look: Callable[[str, str], None],
) -> None:
    """When the layer is attached, it is settled, and a feature written before the detach is read online."""
    with yard.given("a feature is written that only this proof knows, and the layer is off"):
        yard.record("written", *canary.written)
        bring("detached")
        look("detached", "absent")

    with yard.timed("attach.proved", moment="attached", budget_s=declared.budgets.attach_s):
        yard.attach(layer)
        for read in canary.reads:
            yard.ask(read, moment="attached")
    look("attached", "online")

    yard.judge("layer_settled", "feature_survives", "features_reported", "all_settled")


def test_core_and_baseline_did_not_notice(yard: Scenario) -> None:
    """While the layer came, Core and Baseline stayed settled, served, and kept every pod and namespace."""
    yard.judge(
        "core_settled",
        "core_serves",
        "services_ready",
        "core_untouched",
        "namespaces_stayed",
        "volumes_bound",
        "served_commit",
    )


def test_the_services_work(yard: Scenario, use: Use) -> None:
    """While the layer is on, every service of Core and Baseline does what it is there for, in both environments."""
    use()

    yard.judge(
        *("runs_tracked", "tasks_run", "task_logs_kept", "version_traced"),
        *("lines_shipped", "targets_up", "alerts_delivered"),
    )


def test_attaching_again_writes_nothing(yard: Scenario, layer: str) -> None:
    """Attaching what is attached is no event."""
    yard.attach(layer, moment="again")

    yard.judge("twice_is_once")
