"""
The one door to ``tritonclient``: loading, asking, and the golden rows, all over gRPC.

Not over HTTP: a load there freezes a quarter of the live connections for as long as it lasts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from tritonclient.grpc import InferenceServerClient, InferInput
from tritonclient.utils import InferenceServerException

from yardflow.errors import LoadRefused, LoadSilent, TritonAway

__all__ = ["Answer", "Loaded", "Triton"]

ANSWER_S: Final = 5.0
"""For one question. Answers take milliseconds; a load beside it, on two busy cores, a second."""
LOAD_S: Final = 120.0
"""A load that takes longer is wedged: only a new process of Triton's heals that."""
SILENT: Final = ("StatusCode.DEADLINE_EXCEEDED", "StatusCode.UNAVAILABLE", "StatusCode.CANCELLED")


@dataclass(frozen=True)
class Loaded:
    """A version as Triton's index has it. state: READY, LOADING, UNLOADING or UNAVAILABLE; reason: Triton's own."""

    state: str
    reason: str


@dataclass(frozen=True)
class Answer:
    """What a version gives for some rows. probabilities: float32[rows, classes]. classes: int64[rows]."""

    probabilities: npt.NDArray[np.float32]
    classes: npt.NDArray[np.int64]


class Triton:
    """One server's control side, and direct inference for smoke tests."""

    def __init__(self, address: str) -> None:
        """*address* is host:port of its gRPC side."""
        self._address = address
        self._client = InferenceServerClient(address)

    def load(self, model: str, *, within_s: float = LOAD_S) -> None:
        """
        Let Triton load what ``config.pbtxt`` names, and drop the rest; versions that stay are not touched.

        Raises:
            LoadRefused: A version cannot be loaded; carries Triton's reason. What was loaded before goes on.
            LoadSilent: No answer in time: the model is wedged.
            TritonAway: Nobody answers.
        """
        try:
            self._client.load_model(model, client_timeout=within_s)
        except InferenceServerException as failure:
            status = str(failure.status())
            if status == "StatusCode.DEADLINE_EXCEEDED":
                raise LoadSilent(
                    f"wanted {model} loaded by Triton at {self._address} within {within_s:g} s, got no answer: "
                    "restart Triton's pod, the champion is loaded again by itself"
                ) from failure
            if status in SILENT:
                raise self._away("a load", failure) from failure
            raise LoadRefused(f"wanted {model} loaded, got Triton's refusal: {failure.message()}") from failure

    def versions(self, model: str) -> Mapping[int, Loaded]:
        """
        What Triton knows of the model's versions.

        Raises:
            TritonAway: Nobody answers.
        """
        try:
            index: Any = self._client.get_model_repository_index(client_timeout=ANSWER_S)
        except InferenceServerException as failure:
            raise self._away("its index", failure) from failure
        return {
            int(entry.version): Loaded(entry.state, entry.reason)
            for entry in index.models
            if entry.name == model and entry.version
        }

    def executions(self, model: str, version: int) -> int:
        """
        How many rows the version has answered since it was loaded.

        Raises:
            TritonAway: Nobody answers, or there is no such version.
        """
        try:
            found: Any = self._client.get_inference_statistics(model, str(version), client_timeout=ANSWER_S)
        except InferenceServerException as failure:
            raise self._away("statistics", failure) from failure
        return sum(int(one.inference_count) for one in found.model_stats)

    def predict(self, model: str, version: int, features: npt.NDArray[np.float32]) -> Answer:
        """
        Ask one version directly. features: float32[rows, columns].

        Raises:
            TritonAway: It does not answer.
        """
        tensor = InferInput("features", list(features.shape), "FP32")
        tensor.set_data_from_numpy(np.ascontiguousarray(features, dtype=np.float32))
        try:
            result = self._client.infer(model, [tensor], model_version=str(version), client_timeout=ANSWER_S)
        except InferenceServerException as failure:
            raise self._away(f"an answer of {model} version {version}", failure) from failure
        return Answer(result.as_numpy("probabilities"), result.as_numpy("class").reshape(-1))

    def close(self) -> None:
        """Close the channel."""
        self._client.close()

    def _away(self, wanted: str, failure: InferenceServerException) -> TritonAway:
        return TritonAway(
            f"wanted {wanted} from Triton at {self._address}, got {failure.status()}: {failure.message()}"
        )
