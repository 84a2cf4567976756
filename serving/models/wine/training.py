"""
Training of ``wine``: a pure function of the rows.

The problem is convex and solved far below the precision that is kept, so every machine arrives at the same weights.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from models.arrays import npz_bytes
from models.wine.scoring import Weights, score
from models.wine.table import Table

__all__ = ["Trained", "fit", "is_holdout", "train", "write_weights"]

HOLDOUT_EVERY = 5
"""Rows are packaged sorted by cultivar, so every fifth row is a stratified holdout of 36."""

KEPT_DECIMALS = 8
"""Solver and linear-algebra builds differ near the 12th decimal; rounding gives one digest for all of them."""


@dataclass(frozen=True)
class Trained:
    """Weights, and the share of holdout rows that they label rightly."""

    weights: Weights
    holdout_accuracy: float


def is_holdout(sample_id: int) -> bool:
    """Whether the row is kept out of training."""
    return sample_id % HOLDOUT_EVERY == 0


def fit(rows: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]) -> Weights:
    """
    The weights that these rows give: the same ones to the last bit, without a random start, sampling or a clock.

    rows: float64[rows, 13], raw units. labels: int64[rows], each class at least once.
    """
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    # Newton's method converges quadratically on 42 parameters; the default solver stops at 1e-4.
    regression = LogisticRegression(solver="newton-cholesky", C=1.0, tol=1e-12, max_iter=200)
    regression.fit((rows - mean) / scale, labels)
    return Weights(
        mean=mean.round(KEPT_DECIMALS),
        scale=scale.round(KEPT_DECIMALS),
        coefficients=np.ascontiguousarray(regression.coef_.T.round(KEPT_DECIMALS)),
        intercept=regression.intercept_.round(KEPT_DECIMALS),
    )


def train(table: Table) -> Trained:
    """Fit on the training rows of the packaged table, judge on its holdout."""
    holdout = np.array([is_holdout(int(sample_id)) for sample_id in table.sample_ids])
    weights = fit(table.features[~holdout], table.labels[~holdout])
    _, predicted = score(table.features[holdout], weights=weights)
    return Trained(weights=weights, holdout_accuracy=float((predicted == table.labels[holdout]).mean()))


def write_weights(weights: Weights, *, path: Path) -> None:
    """Write a .npz; equal weights give equal bytes, so that their digest can name a version."""
    path.write_bytes(npz_bytes(asdict(weights)))
