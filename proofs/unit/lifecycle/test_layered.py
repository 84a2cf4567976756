"""The layer while a proof goes on is as it was wanted, or the evidence says that it was not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from proofs.lifecycle import layered as under_test
from proofs.lifecycle.layered import OFF, ON, PROBE, TOGGLED, Layered

from switchyard.errors import Late, Unmet
from switchyard.judging import Disproved
from switchyard.scenario import Scenario
from switchyard.toggled import Toggled
from yardfacts.facts import Answer, Fact, Timing

ANSWER_S = 10.0


@dataclass
class Yard:
    """A scenario and its ground in one, with a layer that is toggled at once."""

    is_on: bool = True
    refusing: int = 0
    failing: Exception | None = None
    seen: list[tuple[str, Fact]] = field(default_factory=list)
    toggled: threading.Event = field(default_factory=threading.Event)
    """It left and returned."""
    held: threading.Event | None = None
    """Until then an attach is on its way."""
    returning: threading.Event = field(default_factory=threading.Event)

    @property
    def ground(self) -> Yard:
        return self

    @contextmanager
    def given(self, _: str) -> Iterator[None]:
        yield

    def is_detached(self, _: str) -> bool:
        return not self.is_on

    def detach(self, layer: str, *, moment: str = "") -> Toggled:
        return self._toggle(layer, on=False)

    def attach(self, layer: str, *, moment: str = "") -> Toggled:
        return self._toggle(layer, on=True)

    def record(self, moment: str, *facts: Fact) -> None:
        self.seen += [(moment, fact) for fact in facts]

    def _toggle(self, layer: str, *, on: bool) -> Toggled:
        if self.failing is not None:
            self.toggled.set()
            raise self.failing
        if self.refusing:
            self.refusing -= 1
            raise Unmet("Triton is away")
        if on and self.held is not None:
            self.returning.set()
            assert self.held.wait(ANSWER_S)
        self.is_on = on
        if on:
            self.toggled.set()
        name = "attach" if on else "detach"
        return Toggled(
            layer=layer, changed=True, applications=(), facts=(Timing(phase=name, took_s=1.0, budget_s=2.0),)
        )


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits between two toggles."""
    monkeypatch.setattr(under_test, "PAUSE_S", 0.001)


def _layered(yard: Yard, how: str, **fields: Any) -> Layered:
    return Layered(cast(Scenario, yard), "features", ("dev", "prod"), how, **fields)


def _said(yard: Yard) -> list[tuple[str, str]]:
    found: list[Any] = [fact for moment, fact in yard.seen if moment == "here" and isinstance(fact, Answer)]
    assert [(one.probe, one.environment) for one in found] == [(PROBE, "dev"), (PROBE, "prod")]
    return [(one.outcome, one.got) for one in found]


@pytest.mark.parametrize("was_on", [True, False])
@pytest.mark.parametrize("how", [ON, OFF])
def test_the_layer_is_brought_there_and_stays(how: str, was_on: bool) -> None:
    """Whatever it was before."""
    yard = Yard(is_on=was_on)
    with _layered(yard, how).throughout("here"):
        assert yard.is_on is (how == ON)
    assert _said(yard) == [("right", f"{how} to the end")] * 2


@pytest.mark.parametrize("how", [ON, OFF])
def test_a_layer_that_somebody_else_toggled_is_told(how: str) -> None:
    """What a proof found then is about something else."""
    yard = Yard()
    with _layered(yard, how).throughout("here"):
        yard.is_on = how == OFF
    assert _said(yard) == [("wrong", f"{OFF if how == ON else ON} to the end")] * 2


def test_it_leaves_and_returns_and_is_there_at_the_end() -> None:
    """A toggle that is refused is tried again; what was found is recorded."""
    yard = Yard(refusing=3)
    with _layered(yard, TOGGLED).throughout("here"):
        assert yard.toggled.wait(ANSWER_S)
    assert yard.is_on
    assert _said(yard) == [("right", "detached and attached again, while it went on")] * 2
    assert {fact.phase for moment, fact in yard.seen if moment == PROBE and isinstance(fact, Timing)} >= {
        "detach",
        "attach",
    }


def test_a_layer_that_nobody_could_toggle_is_told() -> None:
    """Nothing was toggled in between, so nothing was shown."""
    yard = Yard(refusing=10**9)
    with _layered(yard, TOGGLED).throughout("here"):
        pass
    assert _said(yard) == [("wrong", "never toggled at the end")] * 2


def test_a_layer_that_returned_after_the_end_was_not_back_in_time() -> None:
    """It is waited for, and shows nothing of what went on before."""
    end = threading.Event()
    yard = Yard(held=end)
    with _layered(yard, TOGGLED, _end=end).throughout("here"):
        assert yard.returning.wait(ANSWER_S)
    assert yard.is_on
    assert _said(yard) == [("wrong", "detached at the end")] * 2


def test_a_toggle_that_fails_is_no_verdict_about_models() -> None:
    """It is the toggle's own."""
    yard = Yard(failing=Late("features is not gone"))
    with pytest.raises(Disproved, match="features is not gone"), _layered(yard, TOGGLED).throughout("here"):
        assert yard.toggled.wait(ANSWER_S)
    assert yard.seen == []
