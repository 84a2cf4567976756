"""Before a version is unloaded, whoever was sent to it has his answer."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from yardflow import draining, operating
from yardflow.errors import GatewayAway
from yardflow.flow import Flow

from .shop import Gateways, Server
from .stories import check_champion, promote, registered


def _retire(flow: Flow) -> None:
    operating.retire(flow, deploy_id="r", alias="challenger", actor="test", reason="enough")


@pytest.fixture(name="tried")
def _tried(flow: Flow) -> Flow:
    """Version 2 has a share of the champion's callers."""
    version = registered(flow)
    operating.deploy(
        flow, deploy_id="t", version=version, alias="challenger", actor="test", reason="a look", weight=0.1
    )
    return flow


def test_a_version_stays_loaded_until_its_last_answer(tried: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its alias stands for nothing any more, and somebody still waits for what it says."""
    gateways, server = cast(Gateways, tried.gateway), cast(Server, tried.triton)
    gateways.slow[2] = 3
    real, left = server.load, list[int]()

    def load(model: str, *, within_s: float = 0.0) -> None:
        left.append(gateways.slow[2])
        real(model, within_s=within_s)

    monkeypatch.setattr(server, "load", load)
    _retire(tried)
    assert (left, server.loaded) == ([0], {1})
    check_champion(tried, 1)


def test_it_is_not_waited_for_for_ever(tried: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway ends what takes it too long; who counts on after that does not keep a version in memory."""
    told: list[str] = []
    monkeypatch.setattr(draining, "DRAIN_S", 0.2)
    cast(Gateways, tried.gateway).slow[2] = 1_000_000
    _retire(replace(tried, tell=told.append))
    assert cast(Server, tried.triton).loaded == {1}
    assert "unloading all the same after 0.2 s: 2 predictions on their way to version 2" in told


def test_a_replica_that_does_not_say_is_named(tried: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be gone, and its callers with it."""
    told: list[str] = []

    def silent(replica: str, model: str) -> None:
        raise GatewayAway(f"wanted the metrics of {replica}, got nothing")

    monkeypatch.setattr(draining, "DRAIN_S", 0.2)
    monkeypatch.setattr(tried.gateway, "underway", silent)
    _retire(replace(tried, tell=told.append))
    assert cast(Server, tried.triton).loaded == {1}
    assert any("wanted the metrics of http://a, got nothing" in line for line in told)


def test_nobody_is_waited_for_where_nothing_is_unloaded(flow: Flow) -> None:
    """A rollback goes to what is loaded, and leaves loaded what it comes from: callers of that are not its business."""
    promote(flow, registered(flow))
    slow = cast(Gateways, flow.gateway).slow
    slow.update({1: 5, 2: 5})
    operating.rollback(flow, deploy_id="b", actor="test", reason="at once")
    assert slow == {1: 5, 2: 5}
    check_champion(flow, 1)
