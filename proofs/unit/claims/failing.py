"""Good evidence of deployments that fail: every row of two environments, as an honest yard would record it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from proofs.claims.failures_contained import AT, BACK, KILLED, REPLICA, TRITON
from proofs.lifecycle.layered import PROBE

from yardfacts.facts import Facts, Known

from .witnesses import ENVIRONMENTS, client, right

__all__ = ["with_failures"]

HOME: Final = 1
"""The champion; versions 2 to 5 and 9 lie, 6 to 8 are sound."""
OUTPUTS: Final = {
    1: (0.9996, 0.0003, 0.0001),
    6: (0.998, 0.0015, 0.0005),
    7: (0.997, 0.002, 0.001),
    8: (0.996, 0.003, 0.001),
}

REFUSED: Final[Mapping[str, tuple[int, str]]] = {
    "unready": (2, "exit code 11, NotReady: these are not the files that were trained"),
    "unloadable": (3, "exit code 11, LoadRefused: forged so that nobody can load it"),
    "unloadable-again": (3, "exit code 11, LoadRefused: forged so that nobody can load it"),
    "misremembered": (4, "exit code 11, WrongAnswers: the golden outputs of wine version 4 from Triton"),
    "narrow": (5, "exit code 11, WrongAnswers: version 5 to score as it was trained"),
    "slow": (9, "exit code 11, TooSlow: wanted version 9 to take"),
    "fenced": (6, "exit code 10, Fenced: generation 12 at http://10.42.0.9:8080"),
    "untold": (0, "exit code 11, NotDelivered: 403 action_prohibited"),
    "triton-lost": (7, "exit code 11, GatewayAway: wanted the replicas of the gateway"),
    "replica-lost": (7, "exit code 11, WrongAnswers: got version 1 of 15 and a difference"),
}
"""By row: the candidate that may not stay loaded, 0 where it may; and how the command ended."""
ENDED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("unready", "unloadable", "unloadable-again"), "aborted"),
    **dict.fromkeys(("misremembered", "narrow", "slow", "fenced", "replica-lost"), "rolled_back"),
    "untold": "committed",
    "triton-lost": "open",
}
"""By row: what the ledger says of its generation."""
BESIDE: Final = {
    PROBE: "on to the end",
    "begun-converged": "exit code 0",
    "fenced-ahead": "generation 12, changed True",
    "fenced-converged": "exit code 0",
    "untold-silent": "told 0 times",
    "untold-converged": "exit code 0",
    "untold-told": "told 1 times",
    "untold-rolled-back": "exit code 0",
    "untold-returned-ended": "generation 15 committed; champion 1, previous 6 since generation 15",
    "triton-lost-noticed": "0 ready",
    "triton-lost-back": "2 ready",
    "triton-lost-converged": "exit code 0",
    "triton-killed-back": "start 2, the one before ended with 137, ready; 2 replicas ready",
    "killed-midway-signalled": "held when the version was loaded; 1 killed; went on when Triton was back",
    "killed-midway-back": "start 3, the one before ended with 137, ready; 2 replicas ready",
    "killed-midway-accepted": "exit code 0",
    "killed-midway-ended": "generation 19 committed; champion 8, previous 6 since generation 19",
    "killed-midway-rolled-back": "exit code 0",
    "killed-midway-returned-ended": "generation 20 committed; champion 1, previous 8 since generation 20",
    "replica-lost-killed": "held when 1 had switched; 1 deleted; went on when it was gone",
    "replica-lost-back": "2 ready",
    "replica-lost-converged": "exit code 0",
}


def with_failures(facts: Facts) -> Facts:
    """*facts*, and what was recorded while deployments failed."""
    seen = {(6, 1): 900, (14, 6): 200, (15, 1): 100}
    for environment in ENVIRONMENTS:
        facts = (
            facts.plus(AT, [right(probe, environment, said) for probe, said in _said()])
            .plus(AT, list(client(environment, seen, OUTPUTS, late=2)))
            .plus(REPLICA, list(client(environment, {(15, 1): 90, (17, 7): 60, (18, 1): 200}, OUTPUTS, failed=1)))
            .plus(TRITON, list(client(environment, {(18, 1): 300, (19, 8): 90, (20, 1): 60}, OUTPUTS, failed=180)))
            .plus(AT, [Known(environment=environment, version=one, outputs=out) for one, out in OUTPUTS.items()])
        )
    return facts


def _said() -> Iterator[tuple[str, str]]:
    yield from BESIDE.items()
    for row, (candidate, refused) in REFUSED.items():
        yield f"{row}-refused", refused
        yield f"{row}-ended", f"generation 7 {ENDED[row]}; champion 1, previous - since generation 6"
        if candidate:
            yield f"{row}-unloaded", f"version {candidate} is not READY"
    champions = {**dict.fromkeys((*REFUSED, *BACK, *KILLED), HOME), "killed-midway": 8}
    for place, champion in champions.items():
        said = f"wine version {champion}"
        yield f"{place}-champion", f"{said}; {said}; {said}; {said}, generation 6, in 2 of 2"
        yield f"{place}-golden", f"15 golden rows of version {champion} as recorded, by 3 of 3"
        yield f"{place}-free", "deploying -; follows everything"
