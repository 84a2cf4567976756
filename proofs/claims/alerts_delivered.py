"""An alert reaches somebody: the way from Prometheus over Alertmanager to a receiver is open."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered
from yardfacts.mutants import asked, change, drop
from yardfacts.verdict import Finding, Verdict, merge

ENVIRONMENTS = ("dev", "prod")
DELIVERED = ("alert-accepted", "alert-delivered")
WATCHDOG = "watchdog-fires"


@claim(
    "In both environments an alert that only this proof posted reaches the receiver, and the rule that always fires is "
    "known to Alertmanager.",
    mutants=[
        Mutant(
            name="the receiver got nothing",
            edit=change(
                Answer, at="exercised", where=asked("alert-delivered", "prod"), outcome="wrong", got="not there"
            ),
            verdict=Verdict.DISPROVED,
            reason="not_delivered",
        ),
        Mutant(
            name="the receiver does not answer",
            edit=change(
                Answer,
                at="exercised",
                where=asked("alert-delivered", "prod"),
                outcome="unanswered",
                got="connection refused",
            ),
            verdict=Verdict.DISPROVED,
            reason="not_delivered",
        ),
        Mutant(
            name="Prometheus is silent",
            edit=change(
                Answer, at="exercised", where=asked(WATCHDOG, "prod"), outcome="wrong", got="silent in Prometheus"
            ),
            verdict=Verdict.DISPROVED,
            reason="watchdog_silent",
        ),
        Mutant(
            name="nobody asked the receiver",
            edit=drop(Answer, at="exercised", where=asked("alert-delivered", "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="nobody asked for the watchdog",
            edit=drop(Answer, at="exercised", where=asked(WATCHDOG, "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="an outcome that nobody knows",
            edit=change(Answer, at="exercised", where=asked(WATCHDOG, "prod"), outcome="fine"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unknown_outcome",
        ),
    ],
)
def alerts_delivered(facts: Facts) -> Finding:
    """Read what Alertmanager, its receiver and Prometheus answered."""
    exercised = facts.at("exercised")
    return merge((
        *answered(exercised, probes=DELIVERED, environments=ENVIRONMENTS, reason="not_delivered"),
        *answered(exercised, probes=(WATCHDOG,), environments=ENVIRONMENTS, reason="watchdog_silent"),
    ))  # fmt: skip
