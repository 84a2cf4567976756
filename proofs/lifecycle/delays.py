"""By how much a client waits longer for its answers while copies of them are made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from yardfacts.facts import Timing

__all__ = ["Span", "delays"]

BUDGET_S: Final = 0.1
"""Who asks must not notice: as much as a load may delay an answer."""
QUANTILES: Final = {"p50": 0.5, "p95": 0.95}

Span = tuple[float, float]
"""From and to, in seconds since 1970."""


def delays(answers: Sequence[tuple[float, float]], *, shadowed: Sequence[Span], alone: Sequence[Span]) -> list[Timing]:
    """
    How long answers took with a shadow and without one, and by how much longer; nothing where either was not seen.

    Args:
        answers: Of each: when it was asked for, in seconds since 1970, and how many milliseconds it took.
    """
    with_one, without = (
        [took_ms for at_s, took_ms in answers if any(from_s <= at_s <= to_s for from_s, to_s in spans)]
        for spans in (shadowed, alone)
    )
    if not with_one or not without:
        return []
    found: list[Timing] = []
    for name, share in QUANTILES.items():
        with_s, without_s = (float(np.quantile(took_ms, share)) / 1000 for took_ms in (with_one, without))
        longer_s = round(max(with_s - without_s, 0.0), 4)
        found += [
            Timing(phase=f"answer with a shadow, {name}", took_s=round(with_s, 4)),
            Timing(phase=f"answer without a shadow, {name}", took_s=round(without_s, 4)),
            Timing(phase=f"delay of an answer by a shadow, {name}", took_s=longer_s, budget_s=BUDGET_S),
        ]
    return found
