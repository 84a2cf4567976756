"""
The feature store's offline side, as far as training has to do with it.

An offline object holds the features of one batch: the entity and the columns of the model's card, by which Feast's view
is declared too, and no labels. Feast itself is not imported here and is no part of Airflow's image: its layer may be
detached, and models are trained all the same. What it would do is done here, on the objects that it serves from.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet

from models.card import Card
from yardflow.batches import Rows
from yardflow.errors import OfflineRefused

__all__ = ["Measurements", "joined", "offline_bytes", "read_offline", "refused"]

TIMESTAMP: Final = "event_timestamp"
"""Column that tells since when a row's values hold; Feast's definitions name it so as well."""


@dataclass(frozen=True)
class Measurements:
    """
    What an offline object holds, in its own order.

    sample_ids: int64[rows]. features: float64[rows, columns], raw units, in the order of the card.
    event_times: datetime64[us][rows], UTC.
    """

    sample_ids: npt.NDArray[np.int64]
    features: npt.NDArray[np.float64]
    event_times: npt.NDArray[np.datetime64]

    def are_of(self, rows: Rows) -> bool:
        """Whether these are the measurements of *rows*, to the last bit."""
        pairs = (
            (self.sample_ids, rows.sample_ids),
            (self.features, rows.features),
            (self.event_times, rows.event_times),
        )
        return all(np.array_equal(mine, other) for mine, other in pairs)


def offline_bytes(rows: Rows, *, card: Card) -> bytes:
    """What the feature store reads of *rows*: everything but the label."""
    columns = [rows.sample_ids, *rows.features.T, rows.event_times]
    schema = _schema(card)
    table = pa.table([pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)], schema)
    content = io.BytesIO()
    parquet.write_table(table, content)
    return content.getvalue()


def read_offline(name: str, content: bytes, *, card: Card) -> Measurements:
    """
    Read the bytes of one offline object.

    Raises:
        OfflineRefused: It is no Parquet file, or has other columns than the card, or an empty cell.
    """
    try:
        table = parquet.ParquetFile(io.BytesIO(content)).read()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as failure:
        raise refused(name, wanted="to be a Parquet file", got=str(failure)) from failure
    wanted = sorted((field.name, str(field.type)) for field in _schema(card))
    got = sorted((field.name, str(field.type)) for field in table.schema)
    if got != wanted:
        raise refused(name, wanted=f"with the columns {wanted}", got=str(got))
    if empty := [column for column in table.column_names if table[column].null_count]:
        raise refused(name, wanted="with a value in every cell", got=f"empty ones in {empty}")
    return Measurements(
        sample_ids=table[card.entity].to_numpy(),
        features=np.column_stack([table[column].to_numpy() for column in card.columns]),
        event_times=table[TIMESTAMP].to_numpy(),
    )


def joined(
    sample_ids: npt.NDArray[np.int64], moments: npt.NDArray[np.datetime64], *, known: Sequence[Measurements]
) -> npt.NDArray[np.float64]:
    """
    The features of samples as they were known at moments: of each sample's rows the latest that is not younger.

    Of several rows of one moment it is that of the last in *known*, so that the same objects give the same features.

    Args:
        sample_ids: int64[labels].
        moments: datetime64[us][labels], UTC: when the label was given.
        known: What the objects hold; at least one.

    Returns:
        float64[labels, columns], raw units.

    Raises:
        LookupError: Of a sample nothing was known by then; carries its id.
    """
    ids = np.concatenate([one.sample_ids for one in known])
    times = np.concatenate([one.event_times for one in known])
    samples, instants = np.union1d(ids, sample_ids), np.union1d(times, moments)

    def places(of: npt.NDArray[np.int64], at: npt.NDArray[np.datetime64]) -> npt.NDArray[np.int64]:
        """One number for a sample at a moment, in the order of samples first."""
        return np.asarray(np.searchsorted(samples, of) * len(instants) + np.searchsorted(instants, at), dtype=np.int64)

    held = places(ids, times)
    order = np.argsort(held, kind="stable")
    before = np.searchsorted(held[order], places(sample_ids, moments), side="right")
    rows = order[np.maximum(before - 1, 0)]
    unknown = np.flatnonzero((before == 0) | (ids[rows] != sample_ids))
    if len(unknown):
        raise LookupError(int(sample_ids[unknown[0]]))
    features: npt.NDArray[np.float64] = np.concatenate([one.features for one in known])[rows]
    return features


def refused(name: str, *, wanted: str, got: str) -> OfflineRefused:
    """The error about one object, and what to do about it."""
    return OfflineRefused(
        f"wanted offline/{name}.parquet {wanted}, got {got}; nothing is trained on it: take the object away and clear "
        "the run from its beginning, which offers it anew from its batch; changed rows come under a new name",
        name=name,
    )


def _schema(card: Card) -> pa.Schema:
    features = [(column, pa.float64()) for column in card.columns]
    return pa.schema([(card.entity, pa.int64()), *features, (TIMESTAMP, pa.timestamp("us", tz="UTC"))])
