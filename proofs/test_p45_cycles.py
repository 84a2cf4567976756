"""P45: the optional layer leaves and comes again and again, under watch; once may have been luck."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from switchyard.judging import Disproved
from switchyard.scenario import Scenario
from yardfacts.facts import Cycle

pytestmark = [pytest.mark.order(45), pytest.mark.cycles]


def test_the_layer_leaves_and_comes_every_time(
    *, yard: Scenario, layer: str, bring: Callable[[str], None], pytestconfig: pytest.Config
) -> None:
    """In every one of the cycles the layer leaves and comes, and nobody who uses the rest gets a wrong answer."""
    asked_for: int = pytestconfig.option.switchyard_cycles
    with yard.given("the layer is attached"):
        bring("attached")

    for number in range(1, asked_for + 1):
        moment = f"cycle-{number}"
        with yard.when(f"cycle {number} of {asked_for}"), yard.window(moment):
            told = _toggled(yard, layer=layer, moment=moment)
        yard.record(moment, Cycle(number=number, of=asked_for, failed=bool(told), detail=told))
        if told:
            # A cycle that failed is counted, and the next one starts from where it has to.
            bring("attached")

    yard.judge("cycles_hold", "nothing_changed", "nobody_noticed", "features_switched_once")


def _toggled(yard: Scenario, *, layer: str, moment: str) -> str:
    """Detach and attach once; what did not do what it had to, empty where everything did."""
    try:
        yard.detach(layer, moment=moment)
        yard.attach(layer, moment=moment)
    except Disproved as exc:
        return str(exc)
    return ""
