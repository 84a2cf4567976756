"""Twenty promotions and twenty rollbacks: how they ended, and how long they took."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from proofs.lifecycle import swinging
from proofs.lifecycle.arrivals import delivered
from proofs.lifecycle.attempt import attempt, sent
from proofs.lifecycle.delays import QUANTILES
from proofs.lifecycle.story import PROMOTION_BUDGET_S, ROLLBACK_BUDGET_S, Story
from proofs.services.inquiry import Inquiry

from yardfacts.facts import Fact, Timing

__all__ = ["ROUNDS", "swing"]

ROUNDS: Final = 20
SEED: Final = 300

Round = Mapping[str, float]


def swing(story: Story) -> tuple[Fact, ...]:
    """Promote a new version; then go back and forth between it and the one before, which both stay loaded."""
    inquiry, run_id, rounds = Inquiry(story.environment), story.hands.run_id, list[Round]()

    def deployed() -> str:
        with delivered(story.hands, "swinging", seed=SEED):
            return attempt(story.hands, f"{run_id}-swinging").told

    if not inquiry.ask("deployed", wanted="exit code 0", got=deployed):
        return tuple(inquiry.facts)
    begun = story.ledger()
    story.deployed.add(begun[-1].champion)

    def heard(line: str) -> None:
        if line.startswith("{"):
            rounds.append(json.loads(line))

    inquiry.ask(
        "swung",
        wanted="exit code 0",
        got=lambda: f"exit code {sent(story.hands, swinging, str(ROUNDS), tell=heard).code}",
    )
    since = [one for one in story.ledger() if one.generation > begun[-1].generation and one.phase == "committed"]
    for action, probe in (("deploy", "promotions"), ("rollback", "rollbacks")):
        inquiry.ask(
            probe,
            wanted=f"{ROUNDS} committed",
            got=lambda action=action: f"{sum(one.action == action for one in since)} committed",  # type: ignore[misc]
        )
    return (*inquiry.facts, *_timings(rounds))


def _timings(rounds: Sequence[Round]) -> tuple[Fact, ...]:
    whats = (("promotion by command", "promotion_s", PROMOTION_BUDGET_S), ("rollback", "rollback_s", ROLLBACK_BUDGET_S))
    return tuple(
        Timing(
            phase=f"{what}, {name}",
            took_s=round(float(np.quantile([one[key] for one in rounds], share)), 3),
            budget_s=budget_s,
        )
        for what, key, budget_s in whats
        for name, share in QUANTILES.items()
        if rounds
    )
