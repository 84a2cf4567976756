"""Following the ledger: what is committed is served, soon, never down, and never before Triton has it."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Literal

import pytest

from yardgate.aliases import Standing
from yardgate.following import Following
from yardgate.metrics import Metrics
from yardgate.routing import Routing, Switch

from .yard import ControlSide, Yard, commit, digest, put, raising, until


def _standing(version: int, weight: float | None = None) -> Standing:
    return Standing("wine", version, digest(version), weight)


def _looked(folder: Path, current: Routing, *, ready: tuple[int, ...] = (), times: int = 1) -> Routing:
    """What is followed after so many looks from *current* on."""
    switch = Switch(current, changed=lambda _: None)
    control = ControlSide(ready={("wine", version) for version in ready})
    following = Following(folder, switch=switch, readiness=control, metrics=Metrics(), period_s=1)

    async def look() -> None:
        for _ in range(times):
            await following.look()

    asyncio.run(look())
    return switch.current


def test_a_commit_is_followed_without_a_call(yard: Yard) -> None:
    """Who missed the reload learns of the new champion from the ledger."""
    yard.control.ready.add(("wine", 2))
    yard.commit(2, champion=2, previous=1)
    yard.follows(2)

    answer = yard.infer()

    assert answer.json()["model_version"] == "2"
    assert answer.headers["x-switchyard-generation"] == "2"
    assert "yardgate_routing_generation 2.0" in yard.client.get("/metrics").text


def test_who_is_ahead_of_the_ledger_shows_it(yard: Yard) -> None:
    """Switched to, and not committed: the two figures differ until somebody has committed, or brought it back."""
    yard.control.ready.add(("wine", 2))
    assert yard.reload().status_code == 200
    assert "yardgate_routing_generation 2.0" in yard.client.get("/metrics").text
    until(lambda: "yardgate_ledger_generation 1.0" in yard.client.get("/metrics").text)

    yard.commit(2, champion=2, previous=1)

    until(lambda: "yardgate_ledger_generation 2.0" in yard.client.get("/metrics").text)


def test_the_first_commit_is_followed_from_an_absent_ledger(tmp_path: Path) -> None:
    """A gateway that started before the first deployment needs no second start."""
    with raising(tmp_path, standing={}) as yard:
        assert yard.state() == {"generation": 0, "deploy_id": "", "aliases": {}, "features": "absent"}
        yard.commit(1, champion=1)
        yard.follows(1)

        assert yard.infer().status_code == 200


def test_a_start_follows_the_ledger_without_asking(tmp_path: Path) -> None:
    """Who starts has nothing older to stay with; readiness tells that Triton lacks the version."""
    with raising(tmp_path, standing={"champion": 7}) as yard:
        assert yard.infer().headers["x-switchyard-version"] == "7"
        assert yard.client.get("/ready").json()["failing"] == {"champion -> wine/7": "wine 7 is not ready"}


def test_a_version_that_is_not_ready_keeps_the_routing(yard: Yard, caplog: pytest.LogCaptureFixture) -> None:
    """It is said once, asked again each period, and followed as soon as Triton has it."""
    with caplog.at_level(logging.INFO, logger="yardgate"):
        yard.commit(2, champion=2, previous=1)
        until(lambda: yard.control.asked.count(("wine", 2)) >= 3)
        before = yard.infer()
        yard.control.ready.add(("wine", 2))
        yard.follows(2)

    assert before.headers["x-switchyard-version"] == "1"
    lines = [record.getMessage() for record in caplog.records if record.name == "yardgate.following"]
    assert lines[0] == "commit not followed yet, routing stays: wine 2 is not ready"
    assert [line.partition(":")[0] for line in lines[1:]] == ["routing follows the ledger"]


def test_the_challenger_must_be_ready_too_and_the_shadow_need_not(tmp_path: Path) -> None:
    """Only what answers callers holds a commit up."""
    current = Routing(1, "d1", {"champion": _standing(1)})
    commit(tmp_path, 2, champion=1, challenger=(2, 0.1), shadow=3, previous=4)

    assert _looked(tmp_path, current, ready=(1,)) == current
    assert _looked(tmp_path, current, ready=(1, 2)).generation == 2


def test_a_silent_triton_keeps_the_routing(yard: Yard) -> None:
    """Not knowing whether a version is ready is no reason to switch to it."""
    yard.control.reachable = False
    yard.commit(2, champion=2)
    until(lambda: len(yard.control.asked) >= 3)

    assert yard.state()["generation"] == 1


def test_it_never_goes_down(tmp_path: Path) -> None:
    """A ledger that ends below what is followed, because a reload was announced or files are lost, changes nothing."""
    commit(tmp_path, 4, champion=1)
    announced = Routing(5, "d5", {"champion": _standing(2)})

    assert _looked(tmp_path, announced, ready=(1, 2), times=3) is announced


class _Noted(asyncio.Lock):
    """A lock that tells when somebody wants it."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted = asyncio.Event()

    async def acquire(self) -> Literal[True]:
        self.wanted.set()
        return await super().acquire()


def test_a_look_that_a_reload_overtook_changes_nothing(tmp_path: Path) -> None:
    """A commit that was the newest when it was read, and is not when its turn comes, is not followed."""
    commit(tmp_path, 4, champion=1)
    switch, control = Switch(Routing(3, "d3"), changed=lambda _: None), ControlSide()
    announced = Routing(5, "d5", {"champion": _standing(2)})

    async def race() -> None:
        switch.turning = lock = _Noted()
        following = Following(tmp_path, switch=switch, readiness=control, metrics=Metrics(), period_s=1)
        async with lock:
            lock.wanted.clear()
            look = asyncio.create_task(following.look())
            await asyncio.wait_for(lock.wanted.wait(), 5)
            switch.throw(announced)
        await look

    asyncio.run(race())
    assert switch.current is announced


def test_a_commit_of_what_was_announced_tells_the_rest(tmp_path: Path) -> None:
    """The reload knew of one alias; the commit of the same generation brings the others, and a share."""
    commit(tmp_path, 5, champion=2, previous=1, challenger=(3, 0.2))
    announced = Routing(5, "d5", {"champion": _standing(2), "challenger": _standing(3)})

    followed = _looked(tmp_path, announced, ready=(2, 3))

    assert followed.aliases == {"champion": _standing(2), "previous": _standing(1), "challenger": _standing(3, 0.2)}


def test_a_champion_that_is_taken_back_leaves_the_alias_vacant(yard: Yard) -> None:
    """The rollback of the first deployment: nothing stands behind the alias any more, and that is followed."""
    yard.commit(2)
    yard.follows(2)

    assert yard.infer().json()["reason"] == "alias-vacant"


def test_an_unreadable_outcome_is_counted_said_once_and_changes_nothing(
    yard: Yard, caplog: pytest.LogCaptureFixture
) -> None:
    """The gateway goes on with what it knows, and is set right by the next commit."""

    def errors() -> float:
        lines = yard.client.get("/metrics").text.splitlines()
        return next(float(line.split(" ")[1]) for line in lines if line.startswith("yardgate_ledger_errors_total "))

    assert errors() == 0
    with caplog.at_level(logging.INFO, logger="yardgate.following"):
        put(yard.ledger, 2, b"{")
        until(lambda: errors() >= 3)
        during = yard.infer()
        yard.commit(3, champion=1)
        yard.follows(3)

    assert (during.status_code, during.headers["x-switchyard-generation"]) == (200, "1")
    complaint, followed = [record.getMessage() for record in caplog.records if record.name == "yardgate.following"]
    assert complaint.startswith("ledger unreadable, routing stays: ")
    assert "000000000002.outcome.json" in complaint
    assert followed.startswith("routing follows the ledger: generation 1 -> ")
