"""What a model said, out of Triton's JSON answer: for comparing two answers, never on a prediction's way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from yardgate.upstream import Answer

__all__ = ["Scores", "largest_difference", "read_scores"]

PROBABILITIES, CLASS = "probabilities", "class"

READ_BYTES = 64 * 1024
"""Largest answer that is parsed, eight times a full batch of the served model: parsing holds up the event loop."""

UNREADABLE = frozenset((b"content-encoding", b"inference-header-content-length"))
"""Headers of an answer that is not, or not only, plain JSON."""


class _Output(BaseModel):
    model_config = ConfigDict(strict=True)

    name: str
    data: list[float]


class _Outputs(BaseModel):
    outputs: list[_Output]


@dataclass(frozen=True)
class Scores:
    """
    One answer, flat, row after row.

    probabilities: float[rows * classes]. classes: float[rows], whole numbers.
    """

    probabilities: Sequence[float]
    classes: Sequence[float]


def read_scores(answer: Answer) -> Scores | None:
    """The scores in *answer*; None where it is binary, compressed, too long, or carries other outputs."""
    if len(answer.body) > READ_BYTES or any(name in UNREADABLE for name, _ in answer.headers):
        return None
    try:
        outputs = {output.name: output.data for output in _Outputs.model_validate_json(answer.body).outputs}
    except ValidationError:
        return None
    if not outputs.keys() >= {PROBABILITIES, CLASS}:
        return None
    return Scores(probabilities=outputs[PROBABILITIES], classes=outputs[CLASS])


def largest_difference(one: Sequence[float], other: Sequence[float]) -> float:
    """The largest absolute difference of two equally long sequences; infinite where they cannot be compared."""
    if len(one) != len(other):
        return math.inf
    differences = [abs(a - b) for a, b in zip(one, other, strict=True)]
    # A NaN is smaller than nothing and larger than nothing: max() would pass over it.
    return max(differences, default=0.0) if all(map(math.isfinite, differences)) else math.inf
