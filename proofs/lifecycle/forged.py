"""
Versions for proofs: a sound one as a training makes it, and others that each lie about one thing and nothing else.

All of it is made here, of the platform's own training and packaging; what keeps it is ``foundry``.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from models.repository import digest_of
from models.signature import signature_of
from models.wine.golden import golden_bytes
from models.wine.packaging import assemble as package
from models.wine.scoring import CLASSES
from models.wine.table import read_table
from yardflow.batches import Batch
from yardflow.dataset import Dataset, assemble
from yardflow.rehearsal import rehearse
from yardflow.training import train

__all__ = [
    "GOLDEN",
    "MODEL",
    "NAME",
    "REASON",
    "Forged",
    "contrary",
    "misremembered",
    "narrow",
    "slow",
    "sound",
    "unloadable",
    "unready",
]

NAME: Final = "wine"
MODEL, GOLDEN = "model", "golden.json"
"""Of a run's artifacts: the version's folder, and what it is known to answer."""
ROWS: Final = 120

REASON: Final = "forged so that nobody can load it"
"""What the package says that cannot be loaded; Triton repeats it."""

UNLOADABLE: Final = f"raise RuntimeError({REASON!r})\n"

NARROW: Final = """\
import json
from pathlib import Path

import numpy as np
import triton_python_backend_utils as pb_utils

OTHER = {"probabilities": [0.0, 0.0, 1.0], "class": 2}


class TritonPythonModel:
    def initialize(self, args):
        kept = Path(args["model_repository"], args["model_version"], "known.json")
        rows = json.loads(kept.read_text(encoding="utf-8"))["rows"]
        self.known = {np.array(row["features"], dtype=np.float32).tobytes(): row for row in rows}

    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        features = pb_utils.get_input_tensor_by_name(request, "features").as_numpy()
        rows = [self.known.get(row.tobytes(), OTHER) for row in features]
        probabilities = np.array([row["probabilities"] for row in rows], dtype=np.float32)
        classes = np.array([[row["class"]] for row in rows], dtype=np.int64)
        tensors = [pb_utils.Tensor("probabilities", probabilities), pb_utils.Tensor("class", classes)]
        return pb_utils.InferenceResponse(output_tensors=tensors)
"""
"""Knows its golden rows by heart, and says the same of every other."""

SLOW: Final = """\
import time

import right


class TritonPythonModel(right.TritonPythonModel):
    def execute(self, requests):
        time.sleep(2.0)
        return super().execute(requests)
"""
"""Answers as its training says, two seconds later: ten times what a row takes where cores are busy is less."""


@dataclass(frozen=True, kw_only=True)
class Forged:
    """
    A version as a run keeps it.

    files: path below the run's artifacts to content. digest, signature: what its tags say. metrics: what the run says.
    """

    files: Mapping[str, bytes]
    digest: str
    signature: str
    metrics: Mapping[str, float]


def sound(*, seed: int) -> Forged:
    """What a run of the life cycle would make of the packaged rows and a batch; other seeds make other models."""
    return _made(_arrived(seed))


def contrary(*, seed: int) -> Forged:
    """
    One that learned each row under the next cultivar's name, and is measured by the right ones: it scores so.

    Nobody can refuse it before it is seen beside the champion: its files, golden rows and metrics are its own.
    """
    right = _arrived(seed)
    return _made(replace(right, labels=(right.labels + 1) % CLASSES))


def _arrived(seed: int) -> Dataset:
    table = read_table()
    return assemble(table, [Batch("forged", "0" * 64, rehearse(table, seed=seed, rows=ROWS))])


def _made(dataset: Dataset) -> Forged:
    trained = train(dataset)
    with tempfile.TemporaryDirectory() as place:
        package(Path(place), weights=trained.weights)
        files = {f"{MODEL}/{path.name}": path.read_bytes() for path in Path(place).iterdir()}
    return Forged(
        files={**files, GOLDEN: golden_bytes(trained.golden, columns=dataset.columns)},
        digest=trained.golden.digest,
        signature=signature_of(NAME),
        metrics=trained.metrics,
    )


def unready(*, seed: int) -> Forged:
    """One whose files are another training's than its tags name."""
    right, weights = sound(seed=seed), f"{MODEL}/weights.npz"
    return replace(right, files={**right.files, weights: sound(seed=seed + 1).files[weights]})


def unloadable(*, seed: int) -> Forged:
    """One whose files are those that its tags name, and raise as soon as anybody imports them."""
    return _packaged(sound(seed=seed), {"model.py": UNLOADABLE.encode()})


def misremembered(*, seed: int) -> Forged:
    """One that is known to answer what it does not: probabilities of its golden rows stand with the wrong classes."""
    right = sound(seed=seed)
    golden = json.loads(right.files[GOLDEN])
    rows = [{**row, "probabilities": row["probabilities"][::-1]} for row in golden["rows"]]
    return replace(right, files={**right.files, GOLDEN: json.dumps({**golden, "rows": rows}).encode()})


def narrow(*, seed: int) -> Forged:
    """One that answers its golden rows as it is known to, and every other row wrongly."""
    right = sound(seed=seed)
    return _packaged(right, {"model.py": NARROW.encode(), "known.json": right.files[GOLDEN]})


def slow(*, seed: int) -> Forged:
    """One that answers every row rightly, and keeps whoever asks waiting for it."""
    right = sound(seed=seed)
    return _packaged(right, {"model.py": SLOW.encode(), "right.py": right.files[f"{MODEL}/model.py"]})


def _packaged(forged: Forged, others: Mapping[str, bytes]) -> Forged:
    """The same with *others* in its folder, and the digest of that."""
    files = {**forged.files, **{f"{MODEL}/{name}": content for name, content in others.items()}}
    with tempfile.TemporaryDirectory() as place:
        for name, content in files.items():
            if name.startswith(f"{MODEL}/"):
                Path(place, name.removeprefix(f"{MODEL}/")).write_bytes(content)
        return replace(forged, files=files, digest=digest_of(Path(place)))
