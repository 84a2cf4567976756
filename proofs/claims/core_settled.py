"""Core and Baseline are what git says, and run: behind a barrier, at the served commit, down to the live rollout."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Application, Barrier, Facts, Workload
from yardfacts.judges import applications_settled, each_moment, rolled_out
from yardfacts.mutants import LOOK, blind, change, drop
from yardfacts.verdict import Finding, Verdict, merge

LAYERS = ("core", "baseline")
FOREIGN = ("feature-store-dev", "feature-store-prod")
"""Namespaces whose workloads are another layer's business."""

EXPECTED = (
    *("root-apps", "root-baseline"),
    *("shared-namespaces", "sealed-secrets-shared", "prometheus-operator-shared", "agents-shared"),
    *("dev-namespaces", "dev-support", "dev-secrets"),
    *("prod-namespaces", "prod-support", "prod-secrets"),
    *("postgres-dev", "mlflow-dev", "airflow-dev", "triton-dev", "fastapi-dev"),
    *("postgres-prod", "mlflow-prod", "airflow-prod", "triton-prod", "fastapi-prod"),
    *("minio-dev", "loki-dev", "alloy-dev", "monitoring-dev", "monitoring-extra-dev"),
    *("minio-prod", "loki-prod", "alloy-prod", "monitoring-prod", "monitoring-extra-prod"),
)
"""Said a second time, on purpose: a list that is read from the cluster cannot miss anything."""


def _is_gateway(application: Application) -> bool:
    return application.name == "fastapi-dev"


def _is_gateways(barrier: Barrier) -> bool:
    return barrier.application == "fastapi-dev"


def _is_core(workload: Workload) -> bool:
    return workload.namespace not in FOREIGN


@claim(
    "Core and Baseline stand: every Application answers the barrier, is Synced and Healthy at the served commit "
    "without an error, and every workload is rolled out.",
    mutants=[
        Mutant(
            name="an application drifts",
            edit=change(Application, at=LOOK, where=_is_gateway, sync="OutOfSync"),
            verdict=Verdict.DISPROVED,
            reason="out_of_sync",
        ),
        Mutant(
            name="an application is degraded",
            edit=change(Application, at=LOOK, where=_is_gateway, health="Degraded"),
            verdict=Verdict.DISPROVED,
            reason="unhealthy",
        ),
        Mutant(
            name="the comparison failed",
            edit=change(Application, at=LOOK, where=_is_gateway, error_conditions=("ComparisonError",)),
            verdict=Verdict.DISPROVED,
            reason="error_condition",
        ),
        Mutant(
            name="another commit was compared",
            edit=change(Application, at=LOOK, where=_is_gateway, revisions=("0" * 40,)),
            verdict=Verdict.DISPROVED,
            reason="wrong_revision",
            collateral=("served_commit",),
        ),
        Mutant(
            name="no commit was compared",
            edit=change(Application, at=LOOK, where=_is_gateway, revisions=()),
            verdict=Verdict.DISPROVED,
            reason="wrong_revision",
            collateral=("served_commit",),
        ),
        Mutant(
            name="another spec was compared",
            edit=change(Application, at=LOOK, where=_is_gateway, compared_to_spec=False),
            verdict=Verdict.DISPROVED,
            reason="compared_to_other",
        ),
        Mutant(
            name="a sync does not end",
            edit=change(Application, at=LOOK, where=_is_gateway, operation="Running"),
            verdict=Verdict.DISPROVED,
            reason="operation_unfinished",
        ),
        Mutant(
            name="self-heal is off",
            edit=change(Application, at=LOOK, where=_is_gateway, self_heal=False),
            verdict=Verdict.DISPROVED,
            reason="not_automated",
        ),
        Mutant(
            name="an application is being deleted",
            edit=change(Application, at=LOOK, where=_is_gateway, deleting=True),
            verdict=Verdict.DISPROVED,
            reason="deleting",
        ),
        Mutant(
            name="an application is missing",
            edit=drop(Application, at=LOOK, where=_is_gateway),
            verdict=Verdict.DISPROVED,
            reason="application_missing",
        ),
        Mutant(
            name="a rollout is stuck behind a healthy status",
            edit=change(Workload, at=LOOK, where=_is_core, ready=0),
            verdict=Verdict.DISPROVED,
            reason="not_rolled_out",
        ),
        Mutant(
            name="a rollout was not begun",
            edit=change(Workload, at=LOOK, where=_is_core, observed_generation=0),
            verdict=Verdict.DISPROVED,
            reason="not_rolled_out",
        ),
        Mutant(
            name="the list of applications is empty",
            edit=drop(Application, at=LOOK),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
            collateral=("served_commit",),
        ),
        Mutant(
            name="a controller does not answer",
            edit=change(Barrier, at=LOOK, where=_is_gateways, answered=False, refreshes_consumed=0),
            verdict=Verdict.INCONCLUSIVE,
            reason="barrier_unanswered",
        ),
        Mutant(
            name="only one refresh was consumed",
            edit=change(Barrier, at=LOOK, where=_is_gateways, refreshes_consumed=1),
            verdict=Verdict.INCONCLUSIVE,
            reason="barrier_unanswered",
        ),
        Mutant(
            name="no workload was read",
            edit=drop(Workload, at=LOOK),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="the API server is gone",
            edit=blind(Workload, at=LOOK),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def core_settled(facts: Facts) -> Finding:
    """Judge every look at the yard."""
    return each_moment(facts, _at_one_moment)


def _at_one_moment(facts: Facts) -> Finding:
    core = facts.where(Application, lambda application: application.layer in LAYERS).where(Workload, _is_core)
    return merge((*applications_settled(core, expected=EXPECTED), *rolled_out(core)))
