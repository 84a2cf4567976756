"""What goes in and comes out of a model, as one digest: a version with another one fits neither callers nor card."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

__all__ = ["signature_of"]

OUTPUTS: Final = ({"name": "probabilities", "datatype": "FP32"}, {"name": "class", "datatype": "INT64"})
"""As ``config.pbtxt`` declares them; a test holds this against it."""


def signature_of(model: str) -> str:
    """The sha256 hex digest of the model's declared tensors and columns."""
    card = json.loads(Path(__file__).parent.joinpath(model, "card.json").read_text(encoding="utf-8"))
    declared = {"input": card["input"], "columns": card["columns"], "outputs": OUTPUTS}
    return hashlib.sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()
