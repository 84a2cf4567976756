"""Callers at real gateways: who answered is told apart, and so is who was answered by two."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from proofs.claims.trials_watched import ALLOWED, ASKED
from proofs.claims.trials_watched import KEYS as JUDGED
from proofs.claims.trials_watched import WEIGHT as DECIDED
from proofs.lifecycle.callers import NOBODY, call, said_by
from proofs.lifecycle.contenders import KEYS, WEIGHT
from proofs.lifecycle.shadows import REPLICAS
from proofs.services.rest import Rest
from proofs.unit.switchyard.scripted import Scripted, answer
from proofs.unit.yardgate.neighbour import Asked, Neighbour, answering, running
from proofs.unit.yardgate.yard import SCORES, Yard, raising, scoring

from switchyard.kube import Kube
from yardfacts.facts import Served, Traffic
from yardgate.aliases import Standing
from yardgate.routing import Routing

BODY = {"inputs": [{"name": "features", "datatype": "FP32", "shape": [1, 13], "data": [1.0] * 13}]}
STANDING: Mapping[str, int | tuple[int, float]] = {"champion": 1, "challenger": (2, 0.5)}
NAMES = [f"caller-{number}" for number in range(40)]


@pytest.fixture(name="yards")
def _yards(tmp_path: Path) -> Iterator[list[Yard]]:
    """Two replicas whose challenger has half of the callers, in generation 1."""
    with running(Neighbour(scoring)) as triton, ExitStack() as raised:
        folders = [tmp_path / name for name in ("one", "other")]
        for folder in folders:
            folder.mkdir()
        yield [raised.enter_context(raising(folder, triton=triton, standing=STANDING)) for folder in folders]


@pytest.fixture(name="doors")
def _doors(yards: list[Yard]) -> list[Rest]:
    kube = Kube(Scripted(lambda _: answer({}, status=404)))
    doors = []
    for yard in yards:
        yard.control.ready |= {("wine", 2)}
        yard.follows(1)
        doors.append(Rest(kube, f"http://127.0.0.1:{yard.port}"))
    return doors


def test_callers_who_name_themselves_meet_the_same_version_at_each_replica(doors: list[Rest]) -> None:
    """Some the champion and some the challenger; every answer is counted under its version."""
    calls = call("dev", doors, keys=NAMES, body=BODY)

    assert calls.by == said_by(80, generation=1, champion=1, challenger=2)
    assert calls.changed == "0 of 40 keys changed"
    traffic, *served = calls.facts()
    assert isinstance(traffic, Traffic)
    assert (traffic.sent, traffic.answered, traffic.failed) == (80, 80, 0)
    seen = [(one.version, one.generation, one.outputs) for one in served if isinstance(one, Served)]
    assert seen == [(1, 1, SCORES), (2, 1, SCORES)]
    assert sum(one.answers for one in served if isinstance(one, Served)) == 80


def test_callers_without_a_name_meet_the_champion(yards: list[Yard], doors: list[Rest]) -> None:
    """Even where the challenger has everybody who has one."""
    for yard in yards:
        yard.commit(2, champion=1, challenger=(2, 1.0))
        yard.follows(2)

    nobody, named = (call("dev", doors, keys=keys, body=BODY) for keys in ([NOBODY] * 5, NAMES))

    assert nobody.by == said_by(10, generation=2, champion=1)
    assert named.by == said_by(80, generation=2, challenger=2)


def test_a_replica_that_draws_otherwise_is_told_apart(yards: list[Yard], doors: list[Rest]) -> None:
    """It follows another generation, and so other callers get the challenger."""
    yards[1].commit(2, champion=1, challenger=(2, 0.5))
    yards[1].follows(2)

    calls = call("dev", doors, keys=NAMES, body=BODY)

    assert calls.by != said_by(80, generation=1, champion=1, challenger=2)
    assert not calls.changed.startswith("0 of")


def test_who_gets_no_answer_is_counted_and_changes_nothing(yards: list[Yard], doors: list[Rest]) -> None:
    """A replica that is gone fails its callers; of one answer nobody can say that it changed."""
    yards[1].stop()

    calls = call("dev", doors, keys=NAMES, body=BODY)

    assert calls.by.startswith(
        "40 of 80 answered, by challenger 2 in generation 1; champion 1 in generation 1; caller-"
    )
    assert calls.changed == "0 of 0 keys changed"
    traffic = calls.facts()[0]
    assert isinstance(traffic, Traffic)
    assert (traffic.sent, traffic.answered, traffic.failed) == (80, 40, 40)


def test_a_refusal_and_another_shape_are_failures(tmp_path: Path) -> None:
    """Triton's word for it is told."""

    async def refusing(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answering(writer, {"error": "no such input"}, status=400)

    async def shapeless(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answering(writer, {"outputs": []})

    for script, told in ((refusing, "no such input"), (shapeless, "probabilities")):
        folder = tmp_path / script.__name__
        folder.mkdir()
        with running(Neighbour(script)) as triton, raising(folder, triton=triton) as yard:
            yard.follows(1)
            door = Rest(Kube(Scripted()), f"http://127.0.0.1:{yard.port}")
            calls = call("dev", [door], keys=[NOBODY], body=BODY)
        assert (calls.replies, len(calls.failed)) == ([], 1)
        assert told in calls.by


def test_proof_and_claim_mean_the_same_share() -> None:
    """Of as many callers, each asking as often."""
    assert (WEIGHT, KEYS, REPLICAS) == (DECIDED, JUDGED, ASKED)


def test_the_gateways_draw_is_within_what_is_allowed_and_other_shares_are_not() -> None:
    """Five deviations: no generation of five hundred is further off, and a tenth or a half never comes so near."""
    standing = Standing("wine", 1, "0" * 64)
    aliases = {"champion": standing, "challenger": replace(standing, version=2, weight=WEIGHT)}
    nonces = Random(63)  # noqa: S311 - names, no secrets

    shares = []
    for generation in range(1, 501):
        keys = [b"proof-%d-%d" % (nonces.randrange(10**9), number) for number in range(KEYS)]
        routing = Routing(generation, "d", aliases)
        shares.append(sum(routing.variant(key) == "challenger" for key in keys) / KEYS)

    assert pytest.approx(0.1146, abs=1e-4) == ALLOWED
    assert max(abs(share - WEIGHT) for share in shares) < ALLOWED < min(abs(0.5 - WEIGHT), abs(0.1 - WEIGHT))
