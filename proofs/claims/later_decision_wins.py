"""Whoever decides later wins: a deployment that was overtaken changes nothing any more, however long it slept."""

from __future__ import annotations

import re
from collections.abc import Iterator

from yardfacts.claims import Mutant, claim
from yardfacts.clients import answered_as_recorded, as_committed
from yardfacts.facts import Answer, Facts, Generation, Known, Served, Traffic
from yardfacts.generations import change_truth, committed_since, ledger, ledgers_clear
from yardfacts.judges import answered, presupposed
from yardfacts.mutants import NothingToChange, asked, blind, change, drop
from yardfacts.verdict import Finding, Verdict, merge

ENVIRONMENTS = ("dev", "prod")
BEFORE, DECIDED = "decided.before", "decided"
DECISIONS = (
    *("rollback-before-the-switch", "rollback-after-the-switch", "deployed-beside-a-zombie"),
    *("rollback-beside-a-run", "run-beside-a-promotion"),
)
BEGUN = (
    *("begun-beside-a-promotion", "begun-beside-a-rollback"),
    *("gate-beside-a-promotion", "gate-beside-a-rollback"),
)
"""Without these no run was at work that would have made a champion."""
HELD = "held-after-the-switch"
"""What the replicas follow while a deployment is held after its switch; until somebody decides, that may answer."""
OVERTAKEN = ("overtaken-before-the-switch", "overtaken-after-the-switch", "overtaken-zombie")
"""Without these a deployment that was held did not come to where it has to be refused."""
GIVEN = ("layer-meanwhile",)
"""Whether the optional layer was as it was wanted."""
REFUSED = ("promotion-beside-a-run", "run-beside-a-rollback")
WOKEN = ("woken-before-the-switch", "woken-after-the-switch", "woken-zombie")
STANDS = (
    *("stands-before-the-switch", "stands-after-the-switch", "stands-zombie", "stands-again"),
    *("stands-beside-a-promotion", "stands-beside-a-rollback"),
)
ROLLBACKS = ("rollback", "rollback-of-a-rollback", "rollback-again")


def _in_prod(fact: Traffic | Served | Known | Generation) -> bool:
    return fact.environment == "prod"


def _history_came_back(facts: Facts) -> Facts:
    """Evidence of an answer in prod of a generation that was over before the client asked first."""
    seen = sorted(filter(_in_prod, facts.at(DECIDED).of(Served)), key=lambda one: one.generation)
    gone = [one for one in ledger(facts.at(DECIDED), "prod") if seen and one.generation < seen[0].generation]
    if not gone:
        raise NothingToChange("nothing was answered in prod, or nothing happened there before")
    return change(Served, at=DECIDED, where=lambda one: one == seen[0], generation=gone[-1].generation)(facts)


@claim(
    "In both environments a rollback or a deployment that is decided while another deployment is on its way wins: the "
    "other one is refused when it goes on, a run of the DAG is red, and every place tells of the later decision. "
    "Whoever promotes beside a run is refused; so is a rollback of a rollback, unless it is said to be meant. Whoever "
    "asks meanwhile is answered, by the champion of a committed generation or by what the held deployment had been "
    "switched to, and with the numbers of that version.",
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
            name="an answer of a generation that nobody committed",
            edit=change(Served, at=DECIDED, where=_in_prod, generation=999_999),
            verdict=Verdict.DISPROVED,
            reason="unknown_generation",
        ),
        Mutant(
            name="an answer of a generation that was over before",
            edit=_history_came_back,
            verdict=Verdict.DISPROVED,
            reason="unknown_generation",
        ),
        Mutant(
            name="another deployment than the one that was held answered",
            edit=change(
                Answer, at=DECIDED, where=asked(HELD, "prod"), got="wine version 999999, generation 999999, in 2 of 2"
            ),
            verdict=Verdict.DISPROVED,
            reason="unknown_generation",
        ),
        Mutant(
            name="the version of one generation answers in the name of another",
            edit=change_truth(at=DECIDED, environment="prod", champion=999_999),
            verdict=Verdict.DISPROVED,
            reason="other_version",
        ),
        Mutant(
            name="the deployment that was held had switched one replica",
            edit=change(
                Answer,
                at=DECIDED,
                where=asked(HELD, "prod"),
                outcome="wrong",
                got="wine version 4, generation 7, in 1 of 2",
            ),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_switched",
        ),
        Mutant(
            name="whoever was held gave up before anybody decided",
            edit=change(
                Answer, at=DECIDED, where=asked("overtaken-zombie", "prod"), outcome="wrong", got="TimeoutError"
            ),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_overtaken",
        ),
        Mutant(
            name="the gate stops the run for its rows",
            edit=change(Answer, at=DECIDED, where=asked("gate-beside-a-rollback", "dev"), outcome="wrong", got="stop"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_run",
        ),
        Mutant(
            name="the ledger was not read",
            edit=drop(Generation, at=DECIDED, where=_in_prod),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_truth",
        ),
        Mutant(
            name="nobody read the ledger before anybody decided",
            edit=drop(Generation, at=BEFORE, where=_in_prod),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_truth",
        ),
        Mutant(
            name="the client was late",
            edit=change(Traffic, at=DECIDED, where=_in_prod, late=1_000_000),
            verdict=Verdict.INCONCLUSIVE,
            reason="late_client",
        ),
        Mutant(
            name="the client met one replica",
            edit=change(Traffic, at=DECIDED, where=_in_prod, new=0),
            verdict=Verdict.INCONCLUSIVE,
            reason="one_connection",
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
    """
    Refused is not enough: what was decided has to stand afterwards, everywhere, and nobody else may have answered.

    Whoever is refused by the lock, or for its rows, shows nothing of it.
    """
    decided = facts.at(DECIDED)
    return merge((
        *answered(decided, probes=DECISIONS, environments=ENVIRONMENTS, reason="not_decided"),
        *presupposed(decided, probes=BEGUN, environments=ENVIRONMENTS, reason="no_run"),
        *presupposed(decided, probes=OVERTAKEN, environments=ENVIRONMENTS, reason="not_overtaken"),
        *presupposed(decided, probes=(HELD,), environments=ENVIRONMENTS, reason="not_switched"),
        *presupposed(decided, probes=GIVEN, environments=ENVIRONMENTS, reason="layer_otherwise"),
        *answered(decided, probes=(*WOKEN, *REFUSED), environments=ENVIRONMENTS, reason="not_refused"),
        *answered(decided, probes=STANDS, environments=ENVIRONMENTS, reason="undone"),
        *answered(decided, probes=ROLLBACKS, environments=ENVIRONMENTS, reason="flapping"),
        *(finding for env in ENVIRONMENTS for finding in answered_as_recorded(decided, decided, env)),
        *(clear for at in (BEFORE, DECIDED) for clear in ledgers_clear(facts.at(at), environments=ENVIRONMENTS)),
        *(finding for env in ENVIRONMENTS for finding in _as_decided(facts, env)),
    ))  # fmt: skip


def _as_decided(facts: Facts, environment: str) -> Iterator[Finding]:
    """Each answer held against the ledger, but for those of the deployment that was held after its switch."""
    decided = facts.at(DECIDED)
    since = committed_since(facts.at(BEFORE), decided, environment)
    held = [
        one.got
        for one in decided.of(Answer)
        if (one.probe, one.environment, one.outcome) == (HELD, environment, "right")
    ]
    if since is None or not held:
        return  # the ledgers, or who is presupposed, say why
    for one in decided.of(Served):
        said = rf"\S+ version {one.version}, generation {one.generation}, in ([1-9]\d*) of \1"
        if one.environment == environment and not any(re.fullmatch(said, got) for got in held):
            yield as_committed(one, since)
