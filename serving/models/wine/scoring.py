"""
How ``wine`` turns measurements into probabilities: the one formula that training, golden outputs and Triton share.

It is copied beside ``model.py`` into the version folder, so it needs numpy and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["CLASSES", "Weights", "read_weights", "score"]

CLASSES = 3
"""The three cultivars of the source."""


@dataclass(frozen=True)
class Weights:
    """
    A standardised multinomial logistic regression.

    mean, scale: float64[13], of the training rows; a feature x enters as (x - mean) / scale.
    coefficients: float64[13, 3]. intercept: float64[3].
    """

    mean: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]
    coefficients: npt.NDArray[np.float64]
    intercept: npt.NDArray[np.float64]


def score(
    features: npt.NDArray[np.floating], *, weights: Weights
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """
    Probabilities and the most likely class of each row.

    features: float[rows, 13], raw units.
    returns probabilities: float32[rows, 3], rows sum to 1 ± 1e-6; class: int64[rows].
    """
    # Double precision inside: the result then does not depend on how a batch was cut.
    standardised = (features.astype(np.float64) - weights.mean) / weights.scale
    logits = standardised @ weights.coefficients + weights.intercept
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities.astype(np.float32), probabilities.argmax(axis=1).astype(np.int64)


def read_weights(path: Path) -> Weights:
    """Read the .npz of a version; pickles are refused."""
    with np.load(path, allow_pickle=False) as arrays:
        return Weights(
            mean=arrays["mean"],
            scale=arrays["scale"],
            coefficients=arrays["coefficients"],
            intercept=arrays["intercept"],
        )
