"""Filling the online store, and noticing when it has to be done again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from features.errors import NeighbourAway, OnlineUnknown
from features.filling import BEGINNING, Filling
from features.waiting import wait_for

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Store:
    """An offline store with rows, and the online store that they are copied to: both as sets of keys."""

    offline: set[int] = field(default_factory=lambda: {1, 2, 3})
    online: set[int] = field(default_factory=set)
    marked: int | None = None
    reachable: bool = True
    spans: list[tuple[datetime, datetime]] = field(default_factory=list)

    def materialize(self, since: datetime, until: datetime) -> None:
        """Copy everything, as Feast does."""
        self.spans.append((since, until))
        self.online |= self.offline

    def mark(self) -> int:
        """Remember the number of keys."""
        self._ask()
        self.marked = len(self.online)
        return self.marked

    def missing(self) -> str | None:
        """Compare with the mark."""
        self._ask()
        if self.marked is None:
            return "nothing has been filled in"
        return None if len(self.online) >= self.marked else "some are lost"

    def restart(self) -> None:
        """Forget everything, as a Redis without persistence does."""
        self.online.clear()
        self.marked = None

    def _ask(self) -> None:
        if not self.reachable:
            raise OnlineUnknown("connection refused")


@pytest.fixture(name="store")
def _store() -> Store:
    return Store()


@pytest.fixture(name="filling")
def _filling(store: Store) -> Filling:
    return Filling(store.materialize, online=store, now=lambda: NOW)


def test_nothing_counts_as_filled_before_the_first_filling(filling: Filling) -> None:
    """Readiness begins with no."""
    assert not filling.state.filled


def test_a_filling_is_always_a_full_one(filling: Filling, store: Store) -> None:
    """From the beginning to now, the second time as well: the registry's watermark outlives the online store."""
    filling.fill()
    store.restart()
    filling.look()

    assert store.spans == [(BEGINNING, NOW)] * 2
    assert store.online == store.offline
    assert filling.state.filled


def test_a_whole_store_is_left_alone(filling: Filling, store: Store) -> None:
    """Looking costs a question, not a filling."""
    filling.fill()
    for _ in range(5):
        filling.look()

    assert len(store.spans) == 1


@pytest.mark.parametrize("lost", [{1}, {1, 2, 3}], ids=["one key", "all keys"])
def test_lost_keys_are_filled_in_again(filling: Filling, store: Store, lost: set[int]) -> None:
    """Emptied by hand or evicted: what the mark promises is restored."""
    filling.fill()
    store.online -= lost
    filling.look()

    assert store.online == store.offline


def test_a_silent_redis_is_not_an_empty_one(filling: Filling, store: Store) -> None:
    """Readiness goes while nobody knows, comes back with the answer, and nothing is filled for it."""
    filling.fill()
    store.reachable = False
    filling.look()
    silent = filling.state
    store.reachable = True
    filling.look()

    assert (silent.filled, silent.reason) == (False, "connection refused")
    assert filling.state.filled
    assert len(store.spans) == 1


def test_a_redis_that_goes_away_while_it_is_filled_is_filled_later(filling: Filling, store: Store) -> None:
    """A filling without its mark does not count."""
    filling.fill()
    store.restart()
    materialize = store.materialize

    def interrupted(since: datetime, until: datetime) -> None:
        materialize(since, until)
        store.reachable = False

    broken = Filling(interrupted, online=store, now=lambda: NOW)
    broken.look()
    assert not broken.state.filled

    store.reachable = True
    filling.look()
    assert filling.state.filled
    assert store.marked == 3


def test_a_filling_that_fails_is_raised(store: Store) -> None:
    """The process ends with it rather than serve half a store."""

    def failing(since: datetime, until: datetime) -> None:
        raise FileNotFoundError("no such bucket")

    filling = Filling(failing, online=store)

    with pytest.raises(FileNotFoundError):
        filling.look()
    assert not filling.state.filled


def test_the_start_waits_for_a_neighbour_that_comes_up() -> None:
    """The first answer that is no error is returned."""
    attempts = iter(range(3))

    def ask() -> str:
        if next(attempts) < 2:
            raise OnlineUnknown("refused")
        return "PONG"

    assert wait_for(ask, name="Redis", away=(OnlineUnknown,), within_s=5) == "PONG"


def test_the_start_ends_when_a_neighbour_stays_away() -> None:
    """The message names the neighbour, the patience and the last words."""

    def ask() -> None:
        raise OnlineUnknown("connection refused")

    with pytest.raises(NeighbourAway, match=r"Redis within 0\.1 s, got connection refused"):
        wait_for(ask, name="Redis", away=(OnlineUnknown,), within_s=0.1)


def test_other_errors_are_not_waited_for() -> None:
    """A refusal does not get better by asking again."""

    def ask() -> None:
        raise PermissionError("access denied")

    with pytest.raises(PermissionError):
        wait_for(ask, name="the object store", away=(OnlineUnknown,), within_s=5)
