"""
The wine measurements that ship inside scikit-learn (UCI "Wine recognition", 178 bottles, three cultivars).

Run as a program it writes them as CSV, so that an image which only needs the rows can be built without scikit-learn:
``python -m models.wine.table OUT.csv``.
"""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_wine

from models.card import read_card

__all__ = ["Table", "read_table", "write_csv"]


@dataclass(frozen=True)
class Table:
    """
    The packaged rows, in the order in which they are packaged (sorted by cultivar).

    columns: the thirteen names, in the order of the features.
    sample_ids: int64[178], 0..177, the position in the packaged file.
    features: float64[178, 13], raw units of the source, columns as in the model's card.
    labels: int64[178], the cultivar, 0..2.
    """

    columns: tuple[str, ...]
    sample_ids: npt.NDArray[np.int64]
    features: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]


def read_table() -> Table:
    """
    Read the packaged rows.

    Raises:
        ValueError: scikit-learn ships other columns than this model was built for.
    """
    packaged = load_wine()
    columns = read_card("wine").columns
    # One packaged name carries a slash, which is no column name for Feast.
    names = tuple(name.replace("/", "_") for name in packaged.feature_names)
    if names != columns:
        raise ValueError(f"wanted the columns {columns}, got {names} from scikit-learn's wine data; pin scikit-learn")
    features = np.asarray(packaged.data, dtype=np.float64)
    return Table(
        columns=columns,
        sample_ids=np.arange(len(features), dtype=np.int64),
        features=features,
        labels=np.asarray(packaged.target, dtype=np.int64),
    )


def write_csv(table: Table, *, path: Path) -> None:
    """Write ``sample_id`` and the thirteen columns, one line a bottle, floats in full precision."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("sample_id", *table.columns))
        for sample_id, row in zip(table.sample_ids.tolist(), table.features.tolist(), strict=True):
            writer.writerow((sample_id, *row))


if __name__ == "__main__":
    write_csv(read_table(), path=Path(sys.argv[1]))
