"""There is one way to wait, and its error tells what was seen last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from yardnode.errors import TimedOut, Violated
from yardnode.waiting import Clock, wait_until


@dataclass
class Time:
    """A clock that passes only when somebody pauses."""

    now: float = 100.0
    pauses: list[float] = field(default_factory=list)

    def pass_(self, seconds: float) -> None:
        """Let *seconds* go by."""
        self.pauses.append(seconds)
        self.now += seconds

    def clock(self) -> Clock:
        """This time as the package sees it."""
        return Clock(now_s=lambda: self.now, pause=self.pass_)


def test_what_is_ready_at_once_costs_no_pause() -> None:
    """A condition that holds already is answered without waiting."""
    time = Time()
    assert wait_until(lambda: 7, ready=lambda seen: seen == 7, what="seven", within_s=1, clock=time.clock()) == 7
    assert time.pauses == []


def test_the_observation_that_ended_the_wait_is_returned() -> None:
    """The caller gets what was seen, to file it as evidence."""
    answers = iter(["no", "no", "yes"])
    seen = wait_until(
        lambda: next(answers), ready=lambda seen: seen == "yes", what="yes", within_s=9, clock=Time().clock()
    )
    assert seen == "yes"


def test_the_error_tells_the_condition_the_budget_and_the_last_observation() -> None:
    """Who reads the error need not repeat the run to learn what was wrong."""
    with pytest.raises(TimedOut, match=r"Waited 2 s for the API server; last seen: 'refused'") as raised:
        wait_until(lambda: "refused", ready=lambda _: False, what="the API server", within_s=2, clock=Time().clock())
    assert raised.value.last == "refused"


def test_the_deadline_is_never_overslept() -> None:
    """The last look happens at the deadline, not a pause after it."""
    time = Time()
    with pytest.raises(TimedOut):
        wait_until(lambda: None, ready=lambda _: False, what="nothing", within_s=3, clock=time.clock())
    assert sum(time.pauses) == pytest.approx(3)


def test_pauses_grow_up_to_a_limit() -> None:
    """A quick answer is seen quickly, a slow one is not hammered."""
    time = Time()
    with pytest.raises(TimedOut):
        wait_until(
            lambda: None,
            ready=lambda _: False,
            what="nothing",
            within_s=60,
            every_s=0.1,
            slowest_s=2,
            clock=time.clock(),
        )
    assert time.pauses[0] == pytest.approx(0.1)
    assert time.pauses == sorted(time.pauses[:-1]) + time.pauses[-1:]
    assert max(time.pauses) == pytest.approx(2)


def test_what_can_never_become_ready_ends_the_wait_at_once() -> None:
    """A failure condition does not wait for the deadline."""
    time = Time()
    with pytest.raises(Violated, match=r"Gave up on a live process after 0\.0 s; it is: 'exited'"):
        wait_until(
            lambda: "exited",
            ready=lambda _: False,
            failed=lambda seen: seen == "exited",
            what="a live process",
            within_s=60,
            clock=time.clock(),
        )
    assert time.pauses == []


def test_successes_must_follow_one_another() -> None:
    """One good answer between bad ones is not readiness."""
    answers: Iterator[bool] = iter([True, False, True, True, True])
    seen = []

    def observe() -> bool:
        seen.append(next(answers))
        return seen[-1]

    wait_until(observe, ready=bool, what="three", within_s=60, successes=3, clock=Time().clock())
    assert len(seen) == 5


def test_an_error_while_looking_ends_the_wait_with_that_error() -> None:
    """Could not find out is never turned into not yet."""

    def observe() -> None:
        raise PermissionError("not allowed to look")

    with pytest.raises(PermissionError, match="not allowed to look"):
        wait_until(observe, ready=lambda _: True, what="anything", within_s=1, clock=Time().clock())
