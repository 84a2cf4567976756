"""
The data as it arrives: a batch is one Parquet object, named ``<batch>.parquet``, and is taken whole or refused.

Its columns are ``sample_id`` (int64), those of the model's card (float64), ``label`` (int64) and ``event_timestamp``
(microseconds, UTC), in any order; nothing else, and no cell is empty.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet

from models.card import Card
from models.wine.scoring import CLASSES
from yardflow.errors import BatchRefused, Refusal

__all__ = ["FIRST_ID", "LARGEST", "Batch", "Rows", "batch_bytes", "read_batch"]

FIRST_ID: Final = 1000
"""Lower ids are those of the packaged rows, now and when there are more of them."""

LARGEST: Final = float(np.finfo(np.float32).max)
"""Models are asked in single precision: what is larger arrives there as infinite."""


@dataclass(frozen=True)
class Rows:
    """
    What a batch consists of, in its own order.

    sample_ids: int64[rows], from ``FIRST_ID``, each once. features: float64[rows, columns], raw units, in the order
    of the card. labels: int64[rows], 0..2. event_times: datetime64[us][rows], UTC.
    """

    sample_ids: npt.NDArray[np.int64]
    features: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]
    event_times: npt.NDArray[np.datetime64]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.labels)


@dataclass(frozen=True)
class Batch:
    """Rows that were taken. name: the object's, without its suffix. sha256: of the object's bytes, in hexadecimal."""

    name: str
    sha256: str
    rows: Rows


def _schema(card: Card) -> pa.Schema:
    features = [(name, pa.float64()) for name in card.columns]
    ends = [("label", pa.int64()), ("event_timestamp", pa.timestamp("us", tz="UTC"))]
    return pa.schema([("sample_id", pa.int64()), *features, *ends])


def read_batch(name: str, content: bytes, *, card: Card) -> Batch:
    """
    Read the bytes of one object.

    Raises:
        BatchRefused: It cannot be trained on; the message says what is wrong, and in which column or row.
    """
    try:
        # A page that carries a checksum is held against it.
        table = parquet.ParquetFile(io.BytesIO(content), page_checksum_verification=True).read()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as failure:
        raise _refused(name, "unreadable", f"wanted a Parquet file, got {failure}") from failure
    _check_table(name, table, schema=_schema(card))
    rows = Rows(
        sample_ids=table["sample_id"].to_numpy(),
        features=np.column_stack([table[column].to_numpy() for column in card.columns]),
        labels=table["label"].to_numpy(),
        event_times=table["event_timestamp"].to_numpy(),
    )
    _check_rows(name, rows, card=card)
    return Batch(name, hashlib.sha256(content).hexdigest(), rows)


def batch_bytes(rows: Rows, *, card: Card) -> bytes:
    """Write *rows* as the bytes of one object; equal rows give equal bytes as long as pyarrow is the same."""
    columns = [rows.sample_ids, *rows.features.T, rows.labels, rows.event_times]
    schema = _schema(card)
    table = pa.table([pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)], schema)
    content = io.BytesIO()
    parquet.write_table(table, content, write_page_checksum=True)
    return content.getvalue()


def _check_table(name: str, table: pa.Table, *, schema: pa.Schema) -> None:
    wanted, got = set(schema.names), list(table.column_names)
    if missing := sorted(wanted.difference(got)):
        raise _refused(name, "column-missing", f"wanted the columns {schema.names}, got none named {missing}")
    if len(got) != len(wanted):  # also one that is there twice: nobody knows which is meant
        extra = sorted(column for column in set(got) if column not in wanted or got.count(column) > 1)
        raise _refused(name, "column-extra", f"wanted the columns {schema.names}, each once, got also {extra}")
    for field in schema:
        column = table[field.name]
        if column.type != field.type:
            raise _refused(name, "wrong-type", f"wanted {field.name} as {field.type}, got {column.type}")
        if column.null_count:
            got_empty = f"got {column.null_count} empty cells in {field.name}"
            raise _refused(name, "cell-empty", f"wanted a value in each of {len(column)} rows, {got_empty}")
    if table.num_rows == 0:
        raise _refused(name, "empty", "wanted at least one row, got none")


def _check_rows(name: str, rows: Rows, *, card: Card) -> None:
    # Not a number is not smaller than anything.
    unusable = np.argwhere(~(np.abs(rows.features) <= LARGEST))
    if len(unusable):
        row, column = unusable[0]
        value, place = rows.features[row, column], f"{card.columns[column]} of sample {rows.sample_ids[row]}"
        raise _refused(name, "not-finite", f"wanted numbers that single precision holds, got {value} as {place}")
    unknown = np.flatnonzero((rows.labels < 0) | (rows.labels >= CLASSES))
    if len(unknown):
        value, place = rows.labels[unknown[0]], f"sample {rows.sample_ids[unknown[0]]}"
        raise _refused(name, "label-unknown", f"wanted labels 0 to {CLASSES - 1}, got {value} for {place}")
    lowest = rows.sample_ids.min()
    if lowest < FIRST_ID:
        raise _refused(
            name, "id-reserved", f"wanted sample ids from {FIRST_ID}, got {lowest}: packaged rows have those"
        )
    ids, counts = np.unique(rows.sample_ids, return_counts=True)
    if len(ids) != len(rows):
        repeated = ids[counts > 1]
        raise _refused(name, "id-repeated", f"wanted each sample once, got {repeated[0]} {counts.max()} times")


def _refused(name: str, reason: Refusal, what: str) -> BatchRefused:
    return BatchRefused(
        f"{what}, in batch {name}; nothing of it is trained on: mend it and deliver it anew",
        batch=name,
        reason=reason,
    )
