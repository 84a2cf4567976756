"""A pod that has just started is let through late, and its first question is not refused for that."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from threading import Timer

import pytest

from yardflow.network import await_network


@pytest.fixture(name="bound")
def _bound() -> Iterator[socket.socket]:
    """Somebody who does not listen yet: connections are refused, as they are to a pod that nobody knows."""
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound


def _address(bound: socket.socket) -> tuple[str, int]:
    return "127.0.0.1", int(bound.getsockname()[1])


def test_who_is_refused_at_first_is_let_through_later(bound: socket.socket) -> None:
    """It is asked again until somebody accepts."""
    late = Timer(0.3, bound.listen)
    late.start()
    assert await_network([_address(bound)], within_s=10.0)
    late.join()


def test_one_neighbour_is_enough(bound: socket.socket) -> None:
    """The other one may be away: whoever needs it says so."""
    with closing(socket.create_server(("127.0.0.1", 0))) as well:
        assert await_network([_address(bound), _address(well)], within_s=0.0)


def test_where_everybody_is_away_it_is_not_waited_for_ever(bound: socket.socket) -> None:
    """And nothing is raised: a rollback needs less than everybody."""
    assert not await_network([_address(bound)], within_s=0.2)
