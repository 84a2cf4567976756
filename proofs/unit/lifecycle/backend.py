"""Triton's python backend, as far as a version's ``model.py`` asks of it: what the folder says is what is answered."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
from proofs.unit.yardflow.shop import Server

from yardflow.errors import LoadRefused
from yardflow.triton import Answer

__all__ = ["Asked", "Backend", "served"]

Asked = Callable[[npt.NDArray[np.float32]], tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]]
"""features: float32[rows, 13] -> probabilities: float32[rows, 3], class: int64[rows]."""


def served(folder: Path) -> Asked:
    """Run the ``model.py`` of a version's folder; raises whatever it raises."""
    with _modules(folder):
        written: dict[str, Any] = {"__file__": str(folder / "model.py")}
        exec(compile((folder / "model.py").read_text(), "model.py", "exec"), written)  # noqa: S102 - as Triton does
        model = written["TritonPythonModel"]()
        model.initialize({"model_repository": str(folder.parent), "model_version": folder.name})

    def ask(features: npt.NDArray[np.float32]) -> Any:
        (answer,) = model.execute([SimpleNamespace(as_numpy=lambda: features)])
        return answer["probabilities"], answer["class"].reshape(-1)

    return ask


@contextmanager
def _modules(folder: Path) -> Iterator[None]:
    """What stands beside the file can be imported, and what Triton brings; afterwards neither."""
    backend: Any = ModuleType("triton_python_backend_utils")
    backend.get_input_tensor_by_name = lambda request, name: request
    backend.Tensor = lambda name, values: (name, values)
    backend.InferenceResponse = lambda *, output_tensors: dict(output_tensors)
    sys.modules["triton_python_backend_utils"] = backend
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in ("triton_python_backend_utils", "scoring", "right"):
            sys.modules.pop(name, None)


@dataclass
class Backend(Server):
    """Stands for Triton as ``Server`` does, and runs the code that lies there."""

    running: dict[int, Asked] = field(default_factory=dict)

    def load(self, model: str, *, within_s: float = 0.0) -> None:
        for version in sorted(self.repository.arranged(model) - self.running.keys()):
            try:
                self.running[version] = served(self.repository.folder(model) / str(version))
            except Exception as failure:  # whatever a version raises, as Triton says it
                raise LoadRefused(f"wanted {model} loaded, got Triton's refusal: {failure!r}") from failure
        self.running = {version: self.running[version] for version in self.repository.arranged(model)}
        super().load(model, within_s=within_s)

    def predict(self, model: str, version: int, features: npt.NDArray[np.float32]) -> Answer:
        self.load(model)
        self.counted[version] = self.counted.get(version, 0) + len(features)
        return Answer(*self.running[version](features))
