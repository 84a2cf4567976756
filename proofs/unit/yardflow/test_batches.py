"""Batches: taken whole, or refused with a reason."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from models.card import read_card
from models.wine.table import Table, read_table
from models.wine.training import is_holdout
from yardflow.batches import FIRST_ID, Rows, batch_bytes, read_batch
from yardflow.errors import BatchRefused
from yardflow.rehearsal import SHIFTED, rehearse

CARD = read_card("wine")
TABLE = read_table()
WHOLE = rehearse(TABLE, seed=1, rows=20)
CONTENT = batch_bytes(WHOLE, card=CARD)


def _parquet(change: Callable[[pa.Table], pa.Table]) -> bytes:
    content = io.BytesIO()
    parquet.write_table(change(parquet.read_table(io.BytesIO(CONTENT))), content)
    return content.getvalue()


def _replaced(column: str, values: pa.Array | pa.ChunkedArray) -> bytes:
    return _parquet(lambda table: table.set_column(table.column_names.index(column), column, values))


def _with_feature(value: float) -> bytes:
    features = WHOLE.features.copy()
    features[3, 5] = value
    return batch_bytes(replace(WHOLE, features=features), card=CARD)


def _twice(table: pa.Table) -> pa.Table:
    return table.append_column("ash", table["ash"])


def _ids(first: int, second: int) -> bytes:
    return batch_bytes(
        replace(WHOLE, sample_ids=np.array([first, second, *range(5000, 5018)], dtype=np.int64)), card=CARD
    )


REFUSED = {
    "no file at all": (b"", "unreadable"),
    "another file": (b"sample_id,alcohol\n", "unreadable"),
    "half a file": (CONTENT[: len(CONTENT) // 2], "unreadable"),
    "no row": (_parquet(lambda table: table.slice(0, 0)), "empty"),
    "no label": (_parquet(lambda table: table.drop_columns(["label"])), "column-missing"),
    "one column more": (_parquet(lambda table: table.append_column("price", table["ash"])), "column-extra"),
    "a column twice": (_parquet(_twice), "column-extra"),
    "single precision": (_replaced("ash", pa.array([1.0] * 20, pa.float32())), "wrong-type"),
    "ids as text": (_replaced("sample_id", pa.array([str(one) for one in range(20)])), "wrong-type"),
    "times without a zone": (_replaced("event_timestamp", pa.array(WHOLE.event_times)), "wrong-type"),
    "an empty cell": (_replaced("ash", pa.array([None, *[1.0] * 19], pa.float64())), "cell-empty"),
    "a label that nobody gave": (_replaced("label", pa.array([None, *[1] * 19], pa.int64())), "cell-empty"),
    "no number": (_with_feature(float("nan")), "not-finite"),
    "infinite": (_with_feature(float("-inf")), "not-finite"),
    "infinite once it is sent": (_with_feature(1e39), "not-finite"),
    "a fourth class": (_replaced("label", pa.array([3] * 20)), "label-unknown"),
    "a negative class": (_replaced("label", pa.array([-1] * 20)), "label-unknown"),
    "one sample twice": (_ids(FIRST_ID, FIRST_ID), "id-repeated"),
    "a packaged row's id": (_ids(FIRST_ID, FIRST_ID - 1), "id-reserved"),
}


def test_what_is_written_is_read() -> None:
    """A batch survives its file, to the last bit, and is named by its digest."""
    batch = read_batch("2026-01-01", CONTENT, card=CARD)

    assert (batch.name, batch.sha256) == ("2026-01-01", hashlib.sha256(CONTENT).hexdigest())
    for name in ("sample_ids", "features", "labels", "event_times"):
        read, written = getattr(batch.rows, name), getattr(WHOLE, name)
        assert read.dtype == written.dtype
        assert np.array_equal(read, written)
    assert batch_bytes(batch.rows, card=CARD) == CONTENT


def test_columns_may_stand_in_any_order() -> None:
    """They are told by name: a feature never lands in another's place."""
    shuffled = _parquet(lambda table: table.select(sorted(table.column_names, reverse=True)))

    assert np.array_equal(read_batch("b", shuffled, card=CARD).rows.features, WHOLE.features)


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_trained_on_is_refused(content: bytes, reason: str) -> None:
    """The refusal has a reason to count by, and says what was wanted and got, and in which batch."""
    with pytest.raises(BatchRefused, match=r"wanted .*got (.|\n)*in batch b7") as refused:
        read_batch("b7", content, card=CARD)

    assert (refused.value.batch, refused.value.reason) == ("b7", reason)


@given(place=st.integers(0, len(CONTENT) - 1), mask=st.integers(1, 255))
@settings(max_examples=300)
def test_a_damaged_file_is_never_taken_for_other_rows(place: int, mask: int) -> None:
    """Any byte may be another one: the batch is refused, or its rows are the ones that were written."""
    damaged = bytearray(CONTENT)
    damaged[place] ^= mask

    try:
        taken: Rows | None = read_batch("b", bytes(damaged), card=CARD).rows
    except BatchRefused:
        taken = None

    assert taken is None or sorted(taken.features.ravel()) == sorted(WHOLE.features.ravel())


def _nearest(table: Table, rows: Rows) -> set[int]:
    scale = table.features.std(axis=0)
    distances = (((rows.features[:, None] - table.features[None]) / scale) ** 2).sum(axis=2)
    return set(distances.argmin(axis=1).tolist())


def test_rehearsed_rows_are_never_held_out_ones() -> None:
    """The packaged row that a rehearsed one is nearest to is one of the training rows, in nine of ten of them."""
    nearest = _nearest(TABLE, rehearse(TABLE, seed=3, rows=200))

    assert sum(is_holdout(one) for one in nearest) * 10 < len(nearest)


def test_a_rehearsal_can_be_repeated() -> None:
    """The same call gives the same bytes, another seed others."""
    again, other = rehearse(TABLE, seed=1, rows=20), rehearse(TABLE, seed=2, rows=20)

    assert batch_bytes(again, card=CARD) == CONTENT
    assert batch_bytes(other, card=CARD) != CONTENT


def test_disturbances_do_what_they_say() -> None:
    """Shifting moves three columns, mixing moves none and loosens them, flipping changes labels only."""
    plain = rehearse(TABLE, seed=1, rows=200)
    shifted = rehearse(TABLE, seed=1, rows=200, shift=2.0)
    mixed = rehearse(TABLE, seed=1, rows=200, mixed=True)
    flipped = rehearse(TABLE, seed=1, rows=200, flip=0.25)

    moved = np.abs(shifted.features.mean(axis=0) - plain.features.mean(axis=0)) > TABLE.features.std(axis=0)
    assert tuple(np.array(CARD.columns)[moved]) == SHIFTED
    strongest = [np.abs(np.corrcoef(rows.features.T) - np.eye(13)).max() for rows in (plain, mixed)]
    assert strongest[0] > 0.8
    assert strongest[1] < 0.3
    assert int((flipped.labels != plain.labels).sum()) == 50
    assert np.array_equal(flipped.features, plain.features)
