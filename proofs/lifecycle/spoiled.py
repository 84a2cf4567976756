"""Batches that must not serve: some that nobody can train on, and two that the gate keeps from the champion."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from proofs.lifecycle import trial
from proofs.lifecycle.arrivals import BUCKET, keys, named
from proofs.lifecycle.attempt import JOB
from proofs.services.exercise import Hands
from proofs.services.inquiry import Inquiry
from pyarrow import parquet

from models.card import read_card
from models.wine.table import read_table
from models.wine.training import is_holdout
from switchyard.jobs import run
from yardflow.batches import FIRST_ID, Rows, batch_bytes
from yardflow.rehearsal import SINCE, rehearse

__all__ = ["Spoiled", "Trial", "spoiled"]

ROWS, SEED = 120, 3


@dataclass(frozen=True)
class Spoiled:
    """One batch. probe: name of the question. ends: what the life cycle says of it."""

    probe: str
    ends: str
    content: bytes

    @property
    def wanted(self) -> str:
        """The whole answer: in every case nobody was switched."""
        return f"{self.ends}; aborted"


def spoiled() -> tuple[Spoiled, ...]:
    """Each kind once; what is refused as a batch first, because the others are trained on, which takes longer."""
    good, alcohol = _good(), "alcohol"
    one_class = pa.array(good["label"].to_numpy() == 0)
    refused: Mapping[str, tuple[str, bytes]] = {
        "batch-unreadable": ("unreadable", b"no Parquet file"),
        "batch-empty": ("empty", _bytes(good.slice(0, 0))),
        "batch-without-column": ("column-missing", _bytes(good.drop_columns(["proline"]))),
        "batch-wrong-type": ("wrong-type", _bytes(_with(good, alcohol, good[alcohol].cast(pa.float32())))),
        "batch-cell-empty": ("cell-empty", _bytes(_with_first(good, alcohol, None))),
        "batch-not-finite": ("not-finite", _bytes(_with_first(good, alcohol, float("nan")))),
        "batch-unknown-label": ("label-unknown", _bytes(_with_first(good, "label", 3))),
        "batch-id-repeated": ("id-repeated", _bytes(pa.concat_tables([good, good.slice(0, 1)]))),
    }
    return (
        *(
            Spoiled(probe, f"features: BatchRefused {reason}, by name", content)
            for probe, (reason, content) in refused.items()
        ),
        Spoiled("batch-of-known-rows", "gate: SameData", _known()),
        Spoiled("batch-of-one-class", "gate: shadow", _bytes(good.filter(one_class))),
    )


@dataclass
class Trial:
    """All of them in one environment, one after the other, in one Job that asks for the next when it is ready."""

    hands: Hands
    batches: Sequence[Spoiled]

    def run(self, inquiry: Inquiry) -> None:
        """Deliver each, keep what became of it, and take it away."""
        lines: list[str] = []
        by_name = {self._name(one): one for one in self.batches}
        try:
            code = run(
                self.hands.kube,
                job=replace(self.hands.declared.jobs[JOB], command=("python", "-c", _program())),
                environment=self.hands.environment,
                arguments=tuple(by_name),
                tell=self._serving(by_name, lines),
                run_id=self.hands.run_id,
            )
        finally:
            self.clear()
        told = [json.loads(line) for line in lines if line.startswith("{")]
        missing = f"nothing, exit code {code}: {lines[-3:]}"
        found = {**dict.fromkeys(by_name, missing), **{one["batch"]: _ended(one) for one in told if "batch" in one}}
        for name, one in by_name.items():
            inquiry.ask(one.probe, wanted=one.wanted, got=partial(found.__getitem__, name))
        arranged = [str(one["arranged"]) for one in told if "arranged" in one]
        last = arranged[-1] if len(arranged) == 2 else missing
        inquiry.ask("config-unmoved", wanted=arranged[0] if arranged else "what is arranged", got=lambda: last)

    def clear(self) -> None:
        """Take away what was delivered, and what was made of it for the feature store."""
        store = self.hands.store()
        for one in self.batches:
            for key in keys(self._name(one)):
                store.remove(BUCKET, key)

    def _serving(self, by_name: Mapping[str, Spoiled], lines: list[str]) -> Callable[[str], None]:
        """Whoever hears the Job: a line that asks for a batch gets it, after the one before is gone."""
        store, delivered = self.hands.store(), list[str]()

        def heard(line: str) -> None:
            lines.append(line)
            if not line.startswith(trial.DELIVER):
                return
            for name in delivered:
                for key in keys(name):
                    store.remove(BUCKET, key)
            name = line.removeprefix(trial.DELIVER).strip()
            store.put(BUCKET, keys(name)[0], by_name[name].content)
            delivered[:] = [name]

        return heard

    def _name(self, one: Spoiled) -> str:
        return named(self.hands, one.probe)


def _program() -> str:
    return Path(trial.__file__).read_text(encoding="utf-8")


def _ended(told: Mapping[str, Any]) -> str:
    """What became of a batch, in the words of ``Spoiled.wanted``; where they do not fit, with the message."""
    said = " ".join(part for part in (told["error"], told["reason"]) if part)
    if told["error"] == "BatchRefused":
        said += ", by name" if told["batch"] in told["message"] else f", and no name: {told['message']}"
    elif told["error"] not in ("", "SameData"):
        said += f": {told['message']}"
    return f"{told['step']}: {said}; {told['undone']}"


def _good() -> pa.Table:
    """Rows that would be taken."""
    content = batch_bytes(rehearse(read_table(), seed=SEED, rows=ROWS), card=read_card("wine"))
    return parquet.ParquetFile(io.BytesIO(content)).read()


def _known() -> bytes:
    """Rows that every champion was trained on, as new ones."""
    table = read_table()
    kept = np.array([not is_holdout(int(sample_id)) for sample_id in table.sample_ids])
    count = int(kept.sum())
    start = np.datetime64(SINCE.replace(tzinfo=None), "us")
    rows = Rows(
        sample_ids=FIRST_ID + np.arange(count, dtype=np.int64),
        features=table.features[kept],
        labels=table.labels[kept],
        event_times=start + np.arange(count) * np.timedelta64(1_000_000, "us"),
    )
    return batch_bytes(rows, card=read_card("wine"))


def _with(table: pa.Table, column: str, values: Any) -> pa.Table:
    return table.set_column(table.column_names.index(column), column, values)


def _with_first(table: pa.Table, column: str, value: Any) -> pa.Table:
    values = pa.array([value, *table[column].to_pylist()[1:]], type=table[column].type)
    return _with(table, column, values)


def _bytes(table: pa.Table) -> bytes:
    content = io.BytesIO()
    parquet.write_table(table, content)
    return content.getvalue()
