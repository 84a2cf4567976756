"""
Whether the packaged files answer like the model that was trained, before anybody loads them.

They are read by a process of its own, which has them, numpy and Python's library, as Triton's backend has: a
``scoring.py`` that imports what stands beside the training fails here, and not there.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.errors import GoldenMismatch
from models.wine.golden import TOLERANCE, Golden

__all__ = ["parity"]

WITHIN_S: Final = 60.0
"""A second's work, on a node where somebody else may be at work."""

READER: Final = """
import importlib.abc, json, sys
import numpy as np

class Nobody(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in ("numpy", "scoring"):
            raise ModuleNotFoundError(f"wanted numpy and Python's library only, got an import of {name}", name=name)

folder = sys.argv[1]
sys.meta_path.insert(0, Nobody())
sys.path.insert(0, folder)
import scoring
from pathlib import Path
features = np.array(json.load(sys.stdin), dtype=np.float32)
probabilities, classes = scoring.score(features, weights=scoring.read_weights(Path(folder, "weights.npz")))
types = [str(probabilities.dtype), str(classes.dtype)]
json.dump({"types": types, "probabilities": probabilities.tolist(), "classes": classes.tolist()}, sys.stdout)
"""


def parity(golden: Golden, version_folder: Path) -> float:
    """
    Score the golden rows with the files of *version_folder*; the largest difference of a probability. Nothing in the
    folder changes.

    Raises:
        GoldenMismatch: It is above ``TOLERANCE``, a class or a type differs, or the files do not work by themselves.
    """
    wanted = f"wanted the golden outputs of {golden.model} from {version_folder} within {TOLERANCE}"
    if len(golden.features) == 0:
        raise GoldenMismatch(f"{wanted}, got no golden rows to ask for")
    answer = _ask(version_folder, json.dumps(golden.features.tolist()), wanted=wanted)
    types, classes = answer["types"], answer["classes"]
    if types != ["float32", "int64"] or classes != golden.classes.tolist():
        raise GoldenMismatch(f"{wanted}, got {types} and classes {classes} instead of {golden.classes.tolist()}")
    probabilities = np.array(answer["probabilities"], dtype=np.float32)
    if probabilities.shape != golden.probabilities.shape:
        raise GoldenMismatch(f"{wanted}, got {probabilities.shape} instead of {golden.probabilities.shape}")
    difference = float(np.abs(probabilities - golden.probabilities).max())
    # What is no number compares with nothing, and is not right either.
    if not difference <= TOLERANCE:
        raise GoldenMismatch(f"{wanted}, got a difference of {difference}; package what was trained")
    return difference


def _ask(version_folder: Path, features: str, *, wanted: str) -> dict[str, Any]:
    # -I: neither this process's path nor its variables. -B: the folder has a digest, and Triton watches it.
    command = [sys.executable, "-I", "-B", "-c", READER, str(version_folder)]
    try:
        done = subprocess.run(command, input=features, capture_output=True, text=True, timeout=WITHIN_S, check=True)
        answer: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired as failure:
        raise GoldenMismatch(f"{wanted}, got no answer for {WITHIN_S:g} s") from failure
    except subprocess.CalledProcessError as failure:
        last = failure.stderr.strip().rpartition("\n")[2]
        raise GoldenMismatch(f"{wanted}, got status {failure.returncode}: {last}") from failure
    except json.JSONDecodeError as failure:
        raise GoldenMismatch(f"{wanted}, got {done.stdout[:200]!r}: nothing else may be printed") from failure
    return answer
