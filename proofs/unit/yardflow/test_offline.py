"""The offline store as training reads it: what was offered, joined to labels as of their moments, or a refusal."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from models.card import read_card
from models.wine.table import read_table
from yardflow import entities, learning, steps
from yardflow.batches import Batch, batch_bytes, read_batch
from yardflow.dataset import assemble
from yardflow.errors import NotBegun, OfflineRefused
from yardflow.flow import Flow
from yardflow.offline import Measurements, joined, offline_bytes, read_offline
from yardflow.rehearsal import SINCE, rehearse
from yardflow.store import Store
from yardflow.training import train

from .shop import Bucket
from .stories import arrive, check_champion

CARD = read_card("wine")
TABLE = read_table()
ROWS = rehearse(TABLE, seed=1, rows=20)
CONTENT = offline_bytes(ROWS, card=CARD)
DAY = np.timedelta64(86_400_000_000, "us")
FIRST = np.datetime64("2026-01-01", "us")


def _batch(name: str, *, seed: int = 1, day: int = 0) -> Batch:
    rows = rehearse(TABLE, seed=seed, rows=40, since=SINCE + timedelta(days=day))
    return read_batch(name, batch_bytes(rows, card=CARD), card=CARD)


def _parquet(change: Callable[[pa.Table], pa.Table]) -> bytes:
    content = io.BytesIO()
    parquet.write_table(change(parquet.ParquetFile(io.BytesIO(CONTENT)).read()), content)
    return content.getvalue()


def _emptied(table: pa.Table) -> pa.Table:
    values = pa.array([None, *table["ash"].to_pylist()[1:]], pa.float64())
    return table.set_column(table.column_names.index("ash"), "ash", values)


def _measured(*rows: tuple[int, int, float]) -> Measurements:
    """Of a single column: sample, days after the first one, value."""
    ids, days, values = zip(*rows, strict=True)
    return Measurements(np.array(ids), np.array(values, dtype=np.float64)[:, None], FIRST + np.array(days) * DAY)


def _known(*asked: tuple[int, int], known: list[Measurements]) -> list[float]:
    ids, days = zip(*asked, strict=True)
    return joined(np.array(ids), FIRST + np.array(days) * DAY, known=known).ravel().tolist()


def test_an_object_has_the_columns_of_the_card_and_no_label() -> None:
    """Feast's view is declared by the same card; what is written is read back to the last bit."""
    columns = parquet.ParquetFile(io.BytesIO(CONTENT)).schema_arrow.names

    assert columns == [CARD.entity, *CARD.columns, "event_timestamp"]
    assert read_offline("b", CONTENT, card=CARD).are_of(ROWS)
    assert not read_offline("b", CONTENT, card=CARD).are_of(replace(ROWS, features=np.nextafter(ROWS.features, 99)))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "wanted offline/b7.parquet to be a Parquet file, got "),
        (CONTENT[:-20], "to be a Parquet file"),
        (batch_bytes(ROWS, card=CARD), r"with the columns .*got .*'label'"),
        (_parquet(lambda table: table.drop_columns(["hue"])), "with the columns "),
        (_parquet(lambda table: table.append_column("ash", table["ash"])), "with the columns "),
        (_parquet(lambda table: table.set_column(1, "alcohol", table["alcohol"].cast(pa.float32()))), "float"),
        (_parquet(_emptied), r"a value in every cell, got empty ones in \['ash'\]"),
    ],
    ids=["nothing", "half", "with labels", "a column less", "a column twice", "single precision", "an empty cell"],
)
def test_another_format_is_refused(content: bytes, words: str) -> None:
    """A damaged object, or one of another release: with its name, what was wanted and got, and what to do."""
    with pytest.raises(OfflineRefused, match=words) as refusal:
        read_offline("b7", content, card=CARD)

    assert refusal.value.name == "b7"
    assert "take the object away and clear the run" in str(refusal.value)


def test_a_label_gets_what_was_known_when_it_was_given() -> None:
    """The latest row of its sample that is not younger, whichever object has it and in whichever order they come."""
    first, second = _measured((7, 4, 0.4), (7, 0, 0.0), (8, 1, 8.0)), _measured((7, 2, 0.2))

    asked = ((7, 0), (7, 1), (7, 2), (7, 3), (7, 4), (7, 9), (8, 5))
    wanted = [0.0, 0.0, 0.2, 0.2, 0.4, 0.4, 8.0]

    assert _known(*asked, known=[first, second]) == _known(*asked, known=[second, first]) == wanted


def test_of_one_moment_the_last_object_counts() -> None:
    """The caller says which that is, so that the same objects give the same features."""
    first, second = _measured((7, 1, 0.1)), _measured((7, 1, 0.2))

    assert _known((7, 1), known=[first, second]) == [0.2]
    assert _known((7, 1), known=[second, first]) == [0.1]


@pytest.mark.parametrize("asked", [(7, 0), (6, 9), (9, 9)], ids=["too early", "a lower sample", "a higher sample"])
def test_what_was_not_known_is_not_made_up(asked: tuple[int, int]) -> None:
    """Neither a later row nor another sample's."""
    with pytest.raises(LookupError, match=str(asked[0])):
        _known((7, 1), asked, known=[_measured((7, 1, 0.1), (8, 0, 0.3))])


def test_batches_come_back_as_they_were_taken() -> None:
    """Late ones and such that have the same samples, of another moment or the same: each label has its own row."""
    batches = [_batch("a", day=2), _batch("b", seed=2, day=1), _batch("c", seed=3, day=2)]
    store = cast(Store, Bucket())

    offers = [entities.offer(store, batch, card=CARD) for batch in batches]
    again = [entities.offer(store, batch, card=CARD) for batch in batches]
    taken = entities.take(store, [one.entities for one in offers], card=CARD)

    assert [one.is_new for one in (*offers, *again)] == [True] * 3 + [False] * 3
    assert assemble(TABLE, taken).document == assemble(TABLE, batches).document
    assert assemble(TABLE, taken).late == ("b",)
    assert np.array_equal(assemble(TABLE, taken).features, assemble(TABLE, batches).features)


def _begun(flow: Flow, deploy_id: str = "d") -> dict[str, Any]:
    steps.begin(flow, deploy_id, actor="test", reason="because")
    return learning.features(flow, deploy_id)


def test_training_reads_the_offline_store_and_no_batch(flow: Flow) -> None:
    """The model is that of the batch's rows, to the byte; what goes, changes or arrives meanwhile is the next run's."""
    arrive(flow)
    arrived = cast(Bucket, flow.store).arrived
    batch = read_batch("b1", arrived["b1"], card=CARD)
    _begun(flow)
    arrived.clear()
    arrive(flow, "b2", seed=2)

    trained = learning.train(flow, "d")
    learning.register(flow, "d")

    assert trained["digest"] == train(assemble(TABLE, [batch])).golden.digest
    assert [one["name"] for one in flow.registry.dataset(trained["run_id"])["sources"]] == ["b1"]
    assert learning.gate(flow, "d")["outcome"] == "promotion"
    arrived["b1"] = b"no parquet"
    assert learning.train(flow, "d")["run_id"] == trained["run_id"]


def _other_rows(bucket: Bucket) -> None:
    bucket.offered["b1"] = offline_bytes(rehearse(TABLE, seed=9, rows=120), card=CARD)


def _other_bytes(bucket: Bucket) -> None:
    bucket.offered["b1"] += b"\0"


def _gone(bucket: Bucket) -> None:
    del bucket.offered["b1"]


@pytest.mark.parametrize("spoil", [_other_rows, _other_bytes, _gone])
def test_what_is_not_what_was_offered_is_not_trained_on(flow: Flow, spoil: Callable[[Bucket], None]) -> None:
    """Neither by the training nor by the gate; with the object away, a run from the beginning offers it anew."""
    arrive(flow)
    bucket = cast(Bucket, flow.store)
    _begun(flow)
    whole = bucket.offered["b1"]
    spoil(bucket)
    with pytest.raises(OfflineRefused, match=r"wanted offline/b1.parquet with sha256 [0-9a-f]{64}, as it was offered"):
        learning.train(flow, "d")
    assert flow.registry.run("d") is None

    bucket.offered["b1"] = whole
    learning.train(flow, "d")
    learning.register(flow, "d")
    spoil(bucket)
    with pytest.raises(OfflineRefused):
        learning.gate(flow, "d")

    bucket.offered.pop("b1", None)
    assert learning.features(flow, "d")["offered"] == ["b1"]
    assert learning.gate(flow, "d")["outcome"] == "promotion"


def test_changed_rows_under_an_old_name_are_refused(flow: Flow) -> None:
    """The feature store got others of that name: nothing is trained until they come under a new one."""
    arrive(flow)
    _begun(flow)
    steps.undo(flow, "d", None, reason="only offered")
    steps.end(flow, "d")
    arrive(flow, "b1", seed=2)

    with pytest.raises(OfflineRefused, match="with the rows of the batch of that name, got others") as refusal:
        _begun(flow, "d2")

    assert "changed rows come under a new name" in str(refusal.value)
    assert steps.undo(flow, "d2", None, reason=str(refusal.value)) == "aborted"
    steps.end(flow, "d2")
    check_champion(flow, 1)


@pytest.mark.parametrize("left", [None, "", "{}", '{"batches": [{"name": "b1"}]}'])
def test_who_took_nothing_trains_on_nothing(flow: Flow, left: str | None) -> None:
    """Without what `features` writes down, whole, there is no training, not even on what lies in the store."""
    arrive(flow)
    _begun(flow)
    written = flow.settings.volume / "training" / "wine" / "d.json"
    written.unlink() if left is None else written.write_text(left)

    with pytest.raises(NotBegun, match="`features` writes it"):
        learning.train(flow, "d")
