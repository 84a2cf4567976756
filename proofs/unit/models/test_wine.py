"""The model: what is trained, what is recorded, and what its files promise to callers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from models.card import read_card
from models.errors import GoldenMismatch
from models.wine import golden, recording
from models.wine.scoring import CLASSES, Weights, read_weights, score
from models.wine.table import Table, read_table, write_csv
from models.wine.training import is_holdout, train, write_weights

WINE = Path(golden.__file__).parent


@pytest.fixture(name="table", scope="module")
def _table() -> Table:
    return read_table()


@pytest.fixture(name="weights", scope="module")
def _weights(table: Table) -> Weights:
    return train(table).weights


def test_training_gives_the_golden_outputs(weights: Weights) -> None:
    """Trained anew, the model gives the outputs that stand in git, within 1e-6."""
    assert golden.check(golden.read_golden(), weights=weights) <= golden.TOLERANCE


def test_golden_json_is_what_training_records() -> None:
    """The file in git was written by the recording and by nobody's hand."""
    recorded, committed = recording.record(), golden.GOLDEN_FILE.read_text(encoding="utf-8")
    # Another machine may differ in the last digit of a float, but in nothing else.
    rounded = [
        re.sub(r"\d+\.\d+(e-\d+)?", lambda found: f"{float(found[0]):.6f}", text) for text in (recorded, committed)
    ]

    assert rounded[0] == rounded[1]


def test_golden_rows_cover_each_class_and_were_never_trained_on() -> None:
    """Fifteen rows of the holdout, five a class."""
    rows = golden.read_golden()

    assert np.bincount(rows.classes, minlength=CLASSES).tolist() == [5, 5, 5]
    assert all(is_holdout(int(sample_id)) for sample_id in rows.sample_ids)
    assert rows.holdout_accuracy > 0.95


def test_training_twice_gives_equal_bytes(table: Table, tmp_path: Path) -> None:
    """A version's digest can be asked for again: nothing random, no clock in the file."""
    for name in ("a.npz", "b.npz"):
        write_weights(train(table).weights, path=tmp_path / name)

    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_weights_survive_the_file(weights: Weights, tmp_path: Path) -> None:
    """What is read scores like what was written."""
    write_weights(weights, path=tmp_path / "weights.npz")

    assert golden.check(golden.read_golden(), weights=read_weights(tmp_path / "weights.npz")) == golden.check(
        golden.read_golden(), weights=weights
    )


def test_wrong_weights_miss_the_golden_outputs(weights: Weights) -> None:
    """The check can fail: two columns exchanged are noticed."""
    swapped = weights.coefficients[[1, 0, *range(2, 13)]]
    wrong = Weights(mean=weights.mean, scale=weights.scale, coefficients=swapped, intercept=weights.intercept)

    with pytest.raises(GoldenMismatch, match="a difference of 0"):
        golden.check(golden.read_golden(), weights=wrong)


def test_probabilities_sum_to_one_far_from_the_data(weights: Weights) -> None:
    """Absurd measurements give a probability distribution and no overflow."""
    far = np.array([[1e6] * 13, [-1e6] * 13, [0.0] * 13], dtype=np.float32)

    probabilities, classes = score(far, weights=weights)

    assert np.abs(probabilities.sum(axis=1) - 1).max() <= 1e-6
    assert (str(probabilities.dtype), str(classes.dtype)) == ("float32", "int64")


def test_a_row_scores_alike_alone_and_in_a_batch(table: Table, weights: Weights) -> None:
    """How requests are cut into batches does not show in the answers."""
    rows = table.features.astype(np.float32)
    whole, _ = score(rows, weights=weights)
    single = np.vstack([score(row[np.newaxis], weights=weights)[0] for row in rows])

    # One unit in the last place of a single: which kernel multiplies depends on the batch.
    assert np.abs(whole - single).max() <= 6e-8


def test_the_config_declares_the_tensor_of_the_card() -> None:
    """config.pbtxt and card.json speak of one tensor."""
    config = (WINE / "config.pbtxt").read_text(encoding="utf-8")
    card = read_card("wine")

    assert f'name: "{card.model}"' in config
    assert re.search(rf'name: "features"\s+data_type: TYPE_FP32\s+dims: \[ {len(card.columns)} \]', config)
    assert re.search(rf'name: "probabilities"\s+data_type: TYPE_FP32\s+dims: \[ {CLASSES} \]', config)
    assert "specific: { versions: [ 1 ] }" in config


def test_the_table_becomes_csv_without_loss(table: Table, tmp_path: Path) -> None:
    """Images that carry the rows without scikit-learn carry the same numbers."""
    write_csv(table, path=tmp_path / "wine.csv")

    lines = (tmp_path / "wine.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "sample_id," + ",".join(table.columns)
    parsed = np.array([[float(cell) for cell in line.split(",")] for line in lines[1:]])
    assert np.array_equal(parsed[:, 0], table.sample_ids)
    assert np.array_equal(parsed[:, 1:], table.features)
