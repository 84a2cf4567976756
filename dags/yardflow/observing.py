"""
After a rollback: whether users get errors, for half a minute. It is no part of the rollback's time, and moves nothing.

What is counted is what the gateways answered to whoever asked; where nobody did, nothing is known, and that is said.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from yardflow.errors import Unsteady
from yardflow.flow import Flow
from yardflow.waiting import wait_until

__all__ = ["WATCH_S", "Seen", "watch"]

WATCH_S: Final = 30.0
Answers = Mapping[str, Counter[int]]
"""Replica to status code to number of answers since it started."""


@dataclass(frozen=True)
class Seen:
    """What users were answered. failed: with 500 or above."""

    answers: int
    failed: int

    @property
    def share(self) -> float:
        """Of the answers that failed, 0 to 1; 0 of none."""
        return self.failed / self.answers if self.answers else 0.0


def watch(flow: Flow, *, for_s: float) -> Seen:
    """
    Count what users are answered for *for_s* seconds, and hold it against what they were answered before.

    Raises:
        Unsteady: A larger share fails than did since the replicas started.
        GatewayAway: There is no replica, or one does not say what it answered.
    """
    before = _answers(flow)
    end_s = time.monotonic() + for_s
    wait_until(lambda: time.monotonic() >= end_s, within_s=2 * for_s, failure=TimeoutError)
    after = _answers(flow)
    # A replica that started in between has counted from nothing.
    seen = _seen(after[one] - before.get(one, Counter()) for one in after)
    known = _seen(before.values())
    flow.tell(f"watched for {for_s:g} s: {seen.answers} answers, {seen.failed} failed")
    if seen.share > known.share:
        raise Unsteady(
            f"wanted at most the share of errors from before, {known.share:.4f} of {known.answers} answers, got "
            f"{seen.failed} of {seen.answers} in {for_s:g} s: what is committed stays; `status` and the gateways' logs "
            "say what is so"
        )
    return seen


def _answers(flow: Flow) -> Answers:
    return {replica: flow.gateway.answered(replica) for replica in flow.gateway.replicas()}


def _seen(counted: Iterable[Counter[int]]) -> Seen:
    total: Counter[int] = sum(counted, Counter())
    return Seen(total.total(), sum(count for code, count in total.items() if code >= httpx.codes.INTERNAL_SERVER_ERROR))
