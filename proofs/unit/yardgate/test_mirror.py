"""The shadow: copies after the answer, compared and counted, and nobody waits for them."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from yardgate.mirror import QUEUE, WORKERS
from yardgate.scores import READ_BYTES

from .neighbour import Asked, Neighbour, Script, answering, running
from .test_features import feast_answer
from .yard import SCORES, Standing, Yard, raising, scoring, triton_answer, until, version_of

BODY = json.dumps({"inputs": [{"name": "features", "datatype": "FP32", "shape": [2, 13], "data": [1.0] * 26}]}).encode()
SHADOWED: dict[str, Standing] = {"champion": 1, "challenger": (2, 1.0), "shadow": 3}


@contextmanager
def _shadowed(
    folder: Path, *, shadow: Script = scoring, others: Script = scoring, feast: Neighbour | None = None
) -> Iterator[Yard]:
    """A yard with a shadow, version 3, that answers by a script of its own."""

    async def script(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await (shadow if version_of(asked)[1] == 3 else others)(asked, writer)

    with running(Neighbour(script)) as triton, raising(folder, triton=triton, feast=feast, standing=SHADOWED) as yard:
        yard.control.ready |= {("wine", 2), ("wine", 3), ("wine", 4)}
        yield yard


def _evidence(yard: Yard) -> dict[str, Any]:
    document: dict[str, Any] = yard.client.get("/v1/shadow").json()
    return document


def _copies(yard: Yard) -> list[Asked]:
    return [asked for asked in yard.triton.asked if version_of(asked)[1] == 3]


def test_a_copy_of_an_answered_prediction_is_compared(tmp_path: Path) -> None:
    """The same bytes with the headers that describe them, and nothing else of the caller's."""
    with _shadowed(tmp_path) as yard:
        sent = {"content-type": "application/json", "cookie": "secret", "accept-encoding": "gzip"}
        answer = yard.infer(BODY, headers=sent)
        until(lambda: _evidence(yard)["mirrored"] == 1)
        (copy,) = _copies(yard)
        evidence = _evidence(yard)
        metrics = yard.client.get("/metrics").text

    assert answer.headers["x-switchyard-version"] == "1"
    assert (copy.path, copy.body) == ("/v2/models/wine/versions/3/infer", BODY)
    assert copy.headers["content-type"] == "application/json"
    assert not {"cookie", "accept-encoding"} & copy.headers.keys()
    assert evidence == {
        "version": 3,
        "generation": 1,
        "mirrored": 1,
        "dropped": 0,
        "failed": 0,
        "compared": 1,
        "uncompared": 0,
        "disagreements": 0,
        "max_abs_diff": 0.0,
    }
    assert 'yardgate_mirror_total{outcome="mirrored",version="3"} 1.0' in metrics
    assert 'yardgate_mirror_total{outcome="compared",version="3"} 1.0' in metrics


def test_another_class_is_a_disagreement_and_the_largest_difference_is_kept(tmp_path: Path) -> None:
    """What a promotion would change, in numbers."""
    shifts = iter([0.25, 0.125, 0.0])

    async def otherwise(asked: Asked, writer: asyncio.StreamWriter) -> None:
        shift = next(shifts)
        await scoring(asked, writer, shift=shift, winner=1 if shift == 0.125 else 0)

    with _shadowed(tmp_path, shadow=otherwise) as yard:
        for number in range(1, 4):
            yard.infer(BODY)
            until(lambda number=number: _evidence(yard)["mirrored"] == number)  # type: ignore[misc]  # bound now
        evidence = _evidence(yard)
        metrics = yard.client.get("/metrics").text

    assert (evidence["compared"], evidence["disagreements"]) == (3, 1)
    assert evidence["max_abs_diff"] == pytest.approx(0.25)
    assert "yardgate_mirror_max_abs_diff 0.25" in metrics


async def _fewer_rows(asked: Asked, writer: asyncio.StreamWriter) -> None:
    outputs = [{"name": "probabilities", "data": [0.7, 0.2, 0.1]}, {"name": "class", "data": [0]}]
    await answering(writer, {"outputs": outputs})


async def _nan(asked: Asked, writer: asyncio.StreamWriter) -> None:
    outputs = [{"name": "probabilities", "data": [float("nan")] * 6}, {"name": "class", "data": [0, 0]}]
    await answering(writer, {"outputs": outputs})


@pytest.mark.parametrize("shadow", [_fewer_rows, _nan])
def test_what_cannot_be_subtracted_is_a_disagreement(tmp_path: Path, shadow: Script) -> None:
    """Fewer rows, or no numbers, are not a difference of zero."""
    with _shadowed(tmp_path, shadow=shadow) as yard:
        yard.infer(BODY)
        until(lambda: _evidence(yard)["mirrored"] == 1)
        evidence = _evidence(yard)

    assert (evidence["compared"], evidence["disagreements"], evidence["max_abs_diff"]) == (1, 1, 0.0)


def _packed(encoding: str, encode: Callable[[bytes], bytes]) -> Script:
    """Answer like the model, compressed."""

    async def script(asked: Asked, writer: asyncio.StreamWriter) -> None:
        outputs = [{"name": "probabilities", "data": [*SCORES, *SCORES]}, {"name": "class", "data": [0, 0]}]
        await answering(writer, {"outputs": outputs}, headers=f"Content-Encoding: {encoding}\r\n", encode=encode)

    return script


@pytest.mark.parametrize(
    ("encoding", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)]
)
def test_a_compressed_answer_is_compared(tmp_path: Path, encoding: str, encode: Callable[[bytes], bytes]) -> None:
    """Triton compresses for whoever accepts it, and most clients do; the copy for the shadow accepts nothing."""
    with _shadowed(tmp_path, others=_packed(encoding, encode)) as yard:
        answer = yard.infer(BODY)
        until(lambda: _evidence(yard)["mirrored"] == 1)

        assert answer.headers["content-encoding"] == encoding
        found = [_evidence(yard)[name] for name in ("compared", "uncompared", "disagreements")]
        assert found == [1, 0, 0]


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", lambda text: gzip.compress(text)[:-9]),
        ("gzip", lambda text: gzip.compress(text + b" " * READ_BYTES)),
        ("gzip", bytes),
        ("br", bytes),
    ],
    ids=["cut off", "larger than is read", "not compressed at all", "unknown"],
)
def test_what_cannot_be_unpacked_is_counted_and_not_compared(
    tmp_path: Path, encoding: str, encode: Callable[[bytes], bytes]
) -> None:
    """Nobody reads the half of an answer, and a small body that becomes a large one holds nobody up."""
    with _shadowed(tmp_path, shadow=_packed(encoding, encode)) as yard:
        yard.infer(BODY)
        until(lambda: _evidence(yard)["mirrored"] == 1)

        assert (_evidence(yard)["uncompared"], _evidence(yard)["compared"]) == (1, 0)


@pytest.mark.parametrize("binary", ["shadow", "others"])
def test_a_binary_answer_is_counted_and_not_compared(tmp_path: Path, binary: str) -> None:
    """Whichever of the two is binary."""
    scripts: dict[str, Script] = {binary: triton_answer}
    with _shadowed(tmp_path, **scripts) as yard:  # type: ignore[arg-type]  # one of the two scripts
        yard.infer(BODY)
        until(lambda: _evidence(yard)["mirrored"] == 1)

        assert (_evidence(yard)["uncompared"], _evidence(yard)["compared"]) == (1, 0)


async def _refusing(asked: Asked, writer: asyncio.StreamWriter) -> None:
    await answering(writer, {"error": "no"}, status=500)


async def _dying(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.close()


@pytest.mark.parametrize("shadow", [_refusing, _dying])
def test_a_shadow_that_fails_is_counted_and_no_caller_notices(tmp_path: Path, shadow: Script) -> None:
    """Its error is evidence about it, and about nobody else."""
    with _shadowed(tmp_path, shadow=shadow) as yard:
        answers = [yard.infer(BODY) for _ in range(3)]
        until(lambda: _evidence(yard)["failed"] == 3)

        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert _evidence(yard)["mirrored"] == 0


def test_a_shadow_that_hangs_delays_nobody_and_the_overflow_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond what workers hold and the queue keeps, copies are dropped; every prediction is answered meanwhile."""
    monkeypatch.setattr("yardgate.mirror.DEADLINE_S", 60)  # no copy is given up while this test runs
    held = threading.Event()

    async def hanging(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.to_thread(held.wait, 10)

    beyond = 10
    with _shadowed(tmp_path, shadow=hanging) as yard:
        for _ in range(WORKERS):
            yard.infer(BODY)
        until(lambda: len(_copies(yard)) == WORKERS)
        answers = [yard.infer(BODY) for _ in range(QUEUE + beyond)]
        evidence = _evidence(yard)
        metrics = yard.client.get("/metrics").text
        held.set()

    assert {answer.status_code for answer in answers} == {200}
    # Not one copy was answered before all predictions were.
    assert (evidence["dropped"], evidence["mirrored"], evidence["failed"]) == (beyond, 0, 0)
    assert f'yardgate_mirror_total{{outcome="dropped",version="3"}} {float(beyond)}' in metrics


def test_a_copy_has_a_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shadow that never answers gives its workers back."""
    monkeypatch.setattr("yardgate.mirror.DEADLINE_S", 0.1)

    async def never(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1)

    with _shadowed(tmp_path, shadow=never) as yard:
        for _ in range(WORKERS + 1):
            yard.infer(BODY)
        until(lambda: _evidence(yard)["failed"] == WORKERS + 1)


def test_copies_have_connections_of_their_own(tmp_path: Path) -> None:
    """A prediction never finds its connection busy with a copy."""
    with _shadowed(tmp_path) as yard:
        yard.infer(BODY)
        until(lambda: _evidence(yard)["mirrored"] == 1)

        assert yard.triton.connections == 2


def test_only_what_the_champion_answered_with_200_is_copied(tmp_path: Path) -> None:
    """Not what the challenger answered, by draw or by name, and not what Triton or the gateway refused."""

    async def picky(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await (scoring if asked.body == BODY else _refusing)(asked, writer)

    with _shadowed(tmp_path, others=picky) as yard:
        yard.infer(BODY, headers={"X-Client-Key": "a"})
        yard.infer(BODY, alias="challenger")
        yard.infer(b"{}")
        yard.infer(b"x" * (1024 * 1024 + 1))
        yard.infer(BODY)
        until(lambda: _evidence(yard)["mirrored"] == 1)

        assert len(_copies(yard)) == 1


def test_a_prediction_by_key_is_copied_with_its_features(tmp_path: Path) -> None:
    """The shadow gets the row that the champion got, and asks no feature store."""
    with running(Neighbour(feast_answer)) as feast, _shadowed(tmp_path, feast=feast) as yard:
        answer = yard.client.post("/v1/champion/infer-by-key", json={"entities": {"sample_id": [3]}})
        until(lambda: _evidence(yard)["compared"] == 1)
        champions, copies = yard.triton.asked

    assert answer.status_code == 200
    assert champions.body == copies.body


def test_without_a_shadow_there_is_no_evidence(yard: Yard) -> None:
    """404 with the reason, and nothing is copied."""
    yard.infer(BODY)
    answer = yard.client.get("/v1/shadow")

    assert (answer.status_code, answer.json()["reason"], answer.json()["generation"]) == (404, "alias-vacant", 1)
    assert len(yard.triton.asked) == 1


def test_another_shadow_begins_anew(tmp_path: Path) -> None:
    """What one shadow gained does not speak for the next."""
    with _shadowed(tmp_path) as yard:
        yard.infer(BODY)
        until(lambda: _evidence(yard)["mirrored"] == 1)
        yard.commit(2, champion=1, shadow=4)
        yard.follows(2)
        anew = _evidence(yard)
        yard.infer(BODY)
        until(lambda: _evidence(yard)["mirrored"] == 1)

    assert (anew["version"], anew["generation"], anew["mirrored"]) == (4, 2, 0)


def test_a_late_copy_counts_for_the_shadow_it_went_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that is under way while the shadow changes says nothing about the new one."""
    monkeypatch.setattr("yardgate.mirror.DEADLINE_S", 60)
    held = threading.Event()

    async def late(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.to_thread(held.wait, 10)
        await scoring(asked, writer)

    with _shadowed(tmp_path, shadow=late) as yard:
        yard.infer(BODY)
        until(lambda: len(_copies(yard)) == 1)
        yard.commit(2, champion=1, shadow=4)
        yard.follows(2)
        assert _evidence(yard)["version"] == 4
        held.set()
        until(lambda: 'outcome="mirrored",version="3"} 1.0' in yard.client.get("/metrics").text)

        assert _evidence(yard)["mirrored"] == 0


def test_a_promoted_shadow_is_mirrored_no_more(tmp_path: Path) -> None:
    """From the reload on, before its commit: it answers, and is not compared with itself."""
    with _shadowed(tmp_path) as yard:
        yard.reload(3)
        answer = yard.infer(BODY)

        assert answer.headers["x-switchyard-version"] == "3"
        assert yard.client.get("/v1/shadow").status_code == 404
