"""By how much a client waits longer for its answers while something goes on beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from yardfacts.facts import Timing

__all__ = ["QUANTILES", "Span", "delays"]

BUDGET_S: Final = 0.1
"""Who asks must not notice: as much as a load may delay an answer."""
QUANTILES: Final = {"p50": 0.5, "p95": 0.95, "max": 1.0}

Span = tuple[float, float]
"""From and to, in seconds since 1970."""


def delays(
    answers: Sequence[tuple[float, float]], *, by: str, during: Sequence[Span], otherwise: Sequence[Span]
) -> list[Timing]:
    """
    How long answers took while it went on and otherwise, and by how much longer; nothing where either was not seen.

    The most that it can have delayed one is the slowest answer less the median of the others, whatever made it slow.

    Args:
        answers: Of each: when it was asked for, in seconds since 1970, and how many milliseconds it took.
        by: What went on, as a person names it.
        during: When it did; an answer counts that was waited for in any part of it.
        otherwise: When it did not, and nothing else did.
    """
    during_s = _within(answers, during)
    others_s = _within(answers, otherwise)
    if not during_s or not others_s:
        return []
    found: list[Timing] = []
    for name, share in QUANTILES.items():
        with_s, without_s = (float(np.quantile(took_s, share)) for took_s in (during_s, others_s))
        longer_s = round(max(with_s - without_s, 0.0), 4)
        found += [
            Timing(phase=f"answer during {by}, {name}", took_s=round(with_s, 4)),
            Timing(phase=f"answer without {by}, {name}", took_s=round(without_s, 4)),
            Timing(phase=f"delay of an answer by {by}, {name}", took_s=longer_s, budget_s=BUDGET_S),
        ]
    most_s = round(max(during_s) - float(np.median(others_s)), 4)
    return [*found, Timing(phase=f"delay of an answer by {by}, at most", took_s=max(most_s, 0.0), budget_s=BUDGET_S)]


def _within(answers: Sequence[tuple[float, float]], spans: Sequence[Span]) -> list[float]:
    return [took_ms / 1000 for at_s, took_ms in answers if _overlaps(at_s, took_ms, spans)]


def _overlaps(at_s: float, took_ms: float, spans: Sequence[Span]) -> bool:
    return any(at_s <= to_s and at_s + took_ms / 1000 >= from_s for from_s, to_s in spans)
