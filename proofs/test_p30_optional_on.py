"""P30: the optional layer returns and works; Core and Baseline did not notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from switchyard.scenario import Scenario
from switchyard.yard import Yard

if TYPE_CHECKING:
    from proofs.canaries.fixtures import Released
    from proofs.conftest import Canary, Use

pytestmark = [pytest.mark.order(30), pytest.mark.optional_on]


def test_the_layer_returns_and_works(
    *,
    yard: Scenario,
    layer: str,
    declared: Yard,
    canary: Canary,
    canaries: Released,
    bring: Callable[[str], None],
    look: Callable[[str, str], None],
) -> None:
    """When the layer is attached, it is settled, and a feature written before the detach is read online."""
    with yard.given("something is written into every store that only this proof knows, and the layer is off"):
        yard.record("written", *canary.written, *canaries.written)
        if not yard.saw("off"):
            bring("attached")
            with yard.window("off"):
                bring("detached")
        look("detached", "absent")
        yard.record("detached", *canaries.look())

    with yard.window("on"):
        with yard.timed("attach.proved", moment="attached", budget_s=declared.budgets.attach_s):
            yard.attach(layer)
            for read in canary.reads:
                yard.ask(read, moment="attached")
        look("attached", "online")
        yard.record("attached", *canaries.look())
    yard.compare("off", "on")

    yard.judge("layer_settled", "feature_survives", "features_reported", "all_settled")


def test_nobody_noticed(yard: Scenario) -> None:
    """While the layer came nothing else changed, and nobody got a wrong answer or none."""
    yard.judge("nothing_changed", "nobody_noticed", "features_switched_once")


def test_nothing_is_lost(yard: Scenario) -> None:
    """What was written into every store before the layer left is there, unchanged; and the cluster is as before."""
    yard.judge("data_survives", "round_trip")


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
    with yard.window("again", asks=False):
        yard.attach(layer, moment="again")

    yard.judge("twice_is_once")
