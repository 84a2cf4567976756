"""Before a version is unloaded: whoever was sent to it has to have his answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Final

from yardflow.errors import GatewayAway
from yardflow.flow import Flow
from yardflow.waiting import wait_until

__all__ = ["drain"]

DRAIN_S: Final = 30.0
"""Three times what a gateway gives a body and its answer: who is left after that is nobody who still waits."""


def drain(flow: Flow, versions: Collection[int]) -> None:
    """
    Wait until no prediction is on its way to *versions*.

    No gateway sends anybody there any more, so it ends by itself. It holds nothing up for ever: after ``DRAIN_S`` a
    line tells what was left, or which replica did not say, and whoever unloads goes on.
    """
    if not versions:
        return
    left: list[str] = []

    def is_empty() -> bool:
        left[:] = _left(flow, versions)
        return not left

    try:
        wait_until(is_empty, within_s=DRAIN_S, failure=TimeoutError)
    except TimeoutError:
        flow.tell(f"unloading all the same after {DRAIN_S:g} s: {'; '.join(left)}")


def _left(flow: Flow, versions: Collection[int]) -> list[str]:
    try:
        found: Counter[int] = sum(
            (flow.gateway.underway(one, flow.model) for one in flow.gateway.replicas()), Counter()
        )
    except GatewayAway as failure:
        return [str(failure)]
    return [f"{number} predictions on their way to version {one}" for one, number in found.items() if one in versions]
