"""How an attempt ended, in words: evidence that says "exit code 11" and no more helps nobody."""

from __future__ import annotations

import pytest
from proofs.lifecycle.attempt import Attempt

NAMED = "GatewayAway: wanted an answer of gateway-1, got none in 5 s"


@pytest.mark.parametrize(
    ("ended", "told"),
    [
        (Attempt(0, ("done", '{"ledger": 1}')), "exit code 0"),
        (Attempt(11, ("waits", NAMED, '{"ledger": 1}')), f"exit code 11: {NAMED}"),
        (Attempt(137, ("one", "two", "three")), "exit code 137: two / three"),
        (Attempt(1, ()), "exit code 1: "),
    ],
)
def test_a_failure_is_told_with_its_error(ended: Attempt, told: str) -> None:
    """The line that names it, wherever it stands; without one, whatever was said last."""
    assert ended.told == told
