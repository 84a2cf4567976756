"""Good evidence of the life cycle's long proofs: what dies and runs again, who decides later, rounds and loads."""

from __future__ import annotations

from typing import Final

from proofs.claims import loads_unnoticed
from proofs.claims.crashes_survived import AGAIN, EVERYWHERE, KILLED, ONCE
from proofs.claims.later_decision_wins import BEFORE, BEGUN, DECIDED, DECISIONS, HELD, OVERTAKEN, REFUSED, STANDS, WOKEN
from proofs.lifecycle.layered import PROBE

from yardfacts.facts import Facts, Generation, Known

from .witnesses import ENVIRONMENTS, answers, client

__all__ = ["with_lengthy"]

OUTPUTS: Final = {1: (0.9996, 0.0003, 0.0001), 3: (0.998, 0.0015, 0.0005), 4: (0.997, 0.002, 0.001)}
DECISIONS_OF: Final = {4: ("committed", 3), 5: ("committed", 1), 7: ("aborted", 0), 9: ("committed", 3)}
"""By generation: how it ended, and its champion. The third was held after its switch, to version 4."""
FIRST: Final = 5
"""The truth before anybody decides."""


def with_lengthy(facts: Facts) -> Facts:
    """*facts*, and those of the four proofs."""
    facts = _loads(facts)
    layered = answers([PROBE], "on to the end")
    refused, *again = ("rollback-of-a-rollback", "rollback", "rollback-again")
    for environment in ENVIRONMENTS:
        numbers = [_generation(environment, number) for number in DECISIONS_OF]
        facts = (
            facts.plus(DECIDED, list(client(environment, {(5, 1): 900, (7, 4): 30, (9, 3): 400}, OUTPUTS)))
            .plus(DECIDED, [Known(environment=environment, version=one, outputs=out) for one, out in OUTPUTS.items()])
            .plus(DECIDED, numbers)
            .plus(BEFORE, [one for one in numbers if one.generation <= FIRST])
        )
    return (
        facts.plus("died", answers(KILLED, "exit code 137"))
        .plus("died", answers(AGAIN, "exit code 0"))
        .plus("died", answers(ONCE, "version 3 registered, 1 committed generation, nobody holds the lock"))
        .plus("died", answers(EVERYWHERE, "wine version 3; wine version 3; wine version 3; in 2 of 2"))
        .plus("died", layered)
        .plus(DECIDED, answers((*DECISIONS, *again), "exit code 0, accepted"))
        .plus(DECIDED, answers([refused], "exit code 10, Flapping"))
        .plus(DECIDED, answers([HELD], "wine version 4, generation 7, in 2 of 2"))
        .plus(DECIDED, answers(OVERTAKEN, "a later decision"))
        .plus(DECIDED, answers((*WOKEN, *REFUSED), "exit code 11, refused"))
        .plus(DECIDED, answers(BEGUN, "success"))
        .plus(DECIDED, layered)
        .plus(DECIDED, answers(STANDS, "generation 9: wine version 3"))
        .plus("swung", answers(["deployed", "swung"], "exit code 0"))
        .plus("swung", answers(["promotions", "rollbacks"], "20 committed"))
        .plus("swung", layered)
    )


def _generation(environment: str, number: int) -> Generation:
    phase, champion = DECISIONS_OF[number]
    return Generation(
        environment=environment,
        generation=number,
        deploy_id=f"d{number}",
        action="deploy",
        phase=phase,
        champion=champion,
        previous=0,
        digest=f"{champion}" * 64,
        reason="a proof wants to see who wins",
        took_s=0.0,
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
