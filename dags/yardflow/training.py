"""
Training of a candidate: what is learned, how good it is, what it answers to known rows, and what it has seen.

Nothing here is random or reads a clock: a training that is repeated gives the same bytes.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from models.repository import digest_of
from models.wine.golden import Golden
from models.wine.packaging import assemble
from models.wine.scoring import CLASSES, Weights, score
from models.wine.training import fit
from yardflow.dataset import Dataset
from yardflow.drift import Reference, snapshot

__all__ = ["Trained", "evaluate", "measure", "train"]

MODEL: Final = "wine"
GOLDEN_ROWS: Final = 16
"""Every class among them; exchanged columns or another version's weights cannot agree by luck."""
SMALLEST: Final = float(np.finfo(np.float32).tiny)
"""For a probability of 0: its logarithm is 87 below, and a finite loss can be compared."""


@dataclass(frozen=True)
class Trained:
    """
    A candidate. metrics: see ``measure``. golden: held-out rows with its outputs, under version 0, since the registry
    has not numbered it yet. reference: of the rows that it was trained on, for ``drift``.
    """

    weights: Weights
    metrics: dict[str, float]
    golden: Golden
    reference: Reference


def train(dataset: Dataset) -> Trained:
    """Learn from the training rows, and measure on the held-out ones."""
    weights = fit(dataset.features, dataset.labels)
    metrics = evaluate(weights, dataset)
    return Trained(
        weights=weights,
        metrics=metrics,
        golden=_golden(weights, dataset, accuracy=metrics["holdout_accuracy"]),
        reference=snapshot(dataset.features, columns=dataset.columns, dataset_digest=dataset.digest),
    )


def evaluate(weights: Weights, dataset: Dataset) -> dict[str, float]:
    """The metrics of *weights*, a candidate's or the champion's, on the rows that both are judged by."""
    # In single precision, as requests arrive: whoever asks the served model for these rows measures the same.
    probabilities, classes = score(dataset.holdout_features.astype(np.float32), weights=weights)
    return measure(probabilities, classes, labels=dataset.holdout_labels)


def measure(
    probabilities: npt.NDArray[np.float32], classes: npt.NDArray[np.int64], *, labels: npt.NDArray[np.int64]
) -> dict[str, float]:
    """
    How well outputs fit what is known.

    probabilities: float32[rows, 3]. classes: int64[rows]. labels: int64[rows], each class at least once.
    returns ``holdout_accuracy`` and ``holdout_macro_recall`` (the mean share of a class that is found), shares, and
    ``holdout_log_loss`` in nats; of probabilities that are no numbers it is none either.
    """
    right = classes == labels
    of_the_label = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return {
        "holdout_accuracy": float(right.mean()),
        "holdout_log_loss": float(-np.log(np.maximum(of_the_label, SMALLEST)).mean()),
        "holdout_macro_recall": float(np.mean([right[labels == label].mean() for label in range(CLASSES)])),
    }


def _golden(weights: Weights, dataset: Dataset, *, accuracy: float) -> Golden:
    # Held-out rows are sorted by class: evenly spaced ones are of every class.
    chosen = np.linspace(0, len(dataset.holdout_labels) - 1, GOLDEN_ROWS).round().astype(np.int64)
    features = dataset.holdout_features[chosen].astype(np.float32)
    probabilities, classes = score(features, weights=weights)
    with tempfile.TemporaryDirectory() as folder:
        assemble(Path(folder), weights=weights)
        digest = digest_of(Path(folder))
    return Golden(
        model=MODEL,
        version=0,
        digest=digest,
        holdout_accuracy=accuracy,
        sample_ids=dataset.holdout_ids[chosen],
        features=features,
        probabilities=probabilities,
        classes=classes,
    )
