"""A ledger that is lost with its volume is nobody's trouble who asks, and one command makes it again as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from yardfacts.claims import Mutant, claim
from yardfacts.clients import REPLICA_LOST, answered_as_recorded, first_served, left_early, swapped
from yardfacts.facts import Answer, Facts, Known, Served, Traffic
from yardfacts.judges import answered, presupposed
from yardfacts.mutants import asked, blind, change, drop
from yardfacts.verdict import Finding, Verdict, inconclusive, merge

ENVIRONMENTS = ("dev", "prod")
LOST, REPLICA, AGAIN = "ledger-lost", "ledger-lost.replica", "ledger-lost.again"
"""Lost and made again; a replica is started anew; decided on, and lost again."""
MAY_FAIL: Final[Mapping[str, int]] = {LOST: 0, REPLICA: REPLICA_LOST, AGAIN: 0}
"""By moment: how many requests may go unanswered, for a few are with the replica that goes."""
SEEN: Final[Mapping[str, int]] = {LOST: 2, REPLICA: 1, AGAIN: 4}
"""By moment: how many generations a client has to have seen, so that it was there when they changed."""

PLACES = ("champion", "golden", "free")
COMMANDS = ("status", "converge", "promote", "shadow", "challenge", "retire", "rollback")
"""What may not go on while the ledger is lost."""


def _of(row: str, *kinds: str) -> tuple[str, ...]:
    return tuple(f"{row}-{kind}" for kind in kinds)


GIVEN: Final[Mapping[str, tuple[str, ...]]] = {
    LOST: (
        *_of("begun", "converged", "promoted", *PLACES, "aliases", "loaded"),
        *_of("lost", "wiped", "ledger"),
    ),
    REPLICA: _of("replica", "deleted", "back"),
    AGAIN: (*_of("killed", "wiped", "ledger", "died", "open"), "layer-meanwhile"),
}
"""
Without these nothing was lost, nobody started anew, no rebuild was killed, or the optional layer was not as it was
wanted.
"""
QUESTIONS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    LOST: {
        "went_on": _of("lost", *COMMANDS),
        "overwritten": _of("lost", "replicas", "aliases"),
        "not_served": _of("lost", "loaded", "golden"),
        "not_rebuilt": ("rebuilt-accepted",),
        "other_ledger": ("rebuilt-ledger-read",),
        "not_followed": _of("rebuilt", *PLACES, "aliases", "loaded", "converged", "status"),
        "rebuilt_twice": ("rebuilt-again",),
    },
    REPLICA: {"not_followed": _of("replica", "follows", "converged", *PLACES)},
    AGAIN: {
        "not_decided": ("next-promoted", "next-ended", "returned-accepted", "returned-ended"),
        "not_rebuilt": ("again-accepted",),
        "other_ledger": ("again-ledger-read", "again-once"),
        "not_followed": (
            *_of("next", *PLACES),
            *_of("returned", *PLACES),
            *_of("again", *PLACES, "aliases", "loaded"),
        ),
    },
}
"""By moment: reason of a disproof, and the questions whose wrong answer it is."""


def _in_prod(fact: Traffic | Served | Known) -> bool:
    return fact.environment == "prod"


def _uncounted(facts: Facts) -> Facts:
    """Evidence of a client in prod that kept fewer answers than it counted."""
    first = first_served(facts, at=LOST, environment="prod")
    left = drop(Served, at=LOST, where=lambda one: one == first)(facts)
    return left.plus(LOST, [replace(first, answers=first.answers - 1)])


@claim(
    "When the volume with the ledger is lost in both environments, whoever asks is answered by the champion as before, "
    "no command goes on without a ledger, and one command makes it again: the same versions behind the same aliases, "
    "as one generation above all that was followed, also after a rebuild that was killed; a replica that starts anew "
    "follows it, and the next promotion and rollback stand on it.",
    mutants=[
        *(
            Mutant(
                name=name,
                edit=change(Answer, at=at, where=asked(probe, "prod"), outcome="wrong", got=got),
                verdict=Verdict.DISPROVED,
                reason=reason,
            )
            for name, at, probe, got, reason in (
                ("a promotion begins on no ledger", LOST, "lost-promote", "exit code 0, no error", "went_on"),
                ("status tells another error", LOST, "lost-status", "exit code 11, NeverDeployed", "went_on"),
                ("a shadow is put beside nobody", LOST, "lost-shadow", "exit code 0, no error", "went_on"),
                ("a challenge tells another error", LOST, "lost-challenge", "exit code 11, NeverDeployed", "went_on"),
                ("what nobody knows is retired", LOST, "lost-retire", "exit code 10, NothingToRetire", "went_on"),
                ("MLflow's aliases are moved", LOST, "lost-aliases", "champion 1", "overwritten"),
                ("a replica goes back", LOST, "lost-replicas", "generation 1 of seed: champion 1", "overwritten"),
                ("Triton forgets the champion", LOST, "lost-loaded", "versions 1 ready", "not_served"),
                ("the champion answers otherwise", LOST, "lost-golden", "a difference of 0.2", "not_served"),
                ("the rebuild fails", LOST, "rebuilt-accepted", "exit code 11", "not_rebuilt"),
                ("the number is not above", LOST, "rebuilt-ledger-read", "rebuild as generation 5", "other_ledger"),
                ("nobody knows who was before", LOST, "rebuilt-aliases", "champion 2", "not_followed"),
                ("something differs", LOST, "rebuilt-converged", "exit code 0: 1 differed", "not_followed"),
                ("a rebuilt ledger is rebuilt", LOST, "rebuilt-again", "exit code 0, no error", "rebuilt_twice"),
                ("a new replica reads nothing", REPLICA, "replica-follows", "in 1 of 2", "not_followed"),
                ("nobody can promote any more", AGAIN, "next-promoted", "exit code 11", "not_decided"),
                ("the way back is closed", AGAIN, "returned-accepted", "exit code 10", "not_decided"),
                ("a killed rebuild is in the way", AGAIN, "again-accepted", "exit code 11", "not_rebuilt"),
                ("a killed rebuild counts too", AGAIN, "again-once", "generation 9 committed", "other_ledger"),
            )
        ),
        Mutant(
            name="a place does not answer",
            edit=change(
                Answer, at=LOST, where=asked("rebuilt-champion", "prod"), outcome="unanswered", got="ReadTimeout"
            ),
            verdict=Verdict.DISPROVED,
            reason="not_followed",
        ),
        Mutant(
            name="a request fails while the ledger is lost",
            edit=change(Traffic, at=LOST, where=_in_prod, failed=1, detail="request 7: HTTP 503"),
            verdict=Verdict.DISPROVED,
            reason="failed",
        ),
        Mutant(
            name="the version from before answers",
            edit=change(Served, at=LOST, where=_in_prod, version=1),
            verdict=Verdict.DISPROVED,
            reason="other_version",
        ),
        Mutant(
            name="the champion's name with another's numbers",
            edit=swapped(at=AGAIN, environment="prod"),
            verdict=Verdict.DISPROVED,
            reason="wrong_numbers",
        ),
        Mutant(
            name="answers that are no numbers, while a replica starts",
            edit=change(Served, at=REPLICA, where=_in_prod, outputs=(float("nan"),) * 3),
            verdict=Verdict.DISPROVED,
            reason="wrong_numbers",
        ),
        Mutant(
            name="every request fails while a replica starts",
            edit=change(Traffic, at=REPLICA, where=_in_prod, sent=400, answered=0, failed=400, detail="ConnectError"),
            verdict=Verdict.DISPROVED,
            reason="failed",
        ),
        Mutant(
            name="more fail than can have been with the replica",
            edit=change(Traffic, at=REPLICA, where=_in_prod, failed=REPLICA_LOST + 1, detail="request 7: HTTP 503"),
            verdict=Verdict.DISPROVED,
            reason="failed",
        ),
        Mutant(
            name="too few requests while a replica starts",
            edit=change(Traffic, at=REPLICA, where=_in_prod, sent=10, answered=10, failed=0),
            verdict=Verdict.INCONCLUSIVE,
            reason="few_samples",
        ),
        Mutant(
            name="nothing was promoted before",
            edit=change(Answer, at=LOST, where=asked("begun-promoted", "prod"), outcome="wrong", got="exit code 11"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_given",
        ),
        Mutant(
            name="the layer was not as somebody wanted it",
            edit=change(Answer, at=AGAIN, where=asked("layer-meanwhile", "dev"), outcome="wrong", got="on to the end"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_given",
        ),
        Mutant(
            name="the ledger was not lost",
            edit=change(Answer, at=LOST, where=asked("lost-ledger", "prod"), outcome="wrong", got="5 generations"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_given",
        ),
        Mutant(
            name="what should have died went on",
            edit=change(Answer, at=AGAIN, where=asked("killed-died", "prod"), outcome="wrong", got="exit code 0"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_given",
        ),
        Mutant(
            name="a command was left out",
            edit=drop(Answer, at=LOST, where=asked("lost-converge", "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="no replica was started anew",
            edit=drop(Answer, at=REPLICA, where=lambda one: one.environment == "prod"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="an outcome that nobody knows",
            edit=change(Answer, at=AGAIN, where=asked("again-golden", "dev"), outcome="fine"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unknown_outcome",
        ),
        Mutant(
            name="too few requests",
            edit=change(Traffic, at=AGAIN, where=_in_prod, sent=10, answered=10),
            verdict=Verdict.INCONCLUSIVE,
            reason="few_samples",
        ),
        Mutant(
            name="answers are counted that nobody kept",
            edit=_uncounted,
            verdict=Verdict.INCONCLUSIVE,
            reason="miscounted",
        ),
        Mutant(
            name="the client left before the rebuild",
            edit=left_early(at=LOST, environment="prod"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_seen",
        ),
        Mutant(
            name="nobody asked while a replica started",
            edit=drop(Traffic, at=REPLICA, where=_in_prod),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_client",
        ),
        Mutant(
            name="nobody knows what the champion has to answer",
            edit=drop(Known, at=LOST, where=_in_prod),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_known",
        ),
        Mutant(
            name="the commands could not be run",
            edit=blind(Answer, at=AGAIN),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def ledger_rebuilt(facts: Facts) -> Finding:
    """Read what was asked at each moment, and hold what its client saw against what the trainings recorded."""
    return merge(
        finding
        for moment in (LOST, REPLICA, AGAIN)
        for finding in (*_asked(facts.at(moment), moment), *_seen(facts.at(moment), moment))
    )


def _asked(at: Facts, moment: str) -> Iterator[Finding]:
    yield from presupposed(at, probes=GIVEN[moment], environments=ENVIRONMENTS, reason="not_given")
    for reason, probes in QUESTIONS[moment].items():
        yield from answered(at, probes=probes, environments=ENVIRONMENTS, reason=reason)


def _seen(at: Facts, moment: str) -> Iterator[Finding]:
    for environment in ENVIRONMENTS:
        yield from answered_as_recorded(at, at, environment, may_fail=MAY_FAIL[moment])
        seen = {one.generation for one in at.of(Served) if one.environment == environment and one.answers > 0}
        if len(seen) < SEEN[moment]:
            numbers = ", ".join(map(str, sorted(seen))) or "none"
            yield inconclusive("not_seen", f"{environment} at {moment}: answers of generation {numbers} alone")
