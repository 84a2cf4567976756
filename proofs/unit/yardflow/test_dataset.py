"""What a model is trained on: named whole, and judged by the same rows for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from models.card import read_card
from models.wine.table import Table, read_table
from models.wine.training import is_holdout
from yardflow.batches import Batch, batch_bytes, read_batch
from yardflow.dataset import assemble
from yardflow.errors import ClassMissing, OneClass
from yardflow.rehearsal import SINCE, rehearse

CARD = read_card("wine")


@pytest.fixture(name="table", scope="module")
def _table() -> Table:
    return read_table()


def _batch(table: Table, name: str, *, seed: int = 1, day: int = 0, first_id: int = 1000) -> Batch:
    rows = rehearse(table, seed=seed, rows=40, since=SINCE + timedelta(days=day), first_id=first_id)
    return read_batch(name, batch_bytes(rows, card=CARD), card=CARD)


def _only(table: Table, *labels: int) -> Table:
    kept = np.isin(table.labels, labels)
    return replace(table, sample_ids=table.sample_ids[kept], features=table.features[kept], labels=table.labels[kept])


def test_batches_are_trained_on_and_never_judge(table: Table) -> None:
    """Every row of a batch is a training row; the held-out rows are the packaged ones, with batches and without."""
    alone, more = assemble(table, []), assemble(table, [_batch(table, "a")])

    assert (len(alone.labels), len(more.labels)) == (142, 182)
    assert np.array_equal(alone.holdout_features, more.holdout_features)
    assert np.array_equal(alone.holdout_labels, more.holdout_labels)
    assert all(is_holdout(int(one)) for one in more.holdout_ids)


def test_the_digest_names_what_it_consists_of(table: Table) -> None:
    """Another batch, another name or one row less is another dataset; another order is not."""
    first, second = _batch(table, "a"), _batch(table, "b", seed=2)
    whole = assemble(table, [first, second])

    assert assemble(table, [second, first]).digest == whole.digest
    others = [assemble(table, [first]), assemble(table, [first, replace(second, name="c")]), assemble(table, [])]
    changed = replace(table, features=table.features + 1e-9)
    others += [assemble(changed, [first, second]), assemble(table, [first, replace(second, sha256="0" * 64)])]
    assert len({whole.digest, *(other.digest for other in others)}) == 6
    assert whole.document["digest"] == whole.digest
    assert [source["name"] for source in whole.document["sources"]] == ["a", "b"]


def test_a_late_batch_is_recorded_and_trained_on(table: Table) -> None:
    """Its newest row is older than one of a batch before it; nothing is refused for that."""
    batches = [_batch(table, "a", day=2), _batch(table, "b", seed=2, day=1), _batch(table, "c", seed=3, day=3)]
    dataset = assemble(table, batches)

    assert dataset.late == ("b",)
    assert len(dataset.labels) == 142 + 3 * 40


def test_a_sample_in_two_batches_is_recorded(table: Table) -> None:
    """It weighs twice, and the dataset says of how many that is so."""
    again, others = _batch(table, "b", first_id=1020), _batch(table, "b", first_id=2000)

    assert assemble(table, [_batch(table, "a"), again]).repeated_ids == 20
    assert assemble(table, [_batch(table, "a"), others]).repeated_ids == 0


def test_a_class_that_is_missing_is_refused(table: Table) -> None:
    """A model of one class always says the same, and one of two never says the third."""
    with pytest.raises(OneClass, match=r"wanted the classes 0 to 2 .* got \(1,\)"):
        assemble(_only(table, 1), [])
    with pytest.raises(ClassMissing) as refused:
        assemble(_only(table, 0, 2), [])

    assert refused.value.present == (0, 2)
    assert not isinstance(refused.value, OneClass)


def test_a_batch_that_is_read_twice_is_the_callers_error(table: Table) -> None:
    """Two batches of one name are refused before anything is trained on them."""
    with pytest.raises(ValueError, match="each batch once"):
        assemble(table, [_batch(table, "a"), _batch(table, "a", seed=2)])
