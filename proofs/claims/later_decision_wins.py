"""Whoever decides later wins: a deployment that was overtaken changes nothing any more, however long it slept."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered
from yardfacts.mutants import asked, blind, change, drop
from yardfacts.verdict import Finding, Verdict, merge

ENVIRONMENTS = ("dev", "prod")
DECIDED = "decided"
DECISIONS = ("rollback-before-the-switch", "rollback-after-the-switch", "deployed-beside-a-zombie")
WOKEN = ("woken-before-the-switch", "woken-after-the-switch", "woken-zombie")
STANDS = ("stands-before-the-switch", "stands-after-the-switch", "stands-zombie", "stands-again")
ROLLBACKS = ("rollback", "rollback-of-a-rollback", "rollback-again")


@claim(
    "In both environments a rollback or a deployment that is decided while another deployment is on its way wins: the "
    "other one is refused when it goes on, and every place tells of the later decision; a rollback of a rollback is "
    "refused, unless the operator says that it is meant.",
    mutants=[
        Mutant(
            name="nobody could decide while the other one was on its way",
            edit=change(
                Answer,
                at=DECIDED,
                where=asked("rollback-after-the-switch", "prod"),
                outcome="wrong",
                got="exit code 11",
            ),
            verdict=Verdict.DISPROVED,
            reason="not_decided",
        ),
        Mutant(
            name="a zombie is let through",
            edit=change(
                Answer, at=DECIDED, where=asked("woken-zombie", "prod"), outcome="wrong", got="exit code 0, accepted"
            ),
            verdict=Verdict.DISPROVED,
            reason="not_refused",
        ),
        Mutant(
            name="the replicas follow whoever woke up",
            edit=change(
                Answer, at=DECIDED, where=asked("stands-after-the-switch", "dev"), outcome="wrong", got="generation 7"
            ),
            verdict=Verdict.DISPROVED,
            reason="undone",
        ),
        Mutant(
            name="a rollback undoes a rollback",
            edit=change(
                Answer, at=DECIDED, where=asked("rollback-of-a-rollback", "prod"), outcome="wrong", got="exit code 0"
            ),
            verdict=Verdict.DISPROVED,
            reason="flapping",
        ),
        Mutant(
            name="no zombie woke up",
            edit=drop(Answer, at=DECIDED, where=asked("woken-zombie", "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="an outcome that nobody knows",
            edit=change(Answer, at=DECIDED, where=asked("rollback-again", "dev"), outcome="fine"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unknown_outcome",
        ),
        Mutant(
            name="nothing was recorded",
            edit=drop(Answer, at=DECIDED),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="nobody could ask",
            edit=blind(Answer, at=DECIDED),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def later_decision_wins(facts: Facts) -> Finding:
    """Refused is not enough: what was decided has to stand afterwards, everywhere."""
    decided = facts.at(DECIDED)
    return merge((
        *answered(decided, probes=DECISIONS, environments=ENVIRONMENTS, reason="not_decided"),
        *answered(decided, probes=WOKEN, environments=ENVIRONMENTS, reason="not_refused"),
        *answered(decided, probes=STANDS, environments=ENVIRONMENTS, reason="undone"),
        *answered(decided, probes=ROLLBACKS, environments=ENVIRONMENTS, reason="flapping"),
    ))  # fmt: skip
