"""
What a candidate is asked before any user asks it: does it answer as it was trained, and soon enough.

Its time is held against the champion's in the same seconds, and not against a number alone: what is slow on one machine
is a bad day on another.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.wine.table import read_table
from models.wine.training import is_holdout
from yardflow.errors import TooSlow, WrongAnswers
from yardflow.flow import Flow
from yardflow.gate import ACCURACY
from yardflow.registry import Kept
from yardflow.training import measure
from yardflow.waiting import wait_until

__all__ = ["check_pace", "smoke"]

COUNTED_S: Final = 5.0
"""Until Triton has counted an answer that was received: milliseconds, or more where both cores are busy."""
ROUNDING: Final = 1e-6
"""Between a metric as it was logged and the same computed again from single precision."""
ASKED: Final = 7
"""Single rows, of each in turns. A p99 of so few would be their worst, which busy cores decide: the median is asked."""
TIMES: Final = 10.0
"""So much slower than the champion is what nobody meant; a model that is twice as large is not."""
FREE_MS: Final = 250.0
"""Up to here no user is kept waiting, however fast the champion is; more than a row takes where cores are busy."""


def smoke(flow: Flow, kept: Kept) -> Mapping[str, Any]:
    """
    Ask the candidate before any user does: golden rows, and every held-out row, whose metrics must be the trained ones.

    Then single rows, whose time is held against the champion's.

    Raises:
        WrongAnswers: It answers otherwise than what was trained, or somebody else answered.
        TooSlow: It is much slower than the champion.
        TritonAway: It does not answer.
    """
    before = flow.triton.executions(flow.model, kept.version)
    difference = flow.check_triton(kept.version)
    held_out, labels = _held_out()
    got = flow.triton.predict(flow.model, kept.version, held_out)
    measured = measure(got.probabilities, got.classes, labels=labels)
    # A metric that was not logged, or is no number, agrees with nothing.
    away = {
        name: abs(measured[name] - kept.metrics.get(name, np.nan)) for name in {ACCURACY, *kept.metrics} & {*measured}
    }
    wrong = {name: measured[name] for name, distance in away.items() if not distance <= ROUNDING}
    if wrong:
        trained = {name: kept.metrics.get(name) for name in wrong}
        raise WrongAnswers(f"wanted version {kept.version} to score as it was trained, {trained}; got {wrong}")
    asked = len(labels) + len(flow.golden(kept.version).features)

    def counted() -> int:
        return flow.triton.executions(flow.model, kept.version) - before

    # Triton counts an answer after it is sent: seen to be one answer behind.
    wait_until(
        lambda: counted() >= asked,
        within_s=COUNTED_S,
        failure=lambda: WrongAnswers(
            f"wanted {asked} rows answered by version {kept.version}, Triton counts {counted()} after {COUNTED_S:g} s"
        ),
    )
    flow.tell(f"version {kept.version} answers {asked} rows as it was trained")
    current = flow.ledger.current
    pace = check_pace(flow, kept.version, champion=current.version("champion") if current else None)
    return {"golden_max_difference": difference, "rows": asked, **measured, **pace}


def check_pace(flow: Flow, version: int, *, champion: int | None) -> Mapping[str, float]:
    """
    Ask *version* and the *champion*, where there is one, in turns; the median of each, in milliseconds.

    Raises:
        TooSlow: The candidate takes more than ``TIMES`` what the champion takes, and more than ``FREE_MS``.
        TritonAway: One does not answer.
    """
    asked = {"row_ms": version} if champion in (None, version) else {"row_ms": version, "champion_row_ms": champion}
    row = flow.golden(version).features[:1]
    took_ms: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(ASKED):
        for name, one in asked.items():
            started_s = time.monotonic()
            flow.triton.predict(flow.model, one, row)
            took_ms[name].append(1000 * (time.monotonic() - started_s))
    medians_ms = {name: statistics.median(took) for name, took in took_ms.items()}
    most_ms = max(FREE_MS, TIMES * medians_ms.get("champion_row_ms", 0.0))
    if medians_ms["row_ms"] > most_ms:
        raise TooSlow(
            f"wanted version {version} to take {most_ms:.0f} ms for a row at most, "
            f"got {medians_ms['row_ms']:.0f} ms in the middle of {ASKED}"
        )
    return {name: round(median_ms, 3) for name, median_ms in medians_ms.items()}


def _held_out() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """The rows that every version was measured on, as requests carry them, and their labels."""
    table = read_table()
    kept = np.array([is_holdout(int(sample_id)) for sample_id in table.sample_ids])
    return table.features[kept].astype(np.float32), table.labels[kept]
