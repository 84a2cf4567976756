"""Whether two answers of a model are the same numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

__all__ = ["are_equal", "kept"]

DIGITS: Final = 5
"""Significant ones of a probability that a client keeps: equal answers are counted together."""
RELATIVE: Final = 1e-3
"""
Of the larger one. Single precision, in whatever order thirteen products are added, and a client's rounding keep 1e-4 of
a probability; where two models are equally sure of a row, their doubts still differ by a hundredth.
"""


def kept(answer: Iterable[float]) -> tuple[float, ...]:
    """What a client keeps of an answer."""
    return tuple(float(f"{value:.{DIGITS}g}") for value in answer)


def are_equal(one: Sequence[float], other: Sequence[float]) -> bool:
    """Equal in number, and each within a thousandth of itself: a doubt of 1e-5 counts as much as a certainty."""
    # What is no number equals nothing.
    return len(one) == len(other) and all(
        abs(a - b) <= RELATIVE * max(abs(a), abs(b)) for a, b in zip(one, other, strict=True)
    )
