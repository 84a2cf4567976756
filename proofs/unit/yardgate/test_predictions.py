"""The way of a prediction, and what happens beside the way."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from yardgate.address import Address

from .neighbour import Asked, Neighbour, answering, running
from .yard import Yard, raising, triton_answer, until

HEADERS = ("alias", "model", "version", "variant", "generation", "features")


def test_an_answer_tells_alias_model_version_and_features(yard: Yard) -> None:
    """Every answer of the infer route names who was asked for, and what gave it."""
    answer = yard.infer()

    assert answer.status_code == 200
    told = [answer.headers[f"x-switchyard-{name}"] for name in HEADERS]
    assert told == ["champion", "wine", "1", "champion", "1", "absent"]


def test_a_body_reaches_triton_unchanged_at_the_pinned_version(yard: Yard) -> None:
    """The body goes to the version's own address byte by byte, with the headers that describe it and no others."""
    body = bytes(range(256)) * 100
    headers = {"content-type": "application/octet-stream", "inference-header-content-length": "9", "cookie": "secret"}

    answer = yard.client.post("/v1/champion/infer", content=body, headers=headers)

    asked = yard.triton.asked[-1]
    assert (asked.method, asked.path, asked.body) == ("POST", "/v2/models/wine/versions/1/infer", body)
    assert asked.headers["content-type"] == "application/octet-stream"
    assert asked.headers["inference-header-content-length"] == "9"
    assert "cookie" not in asked.headers
    assert answer.json()["body_bytes"] == len(body)
    assert answer.headers["inference-header-content-length"] == "7"


def test_a_chunked_body_is_put_together(yard: Yard) -> None:
    """A body without an announced length arrives whole."""
    answer = yard.client.post("/v1/champion/infer", content=iter([b"a" * 10, b"b" * 10]))

    assert answer.json()["body_bytes"] == 20
    assert yard.triton.asked[-1].body == b"a" * 10 + b"b" * 10


def test_an_unknown_alias_is_404_and_the_known_ones_are_named(yard: Yard) -> None:
    """There is no default alias: a typing error never reaches production by chance."""
    answer = yard.infer(alias="champoin")

    assert answer.status_code == 404
    assert answer.json()["reason"] == "alias-unknown"
    assert answer.json()["known"] == ["champion", "challenger"]
    assert yard.triton.asked == []


def test_what_triton_refuses_is_passed_on(tmp_path: Path) -> None:
    """Triton's own status and words reach the caller, with the headers that tell which version spoke."""

    async def refuse(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answering(writer, {"error": "version 1 is not at ready state"}, status=503)

    with running(Neighbour(refuse)) as triton, raising(tmp_path, triton=triton) as yard:
        answer = yard.infer()

    assert answer.status_code == 503
    assert answer.json() == {"error": "version 1 is not at ready state"}
    assert answer.headers["x-switchyard-version"] == "1"


def test_a_body_over_the_limit_is_413(tmp_path: Path) -> None:
    """Announced or chunked, a body over the limit is refused and never sent on."""
    with raising(tmp_path, body_limit_bytes=1000) as yard:
        announced = yard.infer(b"x" * 1001)
        chunked = yard.client.post("/v1/champion/infer", content=iter([b"x" * 600, b"x" * 600]))
        within = yard.infer(b"x" * 1000)

        assert (announced.status_code, chunked.status_code, within.status_code) == (413, 413, 200)
        assert announced.json()["limit_bytes"] == 1000
        assert len(yard.triton.asked) == 1


def test_triton_away_is_502_with_the_reason(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No connection: the answer says who was wanted and what came instead, and so does the log."""
    with running(Neighbour(triton_answer)) as triton:
        pass

    with raising(tmp_path, triton=triton) as yard:
        answer = yard.infer()

    assert answer.status_code == 502
    assert answer.json()["reason"] == "upstream-unreachable"
    assert f"Triton at 127.0.0.1:{triton.port}" in answer.json()["error"]
    assert f"502 upstream-unreachable: wanted a connection to Triton at 127.0.0.1:{triton.port}" in caplog.text


def test_a_silent_triton_is_504_and_the_next_prediction_is_its_own(tmp_path: Path) -> None:
    """A late answer belongs to nobody: its connection is dropped, and it never answers the next request."""
    silent = True

    async def late(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1.2 if silent else 0)  # longer than the deadline: that is the test
        await triton_answer(asked, writer)

    with running(Neighbour(late)) as triton, raising(tmp_path, triton=triton, predict_deadline_s=1.0) as yard:
        first = yard.infer(b"x" * 11)
        silent = False
        second = yard.infer(b"x" * 22)

    assert (first.status_code, first.json()["reason"]) == (504, "upstream-slow")
    assert second.json()["body_bytes"] == 22


@pytest.mark.parametrize(
    "bytes_sent",
    [b"", b"no http\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"],
    ids=["nothing", "nonsense", "half"],
)
def test_a_connection_that_breaks_is_502(tmp_path: Path, bytes_sent: bytes) -> None:
    """Half an answer is no answer."""

    async def breaking(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes_sent)
        await writer.drain()
        writer.close()

    with running(Neighbour(breaking)) as triton, raising(tmp_path, triton=triton) as yard:
        answer = yard.infer()

    assert (answer.status_code, answer.json()["reason"]) == (502, "upstream-broken")


def test_a_connection_closed_between_requests_is_no_failure(tmp_path: Path) -> None:
    """What Triton closes while it is idle is opened again, and nobody notices."""

    async def closing(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await triton_answer(asked, writer)
        writer.close()

    with running(Neighbour(closing)) as triton, raising(tmp_path, triton=triton) as yard:
        statuses = [yard.infer().status_code for _ in range(20)]

    assert statuses == [200] * 20


def test_the_name_of_triton_is_asked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A prediction that needs one more connection waits for no name server: Triton's address is kept."""
    looked_up: list[int] = []
    look_up = Address._look_up

    async def counting(address: Address) -> list[str]:
        looked_up.append(address._port)
        return await look_up(address)

    async def closing(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await triton_answer(asked, writer)
        writer.close()

    # Not the socket module's lookup: the gateway's event loop has its own.
    monkeypatch.setattr(Address, "_look_up", counting)
    with running(Neighbour(closing)) as triton, raising(tmp_path, triton=triton) as yard:
        statuses = [yard.infer().status_code for _ in range(5)]

    assert statuses == [200] * 5
    assert triton.connections == 5
    assert looked_up.count(triton.port) == 1


def test_connections_are_kept(yard: Yard) -> None:
    """Predictions one after the other share one connection to Triton."""
    for _ in range(10):
        yard.infer()

    assert yard.triton.connections == 1


def test_a_caller_that_leaves_does_not_hurt_the_next(yard: Yard) -> None:
    """Gone in the middle of the body: nothing is sent on. Gone before the answer: the next caller gets his own."""
    for unsent in (10, 0):
        with contextlib.closing(socket.create_connection(("127.0.0.1", yard.port))) as caller:
            # Closing with linger 0 sends a reset: the rudest way to leave.
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            caller.sendall(
                b"POST /v1/champion/infer HTTP/1.1\r\nhost: x\r\ncontent-length: 30\r\n\r\n" + b"x" * (30 - unsent)
            )

    answers = [yard.infer(b"y" * 7).json()["body_bytes"] for _ in range(5)]

    assert answers == [7] * 5
    assert all(len(asked.body) in (7, 30) for asked in yard.triton.asked)


def test_more_than_the_limit_at_once_is_429(tmp_path: Path) -> None:
    """Work that cannot be done in time is refused at once, with a time to come back."""

    async def slow(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        await triton_answer(asked, writer)

    with running(Neighbour(slow)) as triton, raising(tmp_path, triton=triton, inflight_limit=1) as yard:
        with ThreadPoolExecutor(4) as callers:
            answers = list(callers.map(lambda _: yard.infer(), range(4)))
        after = yard.infer()

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200, 429, 429, 429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["retry-after"] == "1"
    assert after.status_code == 200


def test_a_body_that_never_comes_is_408(tmp_path: Path) -> None:
    """Whoever announces a body and does not send it, is not waited for."""
    with (
        raising(tmp_path, predict_deadline_s=0.2) as yard,
        contextlib.closing(socket.create_connection(("127.0.0.1", yard.port), timeout=5)) as caller,
    ):
        caller.sendall(b"POST /v1/champion/infer HTTP/1.1\r\nhost: x\r\ncontent-length: 30\r\n\r\nxxx")
        head = caller.recv(100)

    assert head.startswith(b"HTTP/1.1 408 ")


def test_predictions_are_counted(yard: Yard) -> None:
    """Metrics tell alias, version and status; an invented alias makes no label of its own."""
    yard.infer()
    yard.infer(alias="invented")

    text = yard.client.get("/metrics").text

    assert 'yardgate_requests_total{alias="champion",code="200",model="wine",version="1"} 1.0' in text
    assert 'yardgate_overhead_seconds_count{alias="champion",model="wine",version="1"} 1.0' in text
    assert 'alias="unknown",code="404"' in text
    assert "invented" not in text


@pytest.mark.parametrize("route", ["infer", "infer-by-key"])
def test_who_has_not_sent_his_body_yet_is_on_his_way(yard: Yard, route: str) -> None:
    """His version is chosen: it must not be unloaded before he has been answered."""
    counted = 'yardgate_inflight{alias="champion",model="wine",version="1"} '
    with contextlib.closing(socket.create_connection(("127.0.0.1", yard.port), timeout=5)) as caller:
        caller.sendall(f"POST /v1/champion/{route} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{{".encode())
        until(lambda: counted + "1.0" in yard.client.get("/metrics").text)
        caller.sendall(b"}")
        assert caller.recv(100).startswith(b"HTTP/1.1 ")

    until(lambda: counted + "0.0" in yard.client.get("/metrics").text)
