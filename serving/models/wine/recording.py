"""
Writes ``golden.json`` anew: ``python -m models.wine.recording``, by a person, when the training changed on purpose.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from models.repository import digest_of
from models.wine.golden import GOLDEN_FILE, Golden, golden_bytes
from models.wine.packaging import assemble
from models.wine.scoring import CLASSES, Weights, score
from models.wine.table import read_table
from models.wine.training import is_holdout, train

__all__ = ["record"]

ROWS_PER_CLASS = 5
"""Fifteen rows: enough that swapped columns or a foreign version cannot agree by luck, few enough to read."""


def record() -> str:
    """Train, score the first holdout rows of each class, and return the text of ``golden.json``, one row a line."""
    table = read_table()
    trained = train(table)
    chosen: list[int] = []
    for label in range(CLASSES):
        holdout = [int(i) for i in table.sample_ids[table.labels == label] if is_holdout(int(i))]
        chosen.extend(holdout[:ROWS_PER_CLASS])
    # What travels is single precision: the recorded inputs are exactly those that Triton will see.
    features = table.features[chosen].astype(np.float32)
    probabilities, classes = score(features, weights=trained.weights)
    golden = Golden(
        model="wine",
        version=1,
        digest=_digest(trained.weights),
        holdout_accuracy=trained.holdout_accuracy,
        sample_ids=table.sample_ids[chosen],
        features=features,
        probabilities=probabilities,
        classes=classes,
    )
    return golden_bytes(golden, columns=table.columns).decode()


def _digest(weights: Weights) -> str:
    with tempfile.TemporaryDirectory() as folder:
        assemble(Path(folder), weights=weights)
        return digest_of(Path(folder))


if __name__ == "__main__":
    GOLDEN_FILE.write_text(record(), encoding="utf-8")
