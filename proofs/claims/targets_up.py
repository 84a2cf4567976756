"""Prometheus sees everybody: each monitor's targets are up, the rules are loaded, and samples keep coming."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered
from yardfacts.mutants import asked, change, drop
from yardfacts.verdict import Finding, Verdict, merge

ENVIRONMENTS = ("dev", "prod")
MONITORS = (
    "airflow-statsd",
    "alertmanager",
    "alloy",
    "apiserver",
    "argocd",
    "fastapi",
    "feast",
    "kube-state-metrics",
    "kubelet",
    "loki",
    "minio",
    "mlflow",
    "node-exporter",
    "objects",
    "postgres-exporter",
    "prometheus",
    "prometheus-operator",
    "redis",
    "sealed-secrets",
    "triton",
)
"""Said a second time, on purpose: a list that is read from the cluster cannot miss anything."""
TARGETS = tuple(f"targets of {name}" for name in MONITORS)


def _is_targets(answer: Answer) -> bool:
    return answer.probe.startswith("targets of ")


@claim(
    "In both environments every monitor finds targets and all of them are up (those of the optional layer find nobody "
    "while it is off), every rule is loaded and none fails, and fresh samples say of a node what it says itself.",
    mutants=[
        Mutant(
            name="a target is down",
            edit=change(
                Answer, at="exercised", where=asked("targets of triton", "prod"), outcome="wrong", got="1 of 1 not up"
            ),
            verdict=Verdict.DISPROVED,
            reason="not_up",
        ),
        Mutant(
            name="a monitor finds nobody",
            edit=change(
                Answer, at="exercised", where=asked("targets of loki", "prod"), outcome="wrong", got="no target"
            ),
            verdict=Verdict.DISPROVED,
            reason="not_up",
        ),
        Mutant(
            name="a monitor that nobody expected finds nobody",
            edit=change(
                Answer, at="exercised", where=asked("targets of stranger", "prod"), outcome="wrong", got="no target"
            ),
            verdict=Verdict.DISPROVED,
            reason="not_up",
        ),
        Mutant(
            name="Prometheus does not answer",
            edit=change(
                Answer, at="exercised", where=asked("sample-fresh", "prod"), outcome="unanswered", got="refused"
            ),
            verdict=Verdict.DISPROVED,
            reason="sample_wrong",
        ),
        Mutant(
            name="the newest sample is old",
            edit=change(Answer, at="exercised", where=asked("sample-fresh", "prod"), outcome="wrong", got="290 s old"),
            verdict=Verdict.DISPROVED,
            reason="sample_wrong",
        ),
        Mutant(
            name="a rule is missing",
            edit=change(
                Answer, at="exercised", where=asked("rules-loaded", "prod"), outcome="wrong", got="missing: a/Watchdog"
            ),
            verdict=Verdict.DISPROVED,
            reason="rules_missing",
        ),
        Mutant(
            name="a monitor is missing",
            edit=drop(Answer, at="exercised", where=asked("targets of triton", "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="there is no monitor",
            edit=drop(Answer, at="exercised", where=_is_targets),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="an outcome that nobody knows",
            edit=change(Answer, at="exercised", where=asked("rules-loaded", "prod"), outcome="fine"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unknown_outcome",
        ),
    ],
)
def targets_up(facts: Facts) -> Finding:
    """Read what Prometheus answered: of every monitor that has to be there, and of those that are there beside them."""
    exercised = facts.at("exercised")
    found = dict.fromkeys(answer.probe for answer in exercised.of(Answer) if _is_targets(answer))
    return merge((
        *answered(exercised, probes=dict.fromkeys((*TARGETS, *found)), environments=ENVIRONMENTS, reason="not_up"),
        *answered(exercised, probes=("rules-loaded",), environments=ENVIRONMENTS, reason="rules_missing"),
        *answered(exercised, probes=("sample-fresh",), environments=ENVIRONMENTS, reason="sample_wrong"),
    ))  # fmt: skip
