"""Every service of Core and Baseline says of itself that it is ready, whenever the yard is looked at."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered, each_moment
from yardfacts.mutants import LOOK, asked, blind, change, drop
from yardfacts.verdict import Finding, Verdict, merge

ENVIRONMENTS = ("dev", "prod")
SERVICES = ("mlflow", "airflow", "loki", "prometheus", "alertmanager")
"""Those that no known answer can be asked of at a glance; what they are for is proved by using them."""


@claim(
    "At every look MLflow, Airflow with all its parts, Loki, Prometheus and Alertmanager are ready in both "
    "environments.",
    mutants=[
        Mutant(
            name="a part is unhealthy",
            edit=change(Answer, at=LOOK, where=asked("airflow", "prod"), outcome="wrong", got="unhealthy"),
            verdict=Verdict.DISPROVED,
            reason="not_ready",
        ),
        Mutant(
            name="a service does not answer",
            edit=change(Answer, at=LOOK, where=asked("loki", "prod"), outcome="unanswered", got="refused"),
            verdict=Verdict.DISPROVED,
            reason="not_ready",
        ),
        Mutant(
            name="a service was not asked",
            edit=drop(Answer, at=LOOK, where=asked("prometheus", "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="the addresses could not be looked up",
            edit=blind(Answer, at=LOOK),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
            collateral=("core_serves",),
        ),
    ],
)
def services_ready(facts: Facts) -> Finding:
    """Judge every look at the yard."""
    return each_moment(facts, _at_one_moment)


def _at_one_moment(facts: Facts) -> Finding:
    return merge(answered(facts, probes=SERVICES, environments=ENVIRONMENTS, reason="not_ready"))
