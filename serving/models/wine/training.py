"""
Training of ``wine``: a pure function of the packaged rows.

The problem is convex and solved far below the precision that is kept, so every machine arrives at the same weights.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from models.wine.scoring import Weights, score
from models.wine.table import Table

__all__ = ["Trained", "is_holdout", "train", "write_weights"]

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


def train(table: Table) -> Trained:
    """
    Fit on the training rows, judge on the holdout.

    The same table gives the same weights, to the last bit: no random start, no sampling, no clock.
    """
    holdout = np.array([is_holdout(int(sample_id)) for sample_id in table.sample_ids])
    rows, labels = table.features[~holdout], table.labels[~holdout]
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    # Newton's method converges quadratically on 42 parameters; the default solver stops at 1e-4.
    regression = LogisticRegression(solver="newton-cholesky", C=1.0, tol=1e-12, max_iter=200)
    regression.fit((rows - mean) / scale, labels)
    weights = Weights(
        mean=mean.round(KEPT_DECIMALS),
        scale=scale.round(KEPT_DECIMALS),
        coefficients=np.ascontiguousarray(regression.coef_.T.round(KEPT_DECIMALS)),
        intercept=regression.intercept_.round(KEPT_DECIMALS),
    )
    _, predicted = score(table.features[holdout], weights=weights)
    return Trained(weights=weights, holdout_accuracy=float((predicted == table.labels[holdout]).mean()))


def write_weights(weights: Weights, *, path: Path) -> None:
    """
    Write a .npz; equal weights give equal bytes, so that their digest can name a version.

    ``numpy.savez`` does not promise that: what it leaves to Python differs between Python 3.11.2 and 3.11.7.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in asdict(weights).items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, version=(1, 0), allow_pickle=False)
            # An entry made from its name alone has the zip format's first day as its date.
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue())
