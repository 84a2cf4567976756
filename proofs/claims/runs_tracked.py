"""MLflow keeps what it is given, through its server and in its registry, from those it does not know too."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered
from yardfacts.mutants import asked, change, drop
from yardfacts.verdict import Finding, Verdict, merge

ENVIRONMENTS = ("dev", "prod")
KEPT = ("let-in", "run-tracked", "artifact-kept", "version-registered", "run-forgotten")
"""A known user is let in; a run's parameter and metric; its file; a registered version; and all of it is removed."""
REFUSED = "stranger-refused"


@claim(
    "In both environments MLflow gives back a run's parameter, metric and file, and registers a version that is READY; "
    "it answers 401 without a credential, and with a wrong one.",
    mutants=[
        Mutant(
            name="a metric is lost",
            edit=change(
                Answer,
                at="exercised",
                where=asked("run-tracked", "prod"),
                outcome="wrong",
                got="FINISHED, parameter a, metric 0",
            ),
            verdict=Verdict.DISPROVED,
            reason="not_kept",
        ),
        Mutant(
            name="the server does not answer",
            edit=change(
                Answer,
                at="exercised",
                where=asked("run-tracked", "prod"),
                outcome="unanswered",
                got="connection refused",
            ),
            verdict=Verdict.DISPROVED,
            reason="not_kept",
        ),
        Mutant(
            name="a known user is not let in",
            edit=change(Answer, at="exercised", where=asked("let-in", "prod"), outcome="wrong", got="HTTP 401"),
            verdict=Verdict.DISPROVED,
            reason="not_kept",
        ),
        Mutant(
            name="a file comes back with other bytes",
            edit=change(Answer, at="exercised", where=asked("artifact-kept", "prod"), outcome="wrong", got="0 bytes"),
            verdict=Verdict.DISPROVED,
            reason="not_kept",
        ),
        Mutant(
            name="a version is never ready",
            edit=change(
                Answer,
                at="exercised",
                where=asked("version-registered", "prod"),
                outcome="wrong",
                got="version 1 PENDING_REGISTRATION",
            ),
            verdict=Verdict.DISPROVED,
            reason="not_kept",
        ),
        Mutant(
            name="a stranger may look",
            edit=change(
                Answer,
                at="exercised",
                where=asked(REFUSED, "prod"),
                outcome="wrong",
                got="HTTP 200 without a credential",
            ),
            verdict=Verdict.DISPROVED,
            reason="not_refused",
        ),
        Mutant(
            name="nobody asked for the file",
            edit=drop(Answer, at="exercised", where=asked("artifact-kept", "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="nobody asked as a stranger",
            edit=drop(Answer, at="exercised", where=asked(REFUSED, "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="an outcome that nobody knows",
            edit=change(Answer, at="exercised", where=asked(REFUSED, "prod"), outcome="fine"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unknown_outcome",
        ),
    ],
)
def runs_tracked(facts: Facts) -> Finding:
    """Read what MLflow answered when it was used."""
    exercised = facts.at("exercised")
    return merge((
        *answered(exercised, probes=KEPT, environments=ENVIRONMENTS, reason="not_kept"),
        *answered(exercised, probes=(REFUSED,), environments=ENVIRONMENTS, reason="not_refused"),
    ))  # fmt: skip
