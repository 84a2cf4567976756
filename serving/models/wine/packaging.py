"""What the folder of a version consists of."""

from __future__ import annotations

import shutil
from pathlib import Path

from models.wine.scoring import Weights
from models.wine.training import write_weights

__all__ = ["assemble"]


def assemble(folder: Path, *, weights: Weights) -> None:
    """Put into an empty *folder* what Triton's python backend needs: the weights and the code that reads them."""
    write_weights(weights, path=folder / "weights.npz")
    for name in ("model.py", "scoring.py"):
        shutil.copyfile(Path(__file__).with_name(name), folder / name)
