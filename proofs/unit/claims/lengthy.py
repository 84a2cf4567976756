"""Good evidence of the life cycle's long proofs: what dies and runs again, who decides later, and twenty rounds."""

from __future__ import annotations

from collections.abc import Iterable

from proofs.claims.crashes_survived import AGAIN, EVERYWHERE, KILLED, ONCE
from proofs.claims.later_decision_wins import BEGUN, DECISIONS, REFUSED, STANDS, WOKEN

from yardfacts.facts import Answer, Facts

__all__ = ["with_lengthy"]

ENVIRONMENTS = ("dev", "prod")


def _answers(probes: Iterable[str], said: str) -> list[Answer]:
    return [
        Answer(probe=probe, environment=environment, outcome="right", wanted=said, got=said, took_s=1.0)
        for probe in probes
        for environment in ENVIRONMENTS
    ]


def with_lengthy(facts: Facts) -> Facts:
    """*facts*, and those of the three proofs."""
    toggled = _answers(["toggled-meanwhile"], "off and on again before the end")
    refused, *again = ("rollback-of-a-rollback", "rollback", "rollback-again")
    return (
        facts.plus("died", _answers(KILLED, "exit code 137"))
        .plus("died", _answers(AGAIN, "exit code 0"))
        .plus("died", _answers(ONCE, "1 version, 1 committed generation, nobody holds the lock"))
        .plus("died", _answers(EVERYWHERE, "wine version 3; wine version 3; wine version 3; in 2 of 2"))
        .plus("died", toggled)
        .plus("decided", _answers((*DECISIONS, *again), "exit code 0"))
        .plus("decided", _answers([refused], "exit code 10"))
        .plus("decided", _answers((*WOKEN, *REFUSED), "exit code 11, refused"))
        .plus("decided", _answers(BEGUN, "success"))
        .plus("decided", _answers(STANDS, "generation 9: wine version 3"))
        .plus("swung", _answers(["deployed", "swung"], "exit code 0"))
        .plus("swung", _answers(["promotions", "rollbacks"], "20 committed"))
        .plus("swung", toggled)
    )
