"""What a model said, out of Triton's JSON answer: for comparing two answers, never on a prediction's way."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from yardgate.upstream import Answer

__all__ = ["Scores", "largest_difference", "read_scores"]

PROBABILITIES, CLASS = "probabilities", "class"

READ_BYTES = 64 * 1024
"""Largest answer that is parsed, eight times a full batch of the served model: parsing holds up the event loop."""

BINARY = b"inference-header-content-length"
"""Header of an answer that is not only JSON."""

INFLATED = frozenset((b"gzip", b"deflate"))
"""What Triton compresses by where a caller accepts it, as most clients do without being told."""

EITHER_FORMAT = zlib.MAX_WBITS | 32
"""For zlib: read in the head whether it is gzip's or its own."""


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
    """The scores in *answer*; None where it is binary, too long, of an unknown encoding, or carries other outputs."""
    text = None if any(name == BINARY for name, _ in answer.headers) else _text(answer)
    if text is None:
        return None
    try:
        outputs = {output.name: output.data for output in _Outputs.model_validate_json(text).outputs}
    except ValidationError:
        return None
    if not outputs.keys() >= {PROBABILITIES, CLASS}:
        return None
    return Scores(probabilities=outputs[PROBABILITIES], classes=outputs[CLASS])


def _text(answer: Answer) -> bytes | None:
    """The body as it was before it was compressed; None where nobody knows, or it is longer than is read."""
    encodings = [value.strip().lower() for name, value in answer.headers if name == b"content-encoding"]
    if not encodings or encodings == [b"identity"]:
        return answer.body if len(answer.body) <= READ_BYTES else None
    if len(encodings) > 1 or encodings[0] not in INFLATED:
        return None
    inflating = zlib.decompressobj(EITHER_FORMAT)
    try:
        text = inflating.decompress(answer.body, READ_BYTES)
    except zlib.error:
        return None
    return text if inflating.eof else None  # what does not end within so many bytes is longer, or cut off


def largest_difference(one: Sequence[float], other: Sequence[float]) -> float:
    """The largest absolute difference of two equally long sequences; infinite where they cannot be compared."""
    if len(one) != len(other):
        return math.inf
    differences = [abs(a - b) for a, b in zip(one, other, strict=True)]
    # A NaN is smaller than nothing and larger than nothing: max() would pass over it.
    return max(differences, default=0.0) if all(map(math.isfinite, differences)) else math.inf
