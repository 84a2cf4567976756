"""The intruder against real gateways: each answer is the documented one, and nothing is followed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from proofs.lifecycle.intruder import Intruder
from proofs.services.inquiry import Inquiry
from proofs.services.rest import Rest
from proofs.unit.switchyard.scripted import Scripted, answer
from proofs.unit.yardgate.neighbour import Asked, Neighbour, answering, running
from proofs.unit.yardgate.yard import TOKEN, Yard, raising

from switchyard.kube import Kube
from yardfacts.facts import Answer

WINDOW_S = 3.0
"""Instead of a minute; five attempts take a few hundredths of it."""


async def _triton(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Answer as Triton 2.51 does to what it cannot take, and with what the model makes of no number."""
    try:
        tensor = json.loads(asked.body)["inputs"][0]
    except ValueError:
        words = "failed to parse the request JSON buffer: Missing a name for object member. at 1"
        await answering(writer, {"error": words}, status=500)
        return
    rows, columns = tensor["shape"]
    complaints = (
        (tensor["datatype"] != "FP32", f"inference input 'features' data-type is '{tensor['datatype']}', but model"),
        (
            columns != 13,
            f"unexpected shape for input 'features' for model 'wine'. Expected [-1,13], got [1,{columns}]",
        ),
        (rows > 64, "inference request batch-size must be <= 64 for 'wine'"),
    )
    for is_so, words in complaints:
        if is_so:
            await answering(writer, {"error": f"[request id: <id_unknown>] {words}"}, status=400)
            return
    probabilities = [value * 0 + 1 / 3 for value in tensor["data"][:3]]
    await answering(writer, {"outputs": [{"name": "probabilities", "data": probabilities}]})


@pytest.fixture(name="yards")
def _yards(tmp_path: Path) -> Iterator[list[Yard]]:
    """Two replicas, which know nothing of one another."""
    with running(Neighbour(_triton)) as triton, ExitStack() as raised:
        folders = [tmp_path / name for name in ("one", "other")]
        for folder in folders:
            folder.mkdir()
        yield [raised.enter_context(raising(folder, triton=triton)) for folder in folders]


@pytest.fixture(name="intruder")
def _intruder(yards: list[Yard]) -> Intruder:
    kube = Kube(Scripted(lambda _: answer({}, status=404)))
    doors = [Rest(kube, f"http://127.0.0.1:{yard.port}") for yard in yards]
    return Intruder(Inquiry("dev"), doors[0], doors, TOKEN)


def _wrong(intruder: Intruder) -> dict[str, str]:
    answers = [fact for fact in intruder.inquiry.facts if isinstance(fact, Answer)]
    assert len(answers) == len(intruder.inquiry.facts) > 0
    return {fact.probe: f"wanted {fact.wanted}, got {fact.got}" for fact in answers if fact.outcome != "right"}


def test_everything_is_answered_as_documented_and_nothing_is_followed(
    intruder: Intruder, yards: list[Yard], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that the proof asks, of the gateway as it is; only a minute is shorter here."""
    monkeypatch.setattr("yardgate.auth.WINDOW_S", WINDOW_S)
    before = [yard.state() for yard in yards]

    for act in (intruder.predict, intruder.announce, intruder.knock, intruder.come_back):
        act()

    assert _wrong(intruder) == {}
    assert [yard.state() for yard in yards] == before
    assert TOKEN not in repr((intruder, intruder.inquiry.facts))


def test_one_replica_that_follows_is_told_apart(intruder: Intruder, yards: list[Yard]) -> None:
    """A version that one of them takes is not refused by both."""
    yards[1].control.ready.add(("wine", 999_999))

    intruder.announce()

    assert _wrong(intruder) == {
        "reload-unloaded": "wanted 412 version-not-ready, from 2, got 200 accepted, from 1; 412 version-not-ready, "
        "from 1",
    }


def test_a_gateway_that_counts_no_wrong_tokens_is_told_apart(
    intruder: Intruder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the sixth nor the right one is shut out then."""
    monkeypatch.setattr("yardgate.auth.ATTEMPTS", 1000)

    intruder.knock()

    assert set(_wrong(intruder)) == {"reload-sixth", "reload-locked-out"}


def test_the_right_token_that_stays_shut_out_is_told_apart(intruder: Intruder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked to the end of the time that the gateway has, and not longer."""
    monkeypatch.setattr("proofs.lifecycle.intruder.LET_IN_S", 0.2)

    intruder.knock()
    intruder.come_back()

    assert _wrong(intruder) == {"reload-let-in-again": "wanted 200 unchanged, from 2, got 429 too-many, from 2"}
