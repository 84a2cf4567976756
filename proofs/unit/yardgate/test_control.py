"""Aliases, readiness, tokens."""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from yardgate.auth import Guard
from yardgate.errors import TooMany, Unauthorized

from .neighbour import Asked, Neighbour, running
from .yard import TOKEN, Yard, digest, raising, triton_answer, until


def test_aliases_are_shown_with_generation_and_features(tmp_path: Path) -> None:
    """Whoever asks sees what the next prediction sees, and what the ledger says of the aliases that answer nobody."""
    with raising(tmp_path, standing={"champion": 2, "previous": 1, "challenger": (3, 0.1)}) as yard:
        state = yard.client.get("/v1/aliases").json()

    assert state == {
        "generation": 1,
        "deploy_id": "d1",
        "aliases": {
            "champion": {"model": "wine", "version": 2, "digest": digest(2)},
            "previous": {"model": "wine", "version": 1, "digest": digest(1)},
            "challenger": {"model": "wine", "version": 3, "digest": digest(3), "weight": 0.1},
        },
        "features": "absent",
    }


@pytest.mark.parametrize("alias", ["champion", "challenger"])
def test_an_alias_that_stands_for_nothing_is_503_and_names_the_ledger(tmp_path: Path, alias: str) -> None:
    """Before the first deployment there is no model, and the answer says where it would have to come from."""
    with raising(tmp_path, standing={}) as yard:
        answer = yard.infer(alias=alias)
        ready = yard.client.get("/ready")
        metrics = yard.client.get("/metrics").text

    assert (answer.status_code, answer.json()["reason"], answer.json()["alias"]) == (503, "alias-vacant", alias)
    assert str(yard.ledger) in answer.json()["error"]
    assert f'yardgate_requests_total{{alias="{alias}",code="503",model="",version="0"}} 1.0' in metrics
    assert (ready.status_code, ready.json()) == (200, {"ok": [], "failing": {}})


@pytest.mark.parametrize("alias", ["previous", "shadow", "latest"])
def test_aliases_that_answer_nobody_are_404(tmp_path: Path, alias: str) -> None:
    """What stands ready for a rollback, or is only compared, is no caller's business."""
    with raising(tmp_path, standing={"champion": 1, "previous": 2, "shadow": 3}) as yard:
        answer = yard.infer(alias=alias)

    assert (answer.status_code, answer.json()["reason"]) == (404, "alias-unknown")
    assert answer.json()["known"] == ["champion", "challenger"]


def test_no_prediction_sees_half_a_switch(yard: Yard) -> None:
    """While the champion changes to and fro, each answer comes from the version and generation that its head names."""
    yard.control.ready.add(("wine", 2))

    def predict(_: int) -> tuple[int, int, int]:
        answer = yard.infer()
        told = answer.headers["x-switchyard-version"], answer.headers["x-switchyard-generation"]
        return int(told[0]), int(told[1]), int(answer.json()["model_version"])

    with ThreadPoolExecutor(4) as callers:
        answers = callers.map(predict, range(400))
        for generation in range(2, 12):
            yard.commit(generation, champion=1 + (generation + 1) % 2)
            yard.follows(generation)
        seen = list(answers)

    assert all(named == gave == 1 + (generation + 1) % 2 for named, generation, gave in seen)
    assert len({generation for _, generation, _ in seen}) > 1


def _accepts(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def test_a_prediction_in_flight_is_finished_at_the_shutdown(tmp_path: Path) -> None:
    """Who was let in gets his answer, from the version that he was let in for."""
    arrived, go_on = threading.Event(), threading.Event()

    async def held(asked: Asked, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await asyncio.to_thread(go_on.wait, 5)
        await triton_answer(asked, writer)

    with (
        running(Neighbour(held)) as triton,
        raising(tmp_path, triton=triton) as yard,
        ThreadPoolExecutor(2) as threads,
    ):
        under_way = threads.submit(yard.infer)
        assert arrived.wait(5)
        stopping = threads.submit(yard.stop)
        until(lambda: not _accepts(yard.port))
        go_on.set()
        answer = under_way.result(timeout=5)
        stopping.result(timeout=5)

    assert (answer.status_code, answer.headers["x-switchyard-version"]) == (200, "1")


def test_wrong_tokens_are_forgotten_after_a_minute(tmp_path: Path) -> None:
    """The source that was refused may try again when its minute is over; other sources never noticed."""
    (tmp_path / "token").write_text(TOKEN, encoding="utf-8")
    now = 0.0
    guard = Guard(tmp_path / "token", clock=lambda: now)
    for _ in range(5):
        with pytest.raises(Unauthorized):
            guard.admit("Bearer wrong", source="a")

    with pytest.raises(TooMany):
        guard.admit(f"Bearer {TOKEN}", source="a")
    guard.admit(f"Bearer {TOKEN}", source="b")
    now = 60.0
    guard.admit(f"Bearer {TOKEN}", source="a")


def test_a_rotated_token_counts_at_once(tmp_path: Path) -> None:
    """The token's file is read for each that is offered."""
    file = tmp_path / "token"
    file.write_text(TOKEN, encoding="utf-8")
    guard = Guard(file)
    file.write_text("u" * 32, encoding="utf-8")

    guard.admit("Bearer " + "u" * 32, source="a")
    with pytest.raises(Unauthorized):
        guard.admit(f"Bearer {TOKEN}", source="a")


def test_a_short_token_is_refused_at_the_start(tmp_path: Path) -> None:
    """Better no gateway than one whose door is open."""
    (tmp_path / "token").write_text("changeme", encoding="utf-8")

    with pytest.raises(ValueError, match="at least 32 bytes, got 8"):
        Guard(tmp_path / "token")


def test_ready_names_what_is_there_and_what_is_missing(yard: Yard) -> None:
    """200 while every alias can be answered, 503 with the reason otherwise; a shadow answers nobody."""
    yard.control.ready.add(("wine", 2))
    yard.commit(2, champion=1, challenger=2, shadow=3)
    yard.follows(2)

    whole = yard.client.get("/ready")
    yard.control.ready.discard(("wine", 2))
    half = yard.client.get("/ready")

    assert (whole.status_code, whole.json()["failing"]) == (200, {})
    assert whole.json()["ok"] == ["challenger -> wine/2", "champion -> wine/1"]
    assert half.status_code == 503
    assert half.json()["ok"] == ["champion -> wine/1"]
    assert half.json()["failing"] == {"challenger -> wine/2": "wine 2 is not ready"}


def test_health_does_not_depend_on_triton(yard: Yard) -> None:
    """Liveness is about this process: a restart would not bring Triton back."""
    yard.control.reachable = False

    assert yard.client.get("/health").status_code == 200
    assert yard.client.get("/ready").status_code == 503
