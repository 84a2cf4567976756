"""
The golden rows of ``wine``: inputs, and the outputs that version 1 gives for them wherever it runs.

``golden.json`` stands in git and is never written by a running platform. Whoever changes the training on purpose
runs ``python -m models.wine.recording`` and commits the difference together with a new version number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import GoldenMismatch, GoldenMissing
from models.wine.scoring import Weights, score

__all__ = ["GOLDEN_FILE", "TOLERANCE", "Golden", "check", "golden_bytes", "read_golden"]

GOLDEN_FILE = Path(__file__).with_name("golden.json")

TOLERANCE = 1e-6
"""Largest difference of one probability. Single precision keeps 6e-8 here; a wrong row or version is off by 1e-3."""


@dataclass(frozen=True)
class Golden:
    """
    What ``golden.json`` holds.

    version: 0 of a training whose version the registry has not numbered yet.
    digest: of the version's folder, see ``models.repository.digest_of``; a change to any file in it is a new version.

    sample_ids: int64[rows]. features: float32[rows, 13]. probabilities: float32[rows, 3]. classes: int64[rows].
    """

    model: str
    version: int
    digest: str
    holdout_accuracy: float
    sample_ids: npt.NDArray[np.int64]
    features: npt.NDArray[np.float32]
    probabilities: npt.NDArray[np.float32]
    classes: npt.NDArray[np.int64]


def read_golden(path: Path = GOLDEN_FILE) -> Golden:
    """
    Read the file from git, or one that was kept beside a version.

    Raises:
        GoldenMissing: There is none, or it is not what ``golden_bytes`` writes.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return _golden(document, rows=document["rows"])
    except (OSError, ValueError, LookupError, TypeError) as failure:
        raise GoldenMissing(
            f"wanted golden rows in {path}, got {failure!r}; without them nobody can tell whether the version answers "
            "rightly: the seed writes those of version 1 again, a deployment those of its own"
        ) from failure


def _golden(document: Mapping[str, Any], *, rows: Sequence[Mapping[str, Any]]) -> Golden:
    return Golden(
        model=document["model"],
        version=document["version"],
        digest=document["digest"],
        holdout_accuracy=document["holdout_accuracy"],
        sample_ids=np.array([row["sample_id"] for row in rows], dtype=np.int64),
        features=np.array([row["features"] for row in rows], dtype=np.float32),
        probabilities=np.array([row["probabilities"] for row in rows], dtype=np.float32),
        classes=np.array([row["class"] for row in rows], dtype=np.int64),
    )


def golden_bytes(golden: Golden, *, columns: Sequence[str]) -> bytes:
    """Write what ``read_golden`` reads, one row a line. columns: the names of the features, for people who read it."""
    header = {
        "model": golden.model,
        "version": golden.version,
        "digest": golden.digest,
        "holdout_accuracy": golden.holdout_accuracy,
        "columns": columns,
    }
    rows = zip(
        golden.sample_ids.tolist(),
        golden.classes.tolist(),
        golden.probabilities.tolist(),
        golden.features.tolist(),
        strict=True,
    )
    names = ("sample_id", "class", "probabilities", "features")
    lines = ",\n".join("  " + json.dumps(dict(zip(names, row, strict=True))) for row in rows)
    return (json.dumps(header)[:-1] + ',\n "rows": [\n' + lines + "\n ]}\n").encode()


def check(golden: Golden, *, weights: Weights) -> float:
    """
    Score the golden rows and return the largest difference to the recorded probabilities.

    Raises:
        GoldenMismatch: A probability differs by more than ``TOLERANCE``, or a class differs.
    """
    probabilities, classes = score(golden.features, weights=weights)
    difference = float(np.abs(probabilities - golden.probabilities).max())
    if difference > TOLERANCE or not np.array_equal(classes, golden.classes):
        raise GoldenMismatch(
            f"wanted the outputs of {GOLDEN_FILE.name} for {golden.model} version {golden.version} within {TOLERANCE}, "
            f"got a difference of {difference} and classes {classes.tolist()} instead of {golden.classes.tolist()}; "
            "if the training changed on purpose, make it a new version and run python -m models.wine.recording"
        )
    return difference
