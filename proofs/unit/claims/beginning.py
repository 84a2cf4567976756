"""Good evidence of a first deployment ever, as an honest yard with two environments would record it."""

from __future__ import annotations

from typing import Final

from proofs.claims.first_deployment import (
    GIVEN,
    PROMOTED,
    QUESTIONS,
    RETURNED,
    SEEDED,
    SEEN,
)

from yardfacts.facts import Facts, Generation, Known

from .promoting import generation, told
from .witnesses import ENVIRONMENTS, client, right

__all__ = ["with_beginning"]

OUTPUTS: Final = {1: (0.9996, 0.0003, 0.0001), 4: (0.9999, 0.0001, 0.0)}
"""Version 1 is the seed's; 4 is the next one that is registered."""
SAW: Final = {(1, 1): 300, (2, 4): 400, (3, 1): 350}
"""Generation and version to how many answers."""
LEDGER: Final = (
    generation(1, "seed", previous=0),
    generation(2, "deploy", champion=4, previous=1),
    generation(3, "rollback", previous=4, took_s=0.6),
)
READ: Final = {SEEDED: 1, PROMOTED: 2, RETURNED: 3}
"""By moment: how many generations the ledger has."""
TOLD: Final = {PROMOTED: told(4, 2, "deploy"), RETURNED: told(1, 3, "rollback")}
SAID: Final = {
    "blank-wiped": "exit code 0: repository, state",
    "blank-registry": "champion 1; 0 versions of a generation",
    "blank-deleted": "2 deleted",
    "blank-replicas": "generation 0 in 2 of 2 others",
    "blank-answer": "HTTP 503 alias-vacant from 2",
    "blank-refused": "exit code 11, NeverDeployed: has the seed run?",
    "blank-ledger": "0 generations",
    "seeded-job": "another one has succeeded",
    "seeded-triton": "1 other ready",
    "seeded-champion": "wine version 1; wine version 1; wine version 1; wine version 1, generation 1, in 2 of 2",
    "seeded-golden": "15 golden rows of version 1 as recorded, by 3 of 3",
    "seeded-free": "deploying -; follows everything",
    "layer-meanwhile": "on to the end",
    "first-refused": "exit code 10, NothingToRollBackTo: nothing stood before generation 1",
    "again-refused": "exit code 10, Flapping: --again",
    "run-succeeded": "success",
    "rollback-accepted": "0",
    "rollback-watched": "users asked, 0 failed",
}
UNMOVED: Final = {
    "ledger-unmoved": f"generation 1: champion 1 {1:064d}, previous 0",
    "registry-unmoved": "champion 1",
    "replicas-unmoved": "; ".join(["generation 1 of seed: champion 1"] * 2),
    "triton-unmoved": "versions 1 ready",
    "golden-unmoved": "15 golden rows of version 1 as recorded, by 3 of 3",
}


def with_beginning(facts: Facts) -> Facts:
    """*facts*, and what was recorded where nobody had ever deployed anything."""
    said = {**SAID, **UNMOVED}
    moments = dict.fromkeys((*GIVEN, *QUESTIONS))
    for environment in ENVIRONMENTS:
        for moment in moments:
            probes = (*GIVEN.get(moment, ()), *(one for asked in QUESTIONS.get(moment, {}).values() for one in asked))
            answers = {**{probe: said[probe] for probe in probes}, **TOLD.get(moment, {})}
            facts = facts.plus(moment, [right(probe, environment, answer) for probe, answer in answers.items()])
        for moment, length in READ.items():
            entries = [Generation(environment=environment, reason="asked for", **one) for one in LEDGER[:length]]
            facts = facts.plus(moment, entries)
        facts = facts.plus(SEEN, list(client(environment, SAW, OUTPUTS, late=2))).plus(
            SEEN, [Known(environment=environment, version=one, outputs=kept) for one, kept in OUTPUTS.items()]
        )
    return facts
