"""Spoiled batches are spoiled in the way that they are said to be, and whoever delivers them hears the Job."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from proofs.lifecycle import spoiled as module
from proofs.lifecycle import trial
from proofs.lifecycle.spoiled import Spoiled, Trial, spoiled
from proofs.services.inquiry import Inquiry

from models.card import read_card
from models.wine.table import read_table
from models.wine.training import is_holdout
from switchyard.yard import Job
from yardfacts.facts import Answer
from yardflow.batches import read_batch
from yardflow.drift import Reference, drift, snapshot
from yardflow.errors import BatchRefused, Locked, SameData

CARD = read_card("wine")
EVERY = {one.probe: one for one in spoiled()}
REFUSED = [one for one in EVERY.values() if "BatchRefused" in one.ends]


@pytest.fixture(name="reference", scope="module")
def _reference() -> Reference:
    """What the first champion was trained on."""
    table = read_table()
    kept = np.array([not is_holdout(int(sample_id)) for sample_id in table.sample_ids])
    return snapshot(table.features[kept], columns=table.columns, dataset_digest="packaged")


@pytest.mark.parametrize("one", REFUSED, ids=lambda one: one.probe)
def test_a_refused_batch_is_refused_for_its_own_reason_and_by_name(one: Spoiled) -> None:
    """Each differs from a good one in one thing, and the message says which batch it is."""
    with pytest.raises(BatchRefused) as refused:
        read_batch("b-1", one.content, card=CARD)

    assert one.ends == f"features: BatchRefused {refused.value.reason}, by name"
    assert "b-1" in str(refused.value)


def test_rows_of_the_champion_are_the_same_data(reference: Reference) -> None:
    """As a batch they are well-formed; only the gate can know them."""
    batch = read_batch("b-1", EVERY["batch-of-known-rows"].content, card=CARD)

    with pytest.raises(SameData):
        drift(reference, batch.rows.features)


def test_one_class_alone_is_taken_and_is_drift(reference: Reference) -> None:
    """The packaged rows have the other classes, so there is something to learn; nobody is served by it."""
    batch = read_batch("b-1", EVERY["batch-of-one-class"].content, card=CARD)

    assert set(batch.rows.labels) == {0}
    assert drift(reference, batch.rows.features).verdict == "drifted"


class _Bucket:
    """Stands for the object store: remembers what lay there together."""

    def __init__(self) -> None:
        self.there: dict[str, bytes] = {}

    def put(self, bucket: str, key: str, data: bytes) -> None:
        """As the store's."""
        self.there[f"{bucket}/{key}"] = data

    def remove(self, bucket: str, key: str) -> None:
        """As the store's."""
        self.there.pop(f"{bucket}/{key}", None)


def _hands(bucket: _Bucket) -> Any:
    job = Job(namespace="airflow-{env}", cronjob="lifecycle", command=("python",), deadline_s=1.0)
    declared = SimpleNamespace(jobs={"model": job})
    return SimpleNamespace(
        kube=None, environment="dev", declared=declared, run_id="r", name="proof-r-0", store=lambda: bucket
    )


def _told(name: str, **fields: str) -> str:
    found = {"step": "features", "error": "BatchRefused", "reason": "empty", "message": f"in batch {name};", **fields}
    return json.dumps({"batch": name, **found, "undone": "aborted"})


def _tried(monkeypatch: pytest.MonkeyPatch, play: Callable[[Sequence[str], Callable[[str], None]], int]) -> Any:
    """The answers of a trial of two batches in whose Job *play* happens, and the bucket afterwards."""
    bucket, inquiry = _Bucket(), Inquiry("dev")
    batches = [Spoiled(probe, "features: BatchRefused empty, by name", probe.encode()) for probe in ("first", "second")]

    def run(_: Any, *, arguments: Sequence[str], tell: Callable[[str], None], **__: Any) -> int:
        def told(line: str) -> None:
            tell(line)
            seen.append(sorted(bucket.there))

        return play(arguments, told)

    seen: list[list[str]] = []
    monkeypatch.setattr(module, "run", run)
    Trial(_hands(bucket), batches).run(inquiry)
    facts = {fact.probe: fact for fact in inquiry.facts if isinstance(fact, Answer)}
    return facts, seen, bucket.there


def test_batches_are_delivered_one_at_a_time_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the first one would be refused in the name of all."""

    def play(arguments: Sequence[str], tell: Callable[[str], None]) -> int:
        tell('{"arranged": [1]}')
        for name in arguments:
            tell(f"{trial.DELIVER}{name}")
            tell(_told(name))
        tell('{"arranged": [1]}')
        return 0

    facts, seen, left = _tried(monkeypatch, play)

    assert {name: fact.outcome for name, fact in facts.items()} == {
        "first": "right",
        "second": "right",
        "config-unmoved": "right",
    }
    assert seen[1] == ["features/batches/wine/proof-r-first.parquet"]
    assert seen[3] == ["features/batches/wine/proof-r-second.parquet"]
    assert left == {}


def test_another_end_is_wrong_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another reason, another error, another version arranged, or no word at all."""

    def play(arguments: Sequence[str], tell: Callable[[str], None]) -> int:
        tell('{"arranged": [1]}')
        tell(_told(arguments[0], error="Locked", reason="", step="begin", message="somebody else deploys"))
        return 1

    facts, _, _ = _tried(monkeypatch, play)

    assert {name: fact.outcome for name, fact in facts.items()} == dict.fromkeys(facts, "wrong")
    assert facts["first"].got == "begin: Locked: somebody else deploys; aborted"
    assert facts["second"].got.startswith("nothing, exit code 1")
    assert facts["config-unmoved"].got.startswith("nothing, exit code 1")


def _attempted(monkeypatch: pytest.MonkeyPatch, **fails: Exception) -> tuple[dict[str, Any], list[str]]:
    called: list[str] = []

    def call(step: str, **_: Any) -> Any:
        called.append(step)
        if step in fails:
            raise fails[step]
        return {"gate": {"outcome": "shadow", "reasons": ["drift: wanted none"]}, "undo": "aborted"}.get(step)

    monkeypatch.setattr("yardflow.tasks.call", call)
    return trial.attempt("r-1"), called


def test_an_attempt_ends_at_the_gate_and_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the gate says, nothing is published."""
    found, called = _attempted(monkeypatch)

    assert (found["step"], found["reason"], found["undone"]) == ("gate", "shadow", "aborted")
    assert called == ["begin", "features", "train", "register", "ready", "gate", "undo", "end"]


def test_an_attempt_that_fails_is_undone_where_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is told by name, with the reason of a refused batch."""
    refusal = BatchRefused("wanted rows", batch="b-1", reason="empty")

    found, called = _attempted(monkeypatch, features=refusal)
    locked, _ = _attempted(monkeypatch, begin=Locked("somebody else deploys"))

    assert found == {
        "step": "features",
        "error": "BatchRefused",
        "reason": "empty",
        "message": "wanted rows",
        "undone": "aborted",
    }
    assert called == ["begin", "features", "undo", "end"]
    assert (locked["step"], locked["error"], locked["reason"]) == ("begin", "Locked", "")
