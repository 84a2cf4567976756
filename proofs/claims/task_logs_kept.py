"""What a task wrote stays when its pod is gone: in the object store, under its environment."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered
from yardfacts.mutants import asked, change, drop
from yardfacts.verdict import Finding, Verdict, inconclusive, merge

ENVIRONMENTS = ("dev", "prod")
LOGS = ("log-of-task-in-scheduler", "log-of-task-in-pod")


@claim(
    "In both environments the log of each finished task is read from the object store, with the word that only this "
    "run was given; one of their pods is gone by then.",
    mutants=[
        Mutant(
            name="a log is missing",
            edit=change(
                Answer,
                at="exercised",
                where=asked("log-of-task-in-pod", "prod"),
                outcome="wrong",
                got="no s3://airflow/a.log",
            ),
            verdict=Verdict.DISPROVED,
            reason="log_lost",
        ),
        Mutant(
            name="a log is of another run",
            edit=change(
                Answer,
                at="exercised",
                where=asked("log-of-task-in-scheduler", "prod"),
                outcome="wrong",
                got="s3://airflow/a.log without b",
            ),
            verdict=Verdict.DISPROVED,
            reason="log_lost",
        ),
        Mutant(
            name="the object store does not answer",
            edit=change(
                Answer,
                at="exercised",
                where=asked("log-of-task-in-pod", "prod"),
                outcome="unanswered",
                got="connection refused",
            ),
            verdict=Verdict.DISPROVED,
            reason="log_lost",
        ),
        Mutant(
            name="nobody read a log",
            edit=drop(Answer, at="exercised", where=asked("log-of-task-in-pod", "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="the pod was there when its log was read",
            edit=change(
                Answer,
                at="exercised",
                where=asked("task-in-pod", "prod"),
                outcome="wrong",
                got="success in a pod of its own, which is Running",
            ),
            verdict=Verdict.INCONCLUSIVE,
            reason="pod_there",
            collateral=("tasks_run",),
        ),
        Mutant(
            name="an outcome that nobody knows",
            edit=change(Answer, at="exercised", where=asked("log-of-task-in-pod", "prod"), outcome="fine"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unknown_outcome",
        ),
    ],
)
def task_logs_kept(facts: Facts) -> Finding:
    """Read the logs' answers; they say nothing about what outlives a pod that is still there."""
    exercised = facts.at("exercised")
    gone = answered(exercised, probes=("task-in-pod",), environments=ENVIRONMENTS)
    return merge((
        *answered(exercised, probes=LOGS, environments=ENVIRONMENTS, reason="log_lost"),
        *(_needed(finding) for finding in gone),
    ))  # fmt: skip


def _needed(finding: Finding) -> Finding:
    """Whether the pod is gone is another claim's business; here nothing can be told without it."""
    return inconclusive("pod_there", finding.detail) if finding.verdict is Verdict.DISPROVED else finding
