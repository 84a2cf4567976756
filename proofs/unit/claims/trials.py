"""Good evidence of versions on trial: two shadows, of which one is promoted, and a challenger that is retired."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from proofs.claims.trials_watched import AT, CLIENT, DECIDED, NAMED, REFUSED
from proofs.lifecycle.layered import PROBE

from yardfacts.facts import Facts, Generation, Known, Timing

from .witnesses import ENVIRONMENTS, client, right

__all__ = ["with_trials"]

OUTPUTS: Final = {1: (0.9996, 0.0003, 0.0001), 3: (0.998, 0.0015, 0.0005), 4: (0.997, 0.002, 0.001)}
"""Of the former champion, the one that agreed, and the challenger; version 2 contradicts, and answers nobody."""
CHAMPIONS: Final = {6: (1, 0), 7: (1, 0), 8: (1, 0), 9: (3, 1), 10: (3, 1), 11: (3, 1)}
"""By generation: champion and previous. Two shadows, the promotion, the challenger, and its end."""

SAID: Final[Mapping[str, str]] = {
    PROBE: "on to the end",
    "begun-converged": "exit code 0",
    "alone-answered": "120 of 120 answered, by champion 1 in generation 6",
    "alone-timed": "100 answers or more",
    "unseen-refused": "exit code 10, Unproven: version 3 in the shadow, where evidence comes from",
    "contrary-answered": "120 of 120 answered, by champion 1 in generation 7",
    "contrary-timed": "100 answers or more",
    "contrary-compared": "100 copies or more compared for version 2 in generation 7, by 2 of 2 replicas",
    "contrary-disagreed": "all",
    "unproven-refused": "exit code 10, Unproven: it is another model",
    "contrary-unloaded": "version 2 is not READY",
    "sound-answered": "120 of 120 answered, by champion 1 in generation 8",
    "sound-timed": "100 answers or more",
    "sound-compared": "100 copies or more compared for version 3 in generation 8, by 2 of 2 replicas",
    "sound-disagreed": "none",
    "promoted-evidence": "version 3 in generation 8: 212 copies or more by 2 replicas, of which at most 0.05 disagree",
    "previous-refused": "exit code 10, Standing: as challenger, got that it is previous",
    "challenged-share": "challenger 4 with weight 0.3, at 2 replicas",
    "challenged-answered": "800 of 800 answered, by challenger 4 in generation 10; champion 3 in generation 10",
    "challenged-sticky": "0 of 400 keys changed",
    "retired-unloaded": "version 4 is not READY",
    "retired-answered": "800 of 800 answered, by champion 3 in generation 11",
}


def with_trials(facts: Facts) -> Facts:
    """*facts*, and what was recorded while versions were on trial."""
    for environment in ENVIRONMENTS:
        seen = {(number, version): 150 for number, (version, _) in CHAMPIONS.items()}
        facts = (
            facts.plus(AT, [right(probe, environment, said) for probe, said in _said()])
            .plus(AT, [Known(environment=environment, version=one, outputs=out) for one, out in OUTPUTS.items()])
            .plus(AT, _ledger(environment))
            .plus(CLIENT, list(client(environment, seen, OUTPUTS)))
            .plus(NAMED, list(client(environment, {(10, 3): 558, (10, 4): 242}, OUTPUTS)))
        )
    return facts.plus(AT, [Timing(phase="delay of an answer by a shadow, p95", took_s=0.002, budget_s=0.1)])


def _said() -> Iterator[tuple[str, str]]:
    yield from SAID.items()
    for row in REFUSED:
        yield f"{row}-ended", "generation 9 absent; champion 1, previous - since generation 8"
    for row in DECIDED:
        yield f"{row}-accepted", "exit code 0"
        yield f"{row}-ended", "generation 8 committed; champion 1, previous - since generation 8"
        yield f"{row}-champion", "wine version 1; wine version 1; wine version 1; wine version 1, in 2 of 2"
        yield f"{row}-golden", "16 golden rows of version 1 as recorded, by 3 of 3"
        yield f"{row}-free", "deploying -; follows everything"


def _ledger(environment: str) -> list[Generation]:
    return [
        Generation(
            environment=environment,
            generation=number,
            deploy_id=f"d{number}",
            action="retire" if number == max(CHAMPIONS) else "deploy",
            phase="committed",
            champion=champion,
            previous=previous,
            digest=f"{champion}" * 64,
            reason="a proof wants to see how it ends",
            took_s=0.0,
        )
        for number, (champion, previous) in CHAMPIONS.items()
    ]
