"""
Whether new rows come from where the rows came from that the model in service was trained on.

Two questions, because either alone is blind: does a column differ by itself (Kolmogorov-Smirnov, two samples), and can
a classifier tell the rows of one side from those of the other, also where each column by itself is as before?
Reference: Lopez-Paz and Oquab, Revisiting Classifier Two-Sample Tests, 2017.
"""

from __future__ import annotations

import hashlib
import io
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import ks_2samp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from models.arrays import npz_bytes
from yardflow.batches import LARGEST
from yardflow.errors import ReferenceDamaged, RowsUnusable, SameData

__all__ = ["MIN_ROWS", "Drift", "Reference", "drift", "read_reference", "reference_bytes", "snapshot"]

Features = npt.NDArray[np.float64]

MIN_ROWS: Final = 30
"""On either side. With fewer, what can be found is so large that nobody needs a test for it."""
SNAPSHOT_ROWS: Final = 500
"""Enough to see a third of a standard deviation; 50 kB, and the comparison stays below a second."""
FALSE_ALARMS: Final = 0.01
"""Of a hundred comparisons without drift, how many may name a column; shared out among the columns (Bonferroni)."""
DEVIATIONS: Final = 4.0
"""
By how many of its standard deviations the classifier has to be better than chance. That deviation is the one of a fixed
classifier, and folds share rows: of 150 draws of thirty packaged rows against the others, one came to 3.7. Thirty rows
whose correlations are broken came to 5.1 at least, in 40 draws.
"""
FOLDS: Final = 5
REPEATS: Final = 4
"""How the folds fall decides as much as the rows do, when they are few; four falls are averaged."""
STRENGTH: Final = 0.01
"""Of the classifier, inverse to its regularisation: it has ninety inputs and may have sixty rows."""


@dataclass(frozen=True)
class Reference:
    """
    Some of the rows that a model was trained on.

    features: float64[rows, columns], raw units, at most ``SNAPSHOT_ROWS``. dataset_digest: of all of them.
    """

    columns: tuple[str, ...]
    dataset_digest: str
    features: Features


@dataclass(frozen=True)
class Drift:
    """
    What a comparison found. reasons: each ``name: wanted ..., got ...``; none where the verdict is ``same``.

    p_values: of each column by itself. auc: how well a classifier tells the sides apart, 0.5 is chance. auc_limit: from
    where on that is drift. All three are empty where nothing could be measured.
    """

    verdict: Literal["same", "drifted", "unmeasurable"]
    reasons: tuple[str, ...]
    rows: int
    columns: tuple[str, ...] = ()
    joint: bool = False
    p_values: Mapping[str, float] | None = None
    auc: float | None = None
    auc_limit: float | None = None

    @property
    def measurable(self) -> bool:
        """Whether there were rows enough to say anything."""
        return self.verdict != "unmeasurable"

    @property
    def drifted(self) -> bool:
        """Whether drift was found, in ``columns`` by themselves or in how they go together (``joint``)."""
        return self.verdict == "drifted"


def snapshot(features: Features, *, columns: Sequence[str], dataset_digest: str) -> Reference:
    """
    Choose the rows to keep, the same ones in whichever order they came.

    features: float64[rows, columns].
    """
    # By digest: as good as drawn, and nothing depends on how a library draws.
    chosen = sorted((hashlib.sha256(row).digest(), row) for row in _contents(features))[:SNAPSHOT_ROWS]
    kept = np.array([np.frombuffer(row, dtype="<f8") for _, row in chosen]).reshape(-1, len(columns))
    return Reference(tuple(columns), dataset_digest, kept)


def reference_bytes(reference: Reference) -> bytes:
    """Write a .npz without pickles; equal references give equal bytes."""
    names, digest = np.array(reference.columns), np.array(reference.dataset_digest)
    return npz_bytes({"columns": names, "dataset_digest": digest, "features": reference.features})


def read_reference(content: bytes) -> Reference:
    """
    Read what ``reference_bytes`` wrote.

    Raises:
        ReferenceDamaged: It is something else.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            columns, digest, features = arrays["columns"], arrays["dataset_digest"], arrays["features"]
    except (OSError, ValueError, KeyError, EOFError, TypeError, IndexError, zipfile.BadZipFile) as failure:
        raise ReferenceDamaged(f"wanted a .npz of columns, dataset_digest and features, got {failure!r}") from failure
    kinds, shape = (columns.dtype.kind, digest.dtype.kind, features.dtype.str), (columns.ndim, digest.ndim)
    if kinds != ("U", "U", "<f8") or shape != (1, 0) or features.shape[1:] != columns.shape:
        raise ReferenceDamaged(f"wanted text, text and float64[rows, {len(columns.ravel())}], got {kinds}, {shape}")
    if not np.isfinite(features).all():
        raise ReferenceDamaged("wanted numbers in every row of the reference, got what is none")
    return Reference(tuple(columns.tolist()), str(digest), features)


def drift(reference: Reference, current: Features) -> Drift:
    """
    Hold *current* rows against the reference; the same rows give the same answer.

    current: float64[rows, columns], raw units, columns as in the reference. New rows only: among those that the
    reference is of, they would disappear.

    Raises:
        SameData: More than half of the rows of one side are, bit for bit, rows of the other.
        RowsUnusable: Other columns than those of the reference, or values that are no numbers.
    """
    _check(reference, current)
    fewest = min(len(reference.features), len(current))
    if fewest < MIN_ROWS:
        few = f"rows: wanted at least {MIN_ROWS} on either side, got {len(reference.features)} and {len(current)}"
        return Drift("unmeasurable", (few,), len(current))
    p_values = {
        # The exact distribution knows no ties, and measurements have few decimals.
        name: float(ks_2samp(reference.features[:, place], current[:, place], method="asymp").pvalue)
        for place, name in enumerate(reference.columns)
    }
    p_limit = FALSE_ALARMS / len(p_values)
    columns = tuple(name for name, p_value in p_values.items() if p_value < p_limit)
    auc, auc_limit = _auc(reference.features, current), _auc_limit(len(reference.features), len(current))
    joint = auc > auc_limit
    reasons = tuple(f"{name}: wanted p of at least {p_limit:.2g}, got {p_values[name]:.2g}" for name in columns)
    if joint:
        reasons += (f"all columns together: wanted AUC of at most {auc_limit:.3f}, got {auc:.3f}",)
    verdict: Literal["drifted", "same"] = "drifted" if reasons else "same"
    return Drift(verdict, reasons, len(current), columns, joint, p_values, auc, auc_limit)


def _contents(features: Features) -> list[bytes]:
    return [row.tobytes() for row in np.ascontiguousarray(features, dtype="<f8")]


def _check(reference: Reference, current: Features) -> None:
    if current.ndim != 2 or current.shape[1] != len(reference.columns):
        raise RowsUnusable(f"wanted rows with the columns {reference.columns}, got an array of {current.shape}")
    if not (np.abs(current) <= LARGEST).all():
        raise RowsUnusable("wanted numbers that single precision holds, got others; take rows from read_batch")
    mine, other = _contents(current), _contents(reference.features)
    # Either way round: the reference may be a part of what it is compared with.
    for rows, others in ((mine, set(other)), (other, set(mine))):
        shared = sum(row in others for row in rows)
        if shared * 2 > len(rows):
            raise SameData(
                f"wanted new rows to compare with those of dataset {reference.dataset_digest}, got {shared} of "
                f"{len(rows)} that are on both sides; compare what arrived since"
            )


def _auc(reference: Features, current: Features) -> float:
    """How well held-back rows of either side are told apart, averaged over folds and their falls."""
    inputs = _inputs(np.concatenate([reference, current]))
    sides = np.repeat([0, 1], [len(reference), len(current)])
    found = []
    for fall in range(REPEATS):
        for known, asked in StratifiedKFold(FOLDS, shuffle=True, random_state=fall).split(inputs, sides):
            told = LogisticRegression(solver="newton-cholesky", C=STRENGTH, class_weight="balanced")
            told.fit(inputs[known], sides[known])
            found.append(roc_auc_score(sides[asked], told.decision_function(inputs[asked])))
    return float(np.mean(found))


def _inputs(rows: Features) -> Features:
    """Every column and every product of two, standardised: a product's mean is how the two go together."""
    standardised = _standardised(rows)
    left, right = np.triu_indices(rows.shape[1], k=1)
    return np.column_stack([standardised, _standardised(standardised[:, left] * standardised[:, right])])


def _standardised(rows: Features) -> Features:
    scale = rows.std(axis=0)
    scaled: Features = (rows - rows.mean(axis=0)) / np.where(scale > 0, scale, 1.0)  # a constant column tells nothing
    return scaled


def _auc_limit(first: int, second: int) -> float:
    # The deviation of the Mann-Whitney statistic, which the AUC is.
    return 0.5 + DEVIATIONS * math.sqrt((first + second + 1) / (12 * first * second))
