"""Drift: found where there is some, by the check that can find it, and never where data is compared with itself."""

from __future__ import annotations

import io
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.wine.table import read_table
from yardflow.dataset import assemble
from yardflow.drift import (
    MIN_ROWS,
    SNAPSHOT_ROWS,
    Reference,
    drift,
    read_reference,
    reference_bytes,
    snapshot,
)
from yardflow.errors import ReferenceDamaged, RowsUnusable, SameData
from yardflow.rehearsal import SHIFTED, rehearse

TABLE = read_table()
SEEDS = range(5)


@pytest.fixture(name="reference", scope="module")
def _reference() -> Reference:
    dataset = assemble(TABLE, [])
    return snapshot(dataset.features, columns=dataset.columns, dataset_digest=dataset.digest)


def _rows(seed: int, rows: int = 60, **disturbance: Any) -> npt.NDArray[np.float64]:
    return rehearse(TABLE, seed=seed, rows=rows, **disturbance).features


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rows", [MIN_ROWS, 60, 300])
def test_rows_from_the_same_place_have_not_drifted(reference: Reference, seed: int, rows: int) -> None:
    """Few rows or many, whichever were drawn."""
    found = drift(reference, _rows(seed, rows))

    assert (found.verdict, found.reasons, found.rows) == ("same", (), rows)


@pytest.mark.parametrize("seed", SEEDS)
def test_packaged_rows_that_were_never_seen_have_not_drifted(seed: int) -> None:
    """Sixty of them, drawn without any rehearsal, against the others."""
    drawn = np.random.default_rng(seed).permutation(len(TABLE.features))
    known = snapshot(TABLE.features[drawn[60:]], columns=TABLE.columns, dataset_digest="d")

    assert not drift(known, TABLE.features[drawn[:60]]).drifted


@pytest.mark.parametrize("seed", SEEDS)
def test_shifted_columns_are_found_and_named(reference: Reference, seed: int) -> None:
    """One standard deviation in three columns: these three, and no others."""
    found = drift(reference, _rows(seed, shift=1.0))

    assert found.drifted
    assert set(found.columns) == set(SHIFTED)
    assert all(any(reason.startswith(f"{name}: wanted p") for reason in found.reasons) for name in SHIFTED)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rows", [MIN_ROWS, 60])
def test_broken_correlations_are_found_only_together(reference: Reference, seed: int, rows: int) -> None:
    """Each column by itself is as before, so only the classifier can tell."""
    found = drift(reference, _rows(seed, rows, mixed=True))

    assert (found.verdict, found.columns, found.joint) == ("drifted", (), True)
    assert found.auc is not None
    assert found.auc_limit is not None
    assert found.auc > found.auc_limit
    assert [reason.partition(":")[0] for reason in found.reasons] == ["all columns together"]


def test_flipped_labels_are_no_drift(reference: Reference) -> None:
    """Features tell nothing of it: that is for the held-out rows to find."""
    assert not drift(reference, _rows(1, flip=1.0)).drifted


def test_the_same_rows_give_the_same_answer(reference: Reference) -> None:
    """No random start: a repeated step of a run decides as the first one did."""
    assert drift(reference, _rows(1)) == drift(reference, _rows(1))


@pytest.mark.parametrize("rows", [0, 1, MIN_ROWS - 1])
def test_too_few_rows_say_nothing(reference: Reference, rows: int) -> None:
    """That is neither drift nor its absence, however far off they are; a reference of too few says as little."""
    found = drift(reference, _rows(1, rows, shift=9.0))

    assert (found.verdict, found.measurable, found.drifted) == ("unmeasurable", False, False)
    assert found.reasons == (f"rows: wanted at least {MIN_ROWS} on either side, got 142 and {rows}",)
    few = replace(reference, features=reference.features[: MIN_ROWS - 1])
    assert not drift(few, _rows(1)).measurable


def test_data_is_not_compared_with_itself(reference: Reference) -> None:
    """Its own rows, some of them, or more of which they are the greater part: all of that finds nothing, always."""
    own = assemble(TABLE, []).features
    for rows in (
        own,
        own[:40],
        own[::-1],
        np.concatenate([own, _rows(1, 300)]),
        np.concatenate([own[:31], _rows(1, 30)]),
    ):
        with pytest.raises(SameData, match="compare what arrived since"):
            drift(reference, rows)


def test_a_snapshot_of_its_own_rows_is_recognised() -> None:
    """Of many rows a reference keeps some: compared with all of them it is still the same data."""
    many = _rows(1, 2000)
    kept = snapshot(many, columns=TABLE.columns, dataset_digest="d")

    assert kept.features.shape == (SNAPSHOT_ROWS, 13)
    with pytest.raises(SameData):
        drift(kept, many)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
def test_what_is_no_number_is_not_compared(reference: Reference, value: float) -> None:
    """A statistic of it is none either, and is smaller than no limit."""
    rows = _rows(1)
    rows[4, 2] = value

    with pytest.raises(RowsUnusable):
        drift(reference, rows)


def test_other_columns_are_not_compared(reference: Reference) -> None:
    """One column less is another table."""
    with pytest.raises(RowsUnusable, match=r"\(60, 12\)"):
        drift(reference, _rows(1)[:, 1:])


def test_a_constant_column_can_be_compared(reference: Reference) -> None:
    """A sensor that stopped is drift, and no division by zero; constant on both sides it is none."""
    stopped = _rows(1)
    stopped[:, 4] = 100.0
    features = reference.features.copy()
    features[:, 4] = 100.0

    assert "magnesium" in drift(reference, stopped).columns
    assert not drift(replace(reference, features=features), stopped).drifted


def test_a_snapshot_does_not_depend_on_the_order(reference: Reference) -> None:
    """Equal rows give equal bytes, and what is read is what was written."""
    content = reference_bytes(reference)
    backwards = snapshot(reference.features[::-1], columns=reference.columns, dataset_digest=reference.dataset_digest)
    read = read_reference(content)

    assert reference_bytes(backwards) == content
    assert (read.columns, read.dataset_digest) == (reference.columns, reference.dataset_digest)
    assert np.array_equal(read.features, reference.features)


def _npz(**arrays: npt.NDArray[Any]) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]  # numpy's own parameter stands among the arrays
    return content.getvalue()


def _damaged() -> dict[str, bytes]:
    columns, digest, features = np.array(["a", "b"]), np.array("d"), np.ones((3, 2))
    return {
        "nothing": b"",
        "text": b"columns",
        "a pickle": pickle.dumps([1]),
        "an array alone": _npz(features=features),
        "pickled columns": _npz(columns=np.array(["a", "b"], dtype=object), dataset_digest=digest, features=features),
        "a column too many": _npz(columns=columns, dataset_digest=digest, features=np.ones((3, 3))),
        "single precision": _npz(columns=columns, dataset_digest=digest, features=features.astype(np.float32)),
        "no numbers": _npz(columns=columns, dataset_digest=digest, features=features * np.nan),
        "cut short": _npz(columns=columns, dataset_digest=digest, features=features)[:-40],
    }


@pytest.mark.parametrize("content", _damaged().values(), ids=_damaged())
def test_what_is_no_reference_is_refused(content: bytes) -> None:
    """Nothing is compared with rows that nobody wrote; a pickle is not even opened."""
    with pytest.raises(ReferenceDamaged):
        read_reference(content)


@pytest.mark.parametrize("seed", range(1, 25))
def test_the_rows_that_proofs_deliver_raise_no_alarm(seed: int) -> None:
    """The short life cycle wants a promotion: its rows are these, and each is known to pass."""
    table = read_table()
    packaged = assemble(table, [])
    reference = snapshot(packaged.features, columns=packaged.columns, dataset_digest="packaged")
    assert drift(reference, rehearse(table, seed=seed, rows=120).features).verdict == "same"
