"""When a client has seen enough, and of both replicas; and when it was itself away."""

from __future__ import annotations

from typing import Any

import pytest

from yardfacts.clients import as_committed, connected, counted
from yardfacts.facts import Generation, Served, Traffic
from yardfacts.verdict import merge

COMMITTED = Generation(
    environment="dev",
    generation=4,
    deploy_id="d4",
    action="deploy",
    phase="committed",
    champion=3,
    previous=1,
    digest="a",
    reason="",
    took_s=0.0,
)


def _served(answers: int = 1, **fields: int) -> Served:
    given = {"generation": 4, "version": 3, **fields}
    return Served(environment="dev", answers=answers, outputs=(0.9, 0.1), **given)


def _traffic(**fields: Any) -> Traffic:
    given = {"sent": 300, "answered": 300, "failed": 0, "late": 0, "new": 150, "detail": "", **fields}
    return Traffic(environment="dev", slowest_ms=8.0, span_s=30.0, **given)


@pytest.mark.parametrize(
    ("traffic", "may_fail", "reason"),
    [
        pytest.param(_traffic(), 0, "holds", id="all"),
        pytest.param(_traffic(late=6), 0, "holds", id="late now and then"),
        pytest.param(_traffic(late=7), 0, "late_client", id="late"),
        pytest.param(_traffic(late=-1), 0, "miscounted", id="late less than never"),
        pytest.param(_traffic(sent=100, answered=100), 0, "few_samples", id="few"),
        pytest.param(_traffic(answered=299, failed=1), 0, "failed", id="one failed"),
        pytest.param(_traffic(sent=310, failed=10), 10, "holds", id="as many as may fail"),
        pytest.param(_traffic(sent=311, failed=11), 10, "failed", id="one more than may"),
        pytest.param(_traffic(sent=310, failed=10, late=7), 10, "late_client", id="late beside failures"),
        pytest.param(_traffic(answered=301), 0, "miscounted", id="more than were sent"),
    ],
)
def test_a_client_is_believed_that_was_there(traffic: Traffic, may_fail: int, reason: str) -> None:
    """Often enough, in time, and with every answer accounted for."""
    assert counted((traffic,), (_served(300),), "dev", may_fail=may_fail).reason == reason


def test_one_client_counts() -> None:
    """Of two nobody could say whose answers were kept."""
    assert counted((), (), "dev").reason == "no_client"
    assert counted((_traffic(), _traffic()), (_served(600),), "dev").reason == "no_client"


@pytest.mark.parametrize(
    ("new", "reason"), [(150, "holds"), (1, "holds"), (0, "one_connection"), (300, "one_connection")]
)
def test_both_kinds_of_connections_have_to_be_answered(new: int, reason: str) -> None:
    """One that is kept meets one replica; without it nobody shows that a switch leaves it open."""
    assert merge(connected((_traffic(new=new),))).reason == reason


@pytest.mark.parametrize(
    ("served", "reason"),
    [
        pytest.param(_served(), "holds", id="the champion"),
        pytest.param(_served(version=1), "other_version", id="another version"),
        pytest.param(_served(generation=5), "unknown_generation", id="another generation"),
    ],
)
def test_an_answer_is_the_champions_of_its_generation(served: Served, reason: str) -> None:
    """By the ledger, whatever else has been committed."""
    assert as_committed(served, {4: COMMITTED}).reason == reason
