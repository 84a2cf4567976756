"""
A version that answers as it was trained, and was trained to say the wrong thing.

Nobody can refuse it before it is seen beside the champion: its files, golden rows and metrics are its own.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

from proofs.lifecycle.forged import GOLDEN, MODEL, NAME, Forged

from models.signature import signature_of
from models.wine.golden import golden_bytes
from models.wine.packaging import assemble as package
from models.wine.scoring import CLASSES
from models.wine.table import read_table
from yardflow.batches import Batch
from yardflow.dataset import assemble
from yardflow.rehearsal import rehearse
from yardflow.training import train

__all__ = ["contrary"]

ROWS: Final = 120


def contrary(*, seed: int) -> Forged:
    """One that learned each row under the next cultivar's name, and is measured by the right ones: it scores so."""
    table = read_table()
    dataset = assemble(table, [Batch("forged", "0" * 64, rehearse(table, seed=seed, rows=ROWS))])
    trained = train(replace(dataset, labels=(dataset.labels + 1) % CLASSES))
    with tempfile.TemporaryDirectory() as place:
        package(Path(place), weights=trained.weights)
        files = {f"{MODEL}/{path.name}": path.read_bytes() for path in Path(place).iterdir()}
    return Forged(
        files={**files, GOLDEN: golden_bytes(trained.golden, columns=dataset.columns)},
        digest=trained.golden.digest,
        signature=signature_of(NAME),
        metrics=trained.metrics,
    )
