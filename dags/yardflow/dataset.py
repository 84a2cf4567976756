"""
What a model is trained on, and what it is judged by.

The held-out rows are those of the packaged table and no others: champion and candidate are judged by the same ones,
for ever, and no batch can be made that makes a model look better.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.wine.scoring import CLASSES
from models.wine.table import Table
from models.wine.training import is_holdout
from yardflow.batches import Batch
from yardflow.errors import ClassMissing, OneClass

__all__ = ["Dataset", "Source", "assemble"]


@dataclass(frozen=True)
class Source:
    """A batch that was taken. late: its newest row is older than one of a batch before it, in the order of names."""

    name: str
    sha256: str
    rows: int
    late: bool


@dataclass(frozen=True)
class Dataset:
    """
    Rows, and what they consist of. Equal parts give an equal digest, in whichever order they were given.

    packaged_sha256: of the packaged table. sources: the batches, by name. repeated_ids: how many samples came in more
    than one batch; each of their rows is trained on.

    features: float64[rows, columns], raw units. labels: int64[rows].
    holdout_ids: int64[36]. holdout_features: float64[36, columns]. holdout_labels: int64[36].
    """

    columns: tuple[str, ...]
    packaged_sha256: str
    sources: tuple[Source, ...]
    repeated_ids: int
    features: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]
    holdout_ids: npt.NDArray[np.int64]
    holdout_features: npt.NDArray[np.float64]
    holdout_labels: npt.NDArray[np.int64]

    @property
    def digest(self) -> str:
        """The sha256 hex digest of what the rows consist of."""
        return hashlib.sha256(json.dumps(self._parts, sort_keys=True).encode()).hexdigest()

    @property
    def late(self) -> tuple[str, ...]:
        """The batches that came late, by name."""
        return tuple(source.name for source in self.sources if source.late)

    @property
    def document(self) -> dict[str, Any]:
        """What is kept of it beside a model: everything but the rows."""
        return {"digest": self.digest, "rows": len(self.labels), "repeated_ids": self.repeated_ids, **self._parts}

    @property
    def _parts(self) -> dict[str, Any]:
        return {"packaged_sha256": self.packaged_sha256, "sources": [asdict(source) for source in self.sources]}


def assemble(table: Table, batches: Sequence[Batch]) -> Dataset:
    """
    Put the packaged rows and those of all *batches* together.

    Raises:
        ClassMissing: The training rows lack a class; ``OneClass`` where they have a single one.
        ValueError: Two batches have one name: the caller read something twice.
    """
    ordered = sorted(batches, key=lambda batch: batch.name)
    names = [batch.name for batch in ordered]
    if len(set(names)) != len(names):
        raise ValueError(f"wanted each batch once, got {names}")
    holdout = np.array([is_holdout(int(sample_id)) for sample_id in table.sample_ids])
    labels = np.concatenate([table.labels[~holdout], *(batch.rows.labels for batch in ordered)])
    _check_classes(labels)
    ids = np.concatenate([np.unique(batch.rows.sample_ids) for batch in ordered]) if ordered else np.empty(0)
    return Dataset(
        columns=table.columns,
        packaged_sha256=_sha256(table),
        sources=_sources(ordered),
        repeated_ids=int((np.unique(ids, return_counts=True)[1] > 1).sum()),
        features=np.concatenate([table.features[~holdout], *(batch.rows.features for batch in ordered)]),
        labels=labels,
        holdout_ids=table.sample_ids[holdout],
        holdout_features=table.features[holdout],
        holdout_labels=table.labels[holdout],
    )


def _check_classes(labels: npt.NDArray[np.int64]) -> None:
    present = tuple(np.unique(labels).tolist())
    if len(present) < CLASSES:
        refusal = OneClass if len(present) == 1 else ClassMissing
        raise refusal(
            f"wanted the classes 0 to {CLASSES - 1} in the training rows, got {present} in {len(labels)} rows; "
            "look at which rows were taken for training",
            present=present,
        )


def _sources(ordered: Sequence[Batch]) -> tuple[Source, ...]:
    newest = [batch.rows.event_times.max() for batch in ordered]
    return tuple(
        Source(batch.name, batch.sha256, len(batch.rows), late=any(newest[place] < before for before in newest[:place]))
        for place, batch in enumerate(ordered)
    )


def _sha256(table: Table) -> str:
    digest = hashlib.sha256(json.dumps(table.columns).encode())
    # Little-endian everywhere: the same rows have the same name on any processor.
    for array, kind in ((table.sample_ids, "<i8"), (table.features, "<f8"), (table.labels, "<i8")):
        digest.update(np.ascontiguousarray(array, dtype=kind).tobytes())
    return digest.hexdigest()
