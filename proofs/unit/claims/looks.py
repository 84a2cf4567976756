"""Good evidence: what one look at the whole yard records."""

from __future__ import annotations

from yardfacts.facts import Application, Barrier, Commit, Fact, Namespace, Pod, Root, Volume, Workload

from .witnesses import ENVIRONMENTS, right

__all__ = ["GENERATED", "SCRATCH", "SERVED", "look"]

UNDER_TEST, SERVED, SCRATCH = "a" * 40, "b" * 40, "c" * 40
GENERATED = tuple(f"gitops/profiles/embedded/{name}.yaml" for name in ("node", "sealed-secrets", "secrets"))
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


def look(*, on: bool, served: str = SERVED, on_top: tuple[str, ...] = GENERATED) -> tuple[Fact, ...]:
    """What one look at the whole yard records."""
    there = {**ROOTS, **CORE, **({"root-optional": "optional", **LAYER} if on else {})}
    homes = [(f"{name}-{env}", name) for env in ENVIRONMENTS for name in ("triton", "fastapi", "baseline")]
    homes += [(f"feature-store-{env}", name) for env in ENVIRONMENTS for name in ("feast", "redis") if on]
    claims = [(f"{name}-{env}", "model-repo") for env in ENVIRONMENTS for name in ("airflow", "triton", "fastapi")]
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
        *(right(probe, env, "as known") for env in ENVIRONMENTS for probe in PROBES),
    )
