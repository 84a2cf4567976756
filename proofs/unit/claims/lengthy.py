"""Good evidence of the life cycle's long proofs: what dies and runs again, who decides later, rounds and loads."""

from __future__ import annotations

from typing import Final

from proofs.claims import loads_unnoticed
from proofs.claims.crashes_survived import AGAIN, EVERYWHERE, KILLED, ONCE
from proofs.claims.later_decision_wins import BEGUN, DECIDED, DECISIONS, REFUSED, STANDS, WOKEN
from proofs.lifecycle.layered import PROBE

from yardfacts.facts import Facts, Known

from .witnesses import ENVIRONMENTS, answers, client

__all__ = ["with_lengthy"]

OUTPUTS: Final = {1: (0.9996, 0.0003, 0.0001), 3: (0.998, 0.0015, 0.0005)}


def with_lengthy(facts: Facts) -> Facts:
    """*facts*, and those of the four proofs."""
    facts = _loads(facts)
    toggled = answers(["toggled-meanwhile"], "off and on again before the end")
    refused, *again = ("rollback-of-a-rollback", "rollback", "rollback-again")
    for environment in ENVIRONMENTS:
        facts = facts.plus(DECIDED, list(client(environment, {(5, 1): 900, (9, 3): 400}, OUTPUTS))).plus(
            DECIDED, [Known(environment=environment, version=one, outputs=out) for one, out in OUTPUTS.items()]
        )
    return (
        facts.plus("died", answers(KILLED, "exit code 137"))
        .plus("died", answers(AGAIN, "exit code 0"))
        .plus("died", answers(ONCE, "1 version, 1 committed generation, nobody holds the lock"))
        .plus("died", answers(EVERYWHERE, "wine version 3; wine version 3; wine version 3; in 2 of 2"))
        .plus("died", toggled)
        .plus(DECIDED, answers((*DECISIONS, *again), "exit code 0"))
        .plus(DECIDED, answers([refused], "exit code 10"))
        .plus(DECIDED, answers((*WOKEN, *REFUSED), "exit code 11, refused"))
        .plus(DECIDED, answers(BEGUN, "success"))
        .plus(DECIDED, answers([PROBE], "on to the end"))
        .plus(DECIDED, answers(STANDS, "generation 9: wine version 3"))
        .plus("swung", answers(["deployed", "swung"], "exit code 0"))
        .plus("swung", answers(["promotions", "rollbacks"], "20 committed"))
        .plus("swung", toggled)
    )


def _loads(facts: Facts) -> Facts:
    at, seen = loads_unnoticed.AT, loads_unnoticed.CLIENT
    said = {"loads": "20 loaded anew", PROBE: "on to the end", "loads-unloaded": "version 4 is not READY"}
    asked = (*loads_unnoticed.GIVEN, *(probe for probes in loads_unnoticed.QUESTIONS.values() for probe in probes))
    for probe in asked:
        facts = facts.plus(at, answers([probe], said.get(probe, "as it was before")))
    for environment in ENVIRONMENTS:
        facts = facts.plus(at, [Known(environment=environment, version=1, outputs=OUTPUTS[1])])
        facts = facts.plus(seen, list(client(environment, {(11, 1): 900, (12, 1): 12}, OUTPUTS)))
    return facts
