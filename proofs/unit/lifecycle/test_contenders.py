"""What the rows of the proof want of shadows, evidence and refusals, held against the platform's own commands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from proofs.lifecycle.aftermath import BECAUSE
from proofs.lifecycle.attempt import REFUSED
from proofs.lifecycle.contenders import FROM_EVIDENCE, WEIGHT
from proofs.lifecycle.delays import delays
from proofs.lifecycle.forged import GOLDEN, MODEL, Forged, contrary, sound
from proofs.lifecycle.foundry import Foundry
from proofs.lifecycle.shadows import compared, copies, disagreed, kept, mirrored, said_compared, said_kept
from proofs.unit.yardflow.shop import Gateways

from models.repository import digest_of
from models.wine.golden import TOLERANCE, read_golden
from models.wine.scoring import read_weights, score
from yardflow.comparison import MOST
from yardflow.flow import Flow

from .keyboard import Run
from .test_rows import _flow, _foundry, _run  # noqa: F401 - pytest finds fixtures by these names

SHARE = ("--weight", f"{WEIGHT:g}")
SOUND = sound(seed=502)


def _laid(forged: Forged, place: Path) -> Path:
    place.joinpath(MODEL).mkdir(parents=True)
    for name, content in forged.files.items():
        place.joinpath(name).write_bytes(content)
    return place


def _seen(*, version: int = 2, generation: int = 3, compared: int = 60, disagreements: int = 0) -> dict[str, Any]:
    """What one replica says of its shadow."""
    others = dict.fromkeys(("dropped", "failed", "uncompared"), 0)
    counts = {"mirrored": compared, "compared": compared, "disagreements": disagreements, **others}
    return {"version": version, "generation": generation, **counts, "max_abs_diff": 0.0}


def test_a_contrary_version_answers_as_it_was_trained_and_never_as_the_champion(tmp_path: Path) -> None:
    """Its digest and golden rows are its own; of a sound one's classes it gives none, in any row."""
    forged, right = (_laid(one, tmp_path / name) for name, one in (("contrary", contrary(seed=500)), ("sound", SOUND)))
    golden, honest = read_golden(forged / GOLDEN), read_golden(right / GOLDEN)
    probabilities, classes = score(golden.features, weights=read_weights(forged / MODEL / "weights.npz"))

    assert digest_of(forged / MODEL) == golden.digest
    assert float(np.abs(probabilities - golden.probabilities).max()) <= TOLERANCE
    assert (golden.features == honest.features).all()
    assert not (classes == honest.classes).any()


def test_each_version_of_the_proof_has_numbers_of_its_own(tmp_path: Path) -> None:
    """For the row that clients ask for, further apart than the claim forgives; the sound ones agree on its class."""
    folders = {"two": SOUND, "four": sound(seed=504)}
    one, other = (read_golden(_laid(forged, tmp_path / name) / GOLDEN) for name, forged in folders.items())
    packaged = read_golden()
    rows = [golden.probabilities[0] for golden in (packaged, one, other)]

    assert len({int(row.argmax()) for row in rows}) == 1
    apart = [float(np.abs(a - b).max()) for a, b in ((rows[0], rows[1]), (rows[0], rows[2]), (rows[1], rows[2]))]
    assert min(apart) > 2e-5


def test_the_rows_end_as_they_say(run: Run, flow: Flow, foundry: Foundry) -> None:
    """Unseen, contradicting and former ones are refused in these words; what agrees serves, and its copies are kept."""
    gateways = cast(Gateways, flow.gateway)

    def look(version: int, disagreements: int) -> None:
        seen = _seen(version=version, generation=flow.current.generation, disagreements=disagreements)
        gateways.seen = dict.fromkeys(gateways.replicas(), seen)

    def refused(*words: str) -> tuple[int, str, str]:
        before, ended = len(list(flow.ledger.history())), run(*words, *BECAUSE)
        assert len(list(flow.ledger.history())) == before
        return ended.code, ended.failure, "\n".join(ended.lines)

    bad, good = foundry.register(contrary(seed=500)), foundry.register(SOUND)
    code, error, told = refused("promote", str(good), FROM_EVIDENCE)
    assert (code, error) == (REFUSED, "Unproven")
    assert f"version {good} in the shadow, where evidence comes from" in told

    assert run("shadow", str(bad), *BECAUSE).code == 0
    look(bad, 60)
    code, error, told = refused("promote", str(bad), FROM_EVIDENCE)
    assert (code, error) == (REFUSED, "Unproven")
    assert "it is another model" in told

    assert run("shadow", str(good), *BECAUSE).code == 0
    assert flow.triton.versions("wine").keys() == {1, good}
    look(good, 0)
    shadowed = flow.current.generation
    assert run("promote", str(good), FROM_EVIDENCE, *BECAUSE).code == 0
    found = mirrored(run("history", "--json").lines, generation=flow.current.generation)
    assert kept(found, seen=120) == said_kept(good, shadowed, seen=120)

    code, error, told = refused("challenge", "1", *SHARE)
    assert (code, error) == (REFUSED, "Standing")
    assert "as challenger, got that it is previous" in told
    assert run("challenge", str(foundry.register(sound(seed=504))), *SHARE, *BECAUSE).code == 0
    assert run("retire", "challenger", *BECAUSE).code == 0
    assert run("retire", "challenger", *BECAUSE).failure == "NothingToRetire"


@pytest.mark.parametrize(
    "seen",
    [
        [_seen()],
        [_seen(), _seen(compared=0)],
        [_seen(), _seen(version=4)],
        [_seen(), _seen(generation=2)],
        [_seen(compared=40), _seen(compared=59)],
        [],
    ],
    ids=["one", "idle", "version", "generation", "few", "nobody"],
)
def test_a_shadow_that_is_not_compared_enough_says_something_else(seen: list[dict[str, Any]]) -> None:
    """One replica alone, one that compares another shadow, too few copies."""
    assert compared([_seen(), _seen()], version=2, generation=3) == said_compared(2, 3)
    assert compared([_seen(compared=1), _seen(compared=99)], version=2, generation=3) == said_compared(2, 3)
    assert compared(seen, version=2, generation=3) != said_compared(2, 3)


@pytest.mark.parametrize(
    ("counts", "said"), [((60, 60), "all"), ((0, 0), "none"), ((60, 0), "60 of 120"), ((1, 0), "1 of 120")]
)
def test_disagreements_are_told_of_all_copies(counts: tuple[int, int], said: str) -> None:
    """Of both replicas together; of no copy nothing is told."""
    seen = [_seen(disagreements=count) for count in counts]
    assert (disagreed(seen), copies(seen)) == (said, 120)
    assert disagreed([_seen(compared=0)]) == disagreed([]) == "nothing compared"


@pytest.mark.parametrize(
    "change",
    [
        {"version": 3},
        {"generation": 4},
        {"replicas": 1},
        {"compared": 119},
        {"disagreements_at_most": MOST + 0.001},
    ],
    ids=["version", "generation", "replicas", "compared", "share"],
)
def test_other_evidence_says_something_else(change: Mapping[str, Any]) -> None:
    """Each part of what has to be kept."""
    found = {"version": 2, "generation": 3, "replicas": 2, "compared": 130, "disagreements_at_most": 0.03}
    assert kept(found, seen=120) == said_kept(2, 3, seen=120)
    assert kept({**found, **change}, seen=120) != said_kept(2, 3, seen=120)


def test_a_generation_without_a_comparison_has_none() -> None:
    """Open, without evidence, and not there."""
    lines = ['{"generation": 4, "outcome": null}', '{"generation": 5, "outcome": {"evidence": {}}}', "said beside"]
    assert [mirrored(lines, generation=number) for number in (4, 5, 6)] == [{}, {}, {}]
    assert kept({}, seen=120) == "no comparison"


def test_a_delay_is_by_how_much_a_quantile_grew() -> None:
    """Only answers of those spans count; what makes answers faster delays none; of nothing, nothing."""
    answers = [*((float(at), 10.0) for at in range(10)), *((float(at), 30.0) for at in range(10, 20)), (99.0, 9e9)]
    some = [(10.0, 14.0), (15.0, 19.0)]
    found = {one.phase: one.took_s for one in delays(answers, by="a shadow", during=some, otherwise=[(0, 9)])}

    assert found.pop("delay of an answer by a shadow, at most") == 0.02
    assert found == {
        f"{what}, {name}": took_s
        for name in ("p50", "p95", "max")
        for what, took_s in (
            ("answer during a shadow", 0.03),
            ("answer without a shadow", 0.01),
            ("delay of an answer by a shadow", 0.02),
        )
    }
    faster = delays(answers, by="a shadow", during=[(0, 9)], otherwise=[(10, 19)])
    assert [one.took_s for one in faster if one.phase.startswith("delay")] == [0.0, 0.0, 0.0, 0.0]
    assert delays(answers, by="it", during=[], otherwise=[(0, 9)]) == []
    assert delays(answers, by="it", during=[(0, 9)], otherwise=[(50, 60)]) == []


def test_who_waited_in_any_part_of_it_was_delayed_by_it() -> None:
    """Asked before it began and answered in its midst; what was slow anyway does not hide the most of a delay."""
    answers = [(0.0, 10.0), (4.9, 300.0), (5.2, 20.0), (9.0, 10.0), (9.5, 400.0)]
    found = {
        one.phase: one.took_s for one in delays(answers, by="a load", during=[(5.0, 5.5)], otherwise=[(0, 1), (8, 10)])
    }
    assert (found["answer during a load, max"], found["answer without a load, max"]) == (0.3, 0.4)
    assert (found["delay of an answer by a load, max"], found["delay of an answer by a load, at most"]) == (0.0, 0.29)
