"""Good evidence: one whole loop as an honest yard would record it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from yardfacts.catalogue import load_claims
from yardfacts.claims import Claim
from yardfacts.facts import (
    Answer,
    Application,
    Barrier,
    Commit,
    Fact,
    Facts,
    Hold,
    Namespace,
    ObjectRef,
    Obligation,
    Pod,
    Root,
    Sweep,
    Toggle,
    Volume,
    Workload,
)

CLAIMS = Path(__file__).parents[2] / "claims"

UNDER_TEST, SERVED, SCRATCH = "a" * 40, "b" * 40, "c" * 40
GENERATED = tuple(f"gitops/profiles/embedded/{name}.yaml" for name in ("node", "sealed-secrets", "secrets"))

ENVIRONMENTS = ("dev", "prod")
MONITORS = (
    *("alertmanager", "alloy", "apiserver", "argocd", "fastapi", "feast", "kube-state-metrics", "kubelet", "loki"),
    *("minio", "mlflow", "node-exporter", "objects", "prometheus", "prometheus-operator", "sealed-secrets", "triton"),
    "stranger",
)
"""Those that the claim knows, and one that it does not."""
PROBES = ("gateway", "minio", "mlflow", "airflow", "loki", "prometheus", "alertmanager")
ROOTS = {"root-apps": "core", "root-baseline": "baseline"}
CORE = {
    "shared-namespaces": "core",
    "sealed-secrets-shared": "core",
    **{f"{env}-{name}": "core" for env in ENVIRONMENTS for name in ("namespaces", "support", "secrets")},
    **{
        f"{name}-{env}": "core"
        for env in ENVIRONMENTS
        for name in ("postgres", "mlflow", "airflow", "triton", "fastapi")
    },
    "prometheus-operator-shared": "baseline",
    "agents-shared": "baseline",
    **{
        f"{name}-{env}": "baseline"
        for env in ENVIRONMENTS
        for name in ("minio", "loki", "alloy", "monitoring", "monitoring-extra")
    },
}
LAYER = {f"{name}-{env}": "optional" for env in ENVIRONMENTS for name in ("optional-envs", "feast")}


def _application(name: str, layer: str, revision: str) -> Application:
    return Application(
        name=name,
        uid=f"uid-{name}",
        layer=layer,
        project="bootstrap",
        sync="Synced",
        health="Healthy",
        revisions=(revision,),
        operation="Succeeded",
        error_conditions=(),
        compared_to_spec=True,
        automated=True,
        prune=True,
        self_heal=True,
        finalizers=("resources-finalizer.argocd.argoproj.io",),
        deleting=False,
        parent="" if name.startswith("root-") else "services",
    )


def _pod(namespace: str, name: str) -> Pod:
    return Pod(
        namespace=namespace,
        name=name,
        uid=f"uid-{namespace}-{name}",
        node="node",
        ready=True,
        restarts=0,
        images=(f"switchyard.local/{name}:1",),
    )


def _workload(namespace: str, name: str) -> Workload:
    return Workload(
        kind="Deployment",
        namespace=namespace,
        name=name,
        uid=f"uid-{namespace}-{name}",
        generation=1,
        observed_generation=1,
        wanted=1,
        updated=1,
        ready=1,
    )


def _answer(probe: str, environment: str, value: str) -> Answer:
    return Answer(probe=probe, environment=environment, outcome="right", wanted=value, got=value, took_s=0.01)


def _look(*, on: bool, served: str = SERVED, on_top: tuple[str, ...] = GENERATED) -> tuple[Fact, ...]:
    """What one look at the whole yard records."""
    there = {**ROOTS, **CORE, **({"root-optional": "optional", **LAYER} if on else {})}
    homes = [(f"{name}-{env}", name) for env in ENVIRONMENTS for name in ("triton", "fastapi", "baseline")]
    homes += [(f"feature-store-{env}", name) for env in ENVIRONMENTS for name in ("feast", "redis") if on]
    claims = [(f"{name}-{env}", "model-repo") for env in ENVIRONMENTS for name in ("airflow", "triton")]
    return (
        Commit(sha=UNDER_TEST, served=served, dirty=False, on_top=on_top),
        *(Barrier(application=name, answered=True, refreshes_consumed=2, waited_s=0.4) for name in there),
        *(_application(name, layer, served) for name, layer in there.items()),
        *(Root(name=name, http_status=200) for name in ROOTS),
        Root(name="root-optional", http_status=200 if on else 404),
        *(Namespace(name=f"feature-store-{env}", uid=f"uid-{env}", phase="Active") for env in ENVIRONMENTS),
        *(_pod(namespace, name) for namespace, name in homes),
        *(_workload(namespace, name) for namespace, name in homes),
        *(
            Volume(
                namespace=namespace,
                claim=claim,
                claim_phase="Bound",
                volume=f"{namespace}-{claim}",
                volume_phase="Bound",
                reclaim_policy="Retain",
            )
            for namespace, claim in claims
        ),
        *(_answer(probe, env, "as known") for env in ENVIRONMENTS for probe in PROBES),
    )


def _exercise() -> tuple[Fact, ...]:
    """What it records when every service is used once in every environment."""
    asked = {
        "let-in": "HTTP 200",
        "run-tracked": "FINISHED, parameter proof-0, metric 0.5",
        "artifact-kept": "70000 bytes, sha256 0",
        "version-registered": "version 1 READY of mlflow-artifacts:/1/0/artifacts/proof.bin",
        "run-forgotten": "removed",
        "stranger-refused": "HTTP 401 without a credential, HTTP 401 with a wrong one",
        "token-given": "a token",
        "parts-alive": "healthy, heartbeats fresh",
        "dag-of-commit": SERVED,
        "run-accepted": "accepted",
        "run-succeeded": "success",
        "run-of-commit": SERVED,
        "task-in-scheduler": "success in the scheduler's pod",
        "task-in-pod": "success in a pod of its own, which is gone",
        "log-of-task-in-scheduler": "s3://airflow/a with 0",
        "log-of-task-in-pod": "s3://airflow/b with 0",
        "lines-looked-for": "looked for",
        "lines-of-platform": "the platform's namespaces, and no others",
        "rules-loaded": "every rule loaded, none failing",
        "sample-fresh": "1024 bytes, not older than 75 s",
        "alert-accepted": "accepted",
        "alert-delivered": "notification with 0",
        "watchdog-fires": "firing in Prometheus, known to Alertmanager",
        "version-in-registry": "wine version 1",
        "digest-in-registry": "0" * 64,
        "version-in-triton": "wine version 1",
        "version-in-answer": "wine version 1",
        **{f"targets of {name}": "all up" for name in MONITORS},
    }
    line = "once, from mlflow in its environment, labels app container env namespace pod"
    return tuple(
        _answer(probe, env, value)
        for env in ENVIRONMENTS
        for probe, value in (*asked.items(), *(("line-shipped", line) for _ in range(12)))
    )


def _ref(kind: str, name: str) -> ObjectRef:
    return ObjectRef(kind=kind, namespace="feature-store-dev", name=name, uid=f"uid-{name}")


@pytest.fixture(name="evidence", scope="session")
def _evidence() -> Facts:
    """A loop of every stage: before, off, held, on again, and three commits."""
    ca = _ref("ConfigMap", "kube-root-ca.crt")
    scratch = ObjectRef(kind="ConfigMap", namespace="storage-dev", name="scratch", uid="uid-scratch")
    scratched = (*GENERATED, "gitops/core/charts/support/templates/scratch.yaml")
    sweep = Sweep(kinds_listed=63, kinds_unreadable=(), decoy_found=True, found=(ca,), unattributed=())
    return (
        Facts()
        .plus("before", _look(on=True))
        .plus("written", [_answer("feature-written", env, "1234567.5") for env in ENVIRONMENTS])
        .plus("detached", [Obligation(ref=_ref("Deployment.apps", "redis"), fate="gone"), sweep])
        .plus("detached", _look(on=False))
        .plus("detached", [_answer("features-absent", env, "absent") for env in ENVIRONMENTS])
        .plus("exercised", _exercise())
        .plus("held", [Hold(refreshed=("root-apps", "root-baseline", "support"), window_s=10.0, returned=())])
        .plus("again", [Toggle(layer="features", wanted="detached", changed=False)])
        .plus("attached", _look(on=True))
        .plus("attached", [_answer("features-online", env, "online") for env in ENVIRONMENTS])
        .plus("attached", [_answer("feature-read", env, "1234567.5") for env in ENVIRONMENTS])
        .plus("committed", _look(on=True, served=SCRATCH, on_top=scratched))
        .plus("committed", [_answer("committed-object", "dev", "as committed")])
        .plus(
            "healed", [_answer("edited-object", "dev", "by hand"), _answer("committed-object", "dev", "as committed")]
        )
        .plus("pruned", [Obligation(ref=scratch, fate="gone")])
        .plus("returned", _look(on=True))
        .plus(
            "rebound",
            [
                _answer(probe, env, value)
                for env in ENVIRONMENTS
                for probe, value in (
                    ("volume-written", "proof-0"),
                    ("volume-released", "Released"),
                    ("volume-bound-again", "Bound"),
                    ("volume-read", "proof-0"),
                )
            ],
        )
        .plus("broken", [_answer("status", "dev", "baseline-dev/loki-dev named, failure")])
    )


@pytest.fixture(name="claims", scope="session")
def _claims() -> Mapping[str, Claim]:
    return load_claims(CLAIMS)
