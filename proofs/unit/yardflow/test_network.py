"""A pod that has just started is let through late, and its first question is not refused for that."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from threading import Timer

import pytest
from pydantic import AnyHttpUrl

from yardflow import network
from yardflow.flow import Flow, opened
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
    assert await_network([_address(bound)])
    late.join()


def test_one_neighbour_is_enough(bound: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one may be away: whoever needs it says so."""
    monkeypatch.setattr(network, "OPEN_S", 0.0)
    with closing(socket.create_server(("127.0.0.1", 0))) as well:
        assert await_network([_address(bound), _address(well)])


def test_whoever_opens_the_doors_waits_for_it_and_says_where_it_is_in_vain(
    flow: Flow, bound: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is raised: a rollback needs less than everybody, and whoever is away is named by who needs them."""
    address = ":".join(map(str, _address(bound)))
    settings = flow.settings.model_copy(update={"triton": address, "gateway": AnyHttpUrl(f"http://{address}")})
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://{address}")  # whose client asks nobody until it is used
    told: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(network, "OPEN_S", 0.2)
        with opened(settings, tell=told.append):
            assert [line.startswith("neither Triton nor the gateway") for line in told] == [True]
    told.clear()
    late = Timer(0.3, bound.listen)
    late.start()
    with opened(settings, tell=told.append):
        assert told == []
    late.join()
