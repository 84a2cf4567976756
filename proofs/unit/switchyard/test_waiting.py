"""The one wait: deadline, early failure, successes in a row, and the last observation in the error."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from switchyard.errors import Late, Unreachable
from switchyard.waiting import LONGEST_PAUSE_S, Clock, wait_until


class FakeClock(Clock):
    """Time that passes only in pauses."""

    def __init__(self) -> None:
        self.pauses_s: list[float] = []

    def now_s(self) -> float:
        return sum(self.pauses_s)

    def pause(self, pause_s: float) -> None:
        self.pauses_s.append(pause_s)


def _seen(values: Iterable[int]) -> Callable[[], int]:
    return iter(values).__next__


def test_the_first_look_may_be_enough() -> None:
    """What is already true is not waited for."""
    clock = FakeClock()
    assert wait_until(_seen([1]), what="one", ready=lambda n: n == 1, within_s=5.0, clock=clock) == 1
    assert clock.pauses_s == []


def test_successes_have_to_follow_one_another() -> None:
    """A flicker begins the count again."""
    looks = _seen([1, 1, 0, 1, 1, 1, 9])
    assert wait_until(looks, what="one", ready=lambda n: n == 1, within_s=60.0, successes=3, clock=FakeClock()) == 1
    assert looks() == 9


def test_what_can_no_longer_come_true_ends_the_wait() -> None:
    """A failed state is not waited out."""
    clock = FakeClock()
    with pytest.raises(Late, match="failed"):
        wait_until(_seen([0, 2]), what="one", ready=lambda n: n == 1, failed=lambda n: n == 2, within_s=60, clock=clock)
    assert len(clock.pauses_s) == 1


def test_the_deadline_carries_the_last_observation() -> None:
    """The message says what was wanted, within what, and what was there."""
    clock = FakeClock()
    with pytest.raises(Late, match=r"one: wanted within 7 s, last seen: 0"):
        wait_until(lambda: 0, what="one", ready=lambda n: n == 1, within_s=7.0, clock=clock)
    assert clock.now_s() == pytest.approx(7.0)


def test_pauses_grow_up_to_a_bound() -> None:
    """Short first, never longer than a second."""
    clock = FakeClock()
    with pytest.raises(Late):
        wait_until(lambda: 0, what="one", ready=lambda n: n == 1, within_s=30.0, clock=clock)
    assert clock.pauses_s[0] < 0.1
    assert max(clock.pauses_s) == LONGEST_PAUSE_S


def test_an_unreadable_world_is_no_reason_to_look_again() -> None:
    """What the observation raises goes through."""

    def unreadable() -> int:
        raise Unreachable("gone")

    with pytest.raises(Unreachable):
        wait_until(unreadable, what="one", ready=lambda n: n == 1, within_s=30.0, clock=FakeClock())
