"""Good evidence of a ledger that is lost and made again, as an honest yard with two environments would record it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from proofs.claims.ledger_rebuilt import AGAIN, COMMANDS, GIVEN, LOST, QUESTIONS, REPLICA

from yardfacts.facts import Answer, Facts, Known

from .witnesses import ENVIRONMENTS, client, right

__all__ = ["with_rebuilt"]

OUTPUTS: Final = {2: (0.998, 0.0015, 0.0005), 3: (0.997, 0.002, 0.001)}
"""Version 2 is the champion when the volume goes, version 3 for a while afterwards."""
SEEN: Final[Mapping[str, Mapping[tuple[int, int], int]]] = {
    LOST: {(5, 2): 900, (6, 2): 300},
    REPLICA: {(6, 2): 350},
    AGAIN: {(6, 2): 400, (7, 3): 200, (8, 2): 500, (9, 2): 20, (10, 2): 150},
}
"""By moment: generation and version to how many answers."""
SAID: Final = {
    "meanwhile": "on to the end",
    "promoted": "exit code 0",
    "accepted": "exit code 0",
    "status": "exit code 0",
    "converged": "exit code 0: everything follows",
    "wiped": "exit code 0: repository, state",
    "ledger": "0 generations",
    "died": "exit code 137",
    "open": "generation 9 open",
    "once": "generation 9 aborted, generation 10 committed",
    "again": "exit code 10, NotLost",
    "deleted": "1 deleted",
    "back": "2 ready",
    "aliases": "champion 2, previous 1",
    "loaded": "versions 1, 2 ready",
    "golden": "15 golden rows of version 2 as recorded, by 3 of 3",
    "free": "deploying -; follows everything",
    "read": f"rebuild as generation 6: 2 {'2' * 64}, previous 1",
    "ended": "generation 7 committed; champion 3, previous 2 since generation 7",
    "replicas": "generation 5 of d: champion 2, previous 1; generation 5 of d: champion 2, previous 1",
}
"""What a question is answered whose name ends so; all others are told where the champion is."""
REFUSED: Final = tuple(f"lost-{command}" for command in COMMANDS)
EVERYWHERE: Final = "wine version 2; wine version 2; wine version 2; wine version 2, generation 6, in 2 of 2"


def with_rebuilt(facts: Facts) -> Facts:
    """*facts*, and what was recorded while a ledger was lost and made again."""
    for moment, seen in SEEN.items():
        probes = (*GIVEN[moment], *(probe for asked in QUESTIONS[moment].values() for probe in asked))
        versions = sorted({version for _, version in seen})
        for environment in ENVIRONMENTS:
            facts = (
                facts.plus(moment, [_answer(probe, environment) for probe in probes])
                .plus(moment, list(client(environment, seen, OUTPUTS, failed=int(moment == REPLICA), late=2)))
                .plus(moment, [Known(environment=environment, version=one, outputs=OUTPUTS[one]) for one in versions])
            )
    return facts


def _answer(probe: str, environment: str) -> Answer:
    said = "exit code 10, LedgerLost" if probe in REFUSED else SAID.get(probe.rpartition("-")[2], EVERYWHERE)
    return right(probe, environment, said)
