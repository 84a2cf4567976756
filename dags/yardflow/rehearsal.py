"""Batches for proofs: drawn from the packaged training rows, disturbed in one known way; equal calls, equal rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import numpy as np

from models.wine.scoring import CLASSES
from models.wine.table import Table
from models.wine.training import is_holdout
from yardflow.batches import FIRST_ID, Rows

__all__ = ["SHIFTED", "SINCE", "rehearse"]

NOISE: Final = 0.1
"""Of a column's standard deviation: bottles are never quite alike, and cultivars stay what they are."""
SHIFTED: Final = ("alcohol", "magnesium", "color_intensity")
"""The columns that ``shift`` moves. A check that names others, or all, looks at something else."""
SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Of the first row of a batch that does not say otherwise."""


def rehearse(
    table: Table,
    *,
    seed: int,
    rows: int,
    shift: float = 0.0,
    mixed: bool = False,
    flip: float = 0.0,
    first_id: int = FIRST_ID,
    since: datetime = SINCE,
) -> Rows:
    """
    Draw *rows* rows with replacement from the training rows of *table*, never from its holdout, and add a little noise.

    Args:
        seed: Chooses the rows and the noise; batches of one story take different ones.
        shift: Moves the columns ``SHIFTED`` by so many of their standard deviations: each shows it by itself.
        mixed: Permutes each column by itself: all keep their distribution, and none fits the others any more.
        flip: The share of rows, 0 to 1, that get the next class for a label: quality falls, features tell nothing.
        first_id: Of the first row; the others count on.
        since: The event time of the first row, in UTC; the others follow a second apart.
    """
    random = np.random.default_rng(seed)
    kept = np.array([not is_holdout(int(sample_id)) for sample_id in table.sample_ids])
    scale = table.features[kept].std(axis=0)
    drawn = random.choice(np.flatnonzero(kept), size=rows)
    features, labels = table.features[drawn], table.labels[drawn]
    if mixed:
        features = np.column_stack([random.permutation(column) for column in features.T])
    features = features + random.normal(0.0, NOISE, features.shape) * scale
    features += shift * scale * np.isin(table.columns, SHIFTED)
    flipped = random.permutation(rows)[: round(flip * rows)]
    labels[flipped] = (labels[flipped] + 1) % CLASSES
    start = np.datetime64(since.astimezone(UTC).replace(tzinfo=None), "us")
    return Rows(
        sample_ids=first_id + np.arange(rows, dtype=np.int64),
        features=features,
        labels=labels,
        event_times=start + np.arange(rows) * np.timedelta64(1_000_000, "us"),
    )
