"""What goes on in every environment at once: the facts of all, one's failure, and an interruption in the middle."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from proofs.lifecycle import meanwhile as under_test
from proofs.lifecycle.meanwhile import in_every, putting_back
from proofs.lifecycle.story import Story
from proofs.services.errors import Unanswered

from switchyard.judging import Inconclusive
from switchyard.scenario import Scenario
from yardfacts.facts import Fact, Timing

ANSWER_S = 10.0


@dataclass(frozen=True)
class _Place:
    """A story as far as it is asked here."""

    environment: str


@dataclass
class _Yard:
    """A scenario and its recorder in one."""

    notes: list[str] = field(default_factory=list)
    told: threading.Event = field(default_factory=threading.Event)

    @property
    def recorder(self) -> _Yard:
        return self

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        self.notes.append(title)
        yield

    def note(self, line: str) -> None:
        self.notes.append(line)
        self.told.set()


STORIES = cast(Sequence[Story], (_Place("dev"), _Place("prod")))


def _in_every(yard: _Yard, act: Any) -> tuple[Fact, ...]:
    return in_every(cast(Scenario, yard), STORIES, act)


def _timing(story: Story) -> Timing:
    return Timing(phase=story.environment, took_s=1.0, budget_s=2.0)


def test_facts_are_in_the_order_of_environments() -> None:
    """Whoever is done first; nobody waits for the other one to begin."""
    meeting = threading.Barrier(2, timeout=ANSWER_S)

    def act(story: Story) -> Sequence[Fact]:
        meeting.wait()
        return [_timing(story)]

    assert [fact.phase for fact in _in_every(_Yard(), act) if isinstance(fact, Timing)] == ["dev", "prod"]


def test_a_service_that_does_not_answer_leaves_it_open() -> None:
    """Nothing that is built on that answer may be judged."""

    def act(story: Story) -> Sequence[Fact]:
        if story.environment == "prod":
            raise Unanswered("MLflow is away")
        return [_timing(story)]

    with pytest.raises(Inconclusive, match="MLflow is away"):
        _in_every(_Yard(), act)


def test_who_interrupts_is_told_what_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the wait, not after it; and the wait is to the end, for whoever restores needs nobody beside it."""
    yard, ended = _Yard(), list[str]()

    def act(story: Story) -> Sequence[Fact]:
        assert yard.told.wait(ANSWER_S)
        ended.append(story.environment)
        return []

    def interrupted(_: object) -> tuple[Fact, ...]:
        raise KeyboardInterrupt

    monkeypatch.setattr(under_test, "_results", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _in_every(yard, act)
    assert sorted(ended) == ["dev", "prod"]
    assert yard.notes == ["interrupted: waiting for what goes on in dev, prod; then everything is put back"]


@pytest.mark.parametrize("failure", [None, Inconclusive("the test")], ids=["holds", "failed"])
def test_everything_is_put_back(failure: Exception | None) -> None:
    """Whatever became of the test, and of who was put back first; who fails is heard of in the end."""
    yard, back = _Yard(), list[str]()

    def refuses() -> None:
        back.append("prod")
        raise Inconclusive("prod is not as it was")

    def go_on() -> None:
        with putting_back(cast(Scenario, yard), [lambda: back.append("dev"), refuses], until="all is as it was"):
            assert not back
            if failure is not None:
                raise failure

    with pytest.raises(Inconclusive, match="prod is not as it was"):
        go_on()

    assert sorted(back) == ["dev", "prod"]
    assert yard.notes == ["restore: all is as it was"]
