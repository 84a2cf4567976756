"""A deployment that is killed anywhere, and run again, has happened once."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered, presupposed
from yardfacts.mutants import asked, blind, change, drop
from yardfacts.verdict import Finding, Verdict, merge

ENVIRONMENTS = ("dev", "prod")
DIED = "died"
PLACES = (
    *("intent", "trained", "registered", "ready", "staged", "published", "arranged", "loaded", "smoked"),
    *("one-replica-switched", "switched", "verified", "committed", "projected", "settled", "half-collected", "told"),
)
"""After each of them a deployment has to have died: the rows of the crash table, from taking a number to telling."""
LAYERED = ("layer-meanwhile",)
"""The optional layer was on, off, or toggled, as whoever proves wants it: the answer says which."""
KILLED, AGAIN, ONCE, EVERYWHERE = (
    tuple(f"{what}-{place}" for place in PLACES) for what in ("killed", "again", "once", "everywhere")
)


@claim(
    "In both environments a deployment that SIGKILL ends after any of its steps, and that is run again, gives one "
    "version, one committed generation and that version as champion in registry, Triton, every replica and the answer.",
    mutants=[
        Mutant(
            name="what should have died went on",
            edit=change(Answer, at=DIED, where=asked("killed-staged", "prod"), outcome="wrong", got="exit code 0"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_killed",
        ),
        Mutant(
            name="somebody else toggled the layer",
            edit=change(Answer, at=DIED, where=asked("layer-meanwhile", "dev"), outcome="wrong", got="off to the end"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_meanwhile",
        ),
        Mutant(
            name="the second attempt fails",
            edit=change(Answer, at=DIED, where=asked("again-arranged", "prod"), outcome="wrong", got="exit code 11"),
            verdict=Verdict.DISPROVED,
            reason="stuck",
        ),
        Mutant(
            name="two versions are registered",
            edit=change(
                Answer,
                at=DIED,
                where=asked("once-registered", "prod"),
                outcome="wrong",
                got="version 3, 4 registered, 1 committed generation, nobody holds the lock",
            ),
            verdict=Verdict.DISPROVED,
            reason="not_once",
        ),
        Mutant(
            name="the champion is a version of another deployment",
            edit=change(
                Answer,
                at=DIED,
                where=asked("once-committed", "dev"),
                outcome="wrong",
                got="version 4 registered, 1 committed generation, nobody holds the lock",
            ),
            verdict=Verdict.DISPROVED,
            reason="not_once",
        ),
        Mutant(
            name="a replica follows another generation",
            edit=change(
                Answer, at=DIED, where=asked("everywhere-one-replica-switched", "dev"), outcome="wrong", got="1 of 2"
            ),
            verdict=Verdict.DISPROVED,
            reason="other_champion",
        ),
        Mutant(
            name="one place was left out",
            edit=drop(Answer, at=DIED, where=asked("again-half-collected", "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="one environment was left out",
            edit=drop(Answer, at=DIED, where=lambda one: one.environment == "prod"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="an outcome that nobody knows",
            edit=change(Answer, at=DIED, where=asked("once-told", "dev"), outcome="fine"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unknown_outcome",
        ),
        Mutant(
            name="nothing was recorded",
            edit=drop(Answer, at=DIED),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="the places could not be asked",
            edit=blind(Answer, at=DIED),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def crashes_survived(facts: Facts) -> Finding:
    """All rows are wanted; a deployment that did not die proves nothing of those that do."""
    died = facts.at(DIED)
    return merge((
        *presupposed(died, probes=KILLED, environments=ENVIRONMENTS, reason="not_killed"),
        *presupposed(died, probes=LAYERED, environments=ENVIRONMENTS, reason="not_meanwhile"),
        *answered(died, probes=AGAIN, environments=ENVIRONMENTS, reason="stuck"),
        *answered(died, probes=ONCE, environments=ENVIRONMENTS, reason="not_once"),
        *answered(died, probes=EVERYWHERE, environments=ENVIRONMENTS, reason="other_champion"),
    ))  # fmt: skip
