"""
``wine`` inside Triton's python backend: reads a tensor, scores it, answers two.

Triton puts the version folder on the module path and calls the class by this name; ``scoring.py`` and ``weights.npz``
stand beside this file. The repository is mounted read-only, so the interpreter leaves no ``__pycache__`` behind:
a version folder that changes after its load is silently restarted by the next load.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import triton_python_backend_utils as pb_utils  # type: ignore[import-not-found]  # exists inside Triton only
from scoring import Weights, read_weights, score  # type: ignore[import-not-found]  # beside this file, there

__all__ = ["TritonPythonModel"]


class TritonPythonModel:
    """The name and the two methods are Triton's."""

    weights: Weights

    def initialize(self, args: dict[str, str]) -> None:
        """Read the weights of this version; an unreadable file fails the load, with the reason."""
        version_folder = Path(args["model_repository"], args["model_version"])
        self.weights = read_weights(version_folder / "weights.npz")

    def execute(self, requests: list[Any]) -> list[Any]:
        """
        Answer each request.

        features: FP32[rows, 13] -> probabilities: FP32[rows, 3], class: INT64[rows, 1]
        """
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:
        features = pb_utils.get_input_tensor_by_name(request, "features").as_numpy()
        probabilities, classes = score(features, weights=self.weights)
        return pb_utils.InferenceResponse(
            output_tensors=[
                pb_utils.Tensor("probabilities", probabilities),
                pb_utils.Tensor("class", classes.reshape(-1, 1)),
            ]
        )
