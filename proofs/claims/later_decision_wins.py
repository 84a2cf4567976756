"""Whoever decides later wins: a deployment that was overtaken changes nothing any more, however long it slept."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.clients import answered_as_recorded
from yardfacts.facts import Answer, Facts, Known, Served, Traffic
from yardfacts.judges import answered, presupposed
from yardfacts.mutants import asked, blind, change, drop
from yardfacts.verdict import Finding, Verdict, merge

ENVIRONMENTS = ("dev", "prod")
DECIDED = "decided"
DECISIONS = (
    *("rollback-before-the-switch", "rollback-after-the-switch", "deployed-beside-a-zombie"),
    *("rollback-beside-a-run", "run-beside-a-promotion"),
)
BEGUN = ("begun-beside-a-promotion", "begun-beside-a-rollback")
"""Without these no run was at work."""
GIVEN = ("layer-meanwhile",)
"""Whether the optional layer was as it was wanted."""
REFUSED = ("promotion-beside-a-run", "run-beside-a-rollback")
WOKEN = ("woken-before-the-switch", "woken-after-the-switch", "woken-zombie")
STANDS = (
    *("stands-before-the-switch", "stands-after-the-switch", "stands-zombie", "stands-again"),
    *("stands-beside-a-promotion", "stands-beside-a-rollback"),
)
ROLLBACKS = ("rollback", "rollback-of-a-rollback", "rollback-again")


def _in_prod(fact: Traffic | Served | Known) -> bool:
    return fact.environment == "prod"


@claim(
    "In both environments a rollback or a deployment that is decided while another deployment is on its way wins: the "
    "other one is refused when it goes on, a run of the DAG is red, and every place tells of the later decision. "
    "Whoever promotes beside a run is refused; so is a rollback of a rollback, unless it is said to be meant. Whoever "
    "asks meanwhile is answered, with the numbers of the version that is named.",
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
            name="two deploy at once",
            edit=change(
                Answer, at=DECIDED, where=asked("promotion-beside-a-run", "prod"), outcome="wrong", got="exit code 0"
            ),
            verdict=Verdict.DISPROVED,
            reason="not_refused",
        ),
        Mutant(
            name="a run that was overtaken is green",
            edit=change(
                Answer, at=DECIDED, where=asked("run-beside-a-rollback", "dev"), outcome="wrong", got="success"
            ),
            verdict=Verdict.DISPROVED,
            reason="not_refused",
        ),
        Mutant(
            name="no run was at work",
            edit=change(
                Answer, at=DECIDED, where=asked("begun-beside-a-rollback", "dev"), outcome="wrong", got="queued"
            ),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_run",
        ),
        Mutant(
            name="the layer was not as somebody wanted it",
            edit=change(Answer, at=DECIDED, where=asked(*GIVEN, "prod"), outcome="wrong", got="on to the end"),
            verdict=Verdict.INCONCLUSIVE,
            reason="layer_otherwise",
        ),
        Mutant(
            name="one request fails",
            edit=change(Traffic, at=DECIDED, where=_in_prod, failed=1, detail="request 7: HTTP 503"),
            verdict=Verdict.DISPROVED,
            reason="failed",
        ),
        Mutant(
            name="the numbers of a version are others than its training recorded",
            edit=change(Known, at=DECIDED, where=_in_prod, outputs=(0.1, 0.2, 0.7)),
            verdict=Verdict.DISPROVED,
            reason="wrong_numbers",
        ),
        Mutant(
            name="somebody answers of whose training nobody knows",
            edit=drop(Known, at=DECIDED, where=lambda one: _in_prod(one) and one.version == 1),
            verdict=Verdict.DISPROVED,
            reason="other_version",
        ),
        Mutant(
            name="nobody asked in one environment",
            edit=drop(Traffic, at=DECIDED, where=_in_prod),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_client",
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
        *presupposed(decided, probes=BEGUN, environments=ENVIRONMENTS, reason="no_run"),
        *presupposed(decided, probes=GIVEN, environments=ENVIRONMENTS, reason="layer_otherwise"),
        *answered(decided, probes=(*WOKEN, *REFUSED), environments=ENVIRONMENTS, reason="not_refused"),
        *answered(decided, probes=STANDS, environments=ENVIRONMENTS, reason="undone"),
        *answered(decided, probes=ROLLBACKS, environments=ENVIRONMENTS, reason="flapping"),
        *(finding for env in ENVIRONMENTS for finding in answered_as_recorded(decided, decided, env)),
    ))  # fmt: skip
