"""Airflow runs tasks, each where it belongs, of the DAG as git has it."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered
from yardfacts.mutants import asked, change, drop
from yardfacts.verdict import Finding, Verdict, merge

ENVIRONMENTS = ("dev", "prod")
ALIVE = ("token-given", "parts-alive")
"""The API server lets a known user in, and every other part was alive just now."""
RUN = ("run-accepted", "run-succeeded")
PLACES = ("task-in-scheduler", "task-in-pod")
"""One task beside the scheduler, one in a pod of its own that leaves nothing behind."""
COMMIT = ("dag-of-commit", "run-of-commit")
"""The commit that the DAG was read from before the run, and the one that the run says of itself."""


@claim(
    "In both environments every part of Airflow is alive, and a run of the DAG at the served commit succeeds: one task "
    "in the scheduler's pod, one in a pod of its own, which is gone afterwards.",
    mutants=[
        Mutant(
            name="a heartbeat is old",
            edit=change(
                Answer,
                at="exercised",
                where=asked("parts-alive", "prod"),
                outcome="wrong",
                got="triggerer silent for 90 s",
            ),
            verdict=Verdict.DISPROVED,
            reason="not_alive",
        ),
        Mutant(
            name="the API server does not answer",
            edit=change(
                Answer,
                at="exercised",
                where=asked("token-given", "prod"),
                outcome="unanswered",
                got="connection refused",
            ),
            verdict=Verdict.DISPROVED,
            reason="not_alive",
        ),
        Mutant(
            name="the run fails",
            edit=change(Answer, at="exercised", where=asked("run-succeeded", "prod"), outcome="wrong", got="failed"),
            verdict=Verdict.DISPROVED,
            reason="not_run",
        ),
        Mutant(
            name="the run never ends",
            edit=change(Answer, at="exercised", where=asked("run-succeeded", "prod"), outcome="wrong", got="queued"),
            verdict=Verdict.DISPROVED,
            reason="not_run",
        ),
        Mutant(
            name="both tasks ran in the scheduler",
            edit=change(
                Answer,
                at="exercised",
                where=asked("task-in-pod", "prod"),
                outcome="wrong",
                got="success in the scheduler's pod",
            ),
            verdict=Verdict.DISPROVED,
            reason="elsewhere",
            collateral=("task_logs_kept",),
        ),
        Mutant(
            name="the pod stays",
            edit=change(
                Answer,
                at="exercised",
                where=asked("task-in-pod", "prod"),
                outcome="wrong",
                got="success in a pod of its own, which is Running",
            ),
            verdict=Verdict.DISPROVED,
            reason="elsewhere",
            collateral=("task_logs_kept",),
        ),
        Mutant(
            name="the run is of another commit",
            edit=change(
                Answer, at="exercised", where=asked("run-of-commit", "prod"), outcome="wrong", got="0000000000"
            ),
            verdict=Verdict.DISPROVED,
            reason="other_commit",
        ),
        Mutant(
            name="nobody asked for the run",
            edit=drop(Answer, at="exercised", where=asked("run-succeeded", "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="nobody looked for the pod",
            edit=drop(Answer, at="exercised", where=asked("task-in-pod", "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
            collateral=("task_logs_kept",),
        ),
        Mutant(
            name="an outcome that nobody knows",
            edit=change(Answer, at="exercised", where=asked("parts-alive", "prod"), outcome="fine"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unknown_outcome",
        ),
    ],
)
def tasks_run(facts: Facts) -> Finding:
    """Read what Airflow answered when it was used."""
    exercised = facts.at("exercised")
    return merge((
        *answered(exercised, probes=ALIVE, environments=ENVIRONMENTS, reason="not_alive"),
        *answered(exercised, probes=RUN, environments=ENVIRONMENTS, reason="not_run"),
        *answered(exercised, probes=PLACES, environments=ENVIRONMENTS, reason="elsewhere"),
        *answered(exercised, probes=COMMIT, environments=ENVIRONMENTS, reason="other_commit"),
    ))  # fmt: skip
