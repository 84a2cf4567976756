"""Good evidence: one whole loop as an honest yard would record it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from yardfacts.catalogue import load_claims
from yardfacts.claims import Claim
from yardfacts.facts import (
    Application,
    Barrier,
    Changed,
    ChurnRule,
    Commit,
    Cycle,
    Death,
    Fact,
    Facts,
    Hold,
    Interval,
    Namespace,
    ObjectRef,
    Obligation,
    Pod,
    Root,
    Sampled,
    Surveyed,
    Sweep,
    Timing,
    Toggle,
    Volume,
    Watched,
    Workload,
)

from .failing import with_failures
from .lengthy import with_lengthy
from .promoting import with_promotion
from .rebuilt import with_rebuilt
from .spoiled import refused_input
from .trials import with_trials
from .witnesses import ENVIRONMENTS, right

CLAIMS = Path(__file__).parents[2] / "claims"

UNDER_TEST, SERVED, SCRATCH = "a" * 40, "b" * 40, "c" * 40
GENERATED = tuple(f"gitops/profiles/embedded/{name}.yaml" for name in ("node", "sealed-secrets", "secrets"))

MONITORS = (
    *("alertmanager", "alloy", "apiserver", "argocd", "fastapi", "feast", "kube-state-metrics", "kubelet", "loki"),
    *("minio", "mlflow", "node-exporter", "objects", "prometheus", "prometheus-operator", "sealed-secrets", "triton"),
    *("airflow-statsd", "postgres-exporter", "redis"),
    "stranger",
)
"""Those that the claim knows, and one that it does not."""
STORES = (
    *("model-volume", "minio", "loki-pushed", "loki-shipped", "mlflow-run", "mlflow-artifact", "mlflow-version"),
    *("airflow-run", "airflow-variable", "prometheus", "feast-offline"),
)
SERVICES = ("gateway", "triton", "mlflow", "airflow", "minio", "loki", "prometheus", "alertmanager")
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


def _look(*, on: bool, served: str = SERVED, on_top: tuple[str, ...] = GENERATED) -> tuple[Fact, ...]:
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


def _shipped(service: str, environment: str) -> str:
    return f"once, from {service}-{environment} in {environment}, labels app container env namespace pod"


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
        "stranger-wrote": "HTTP 404",
        "stranger-left-out": "nowhere",
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
    services = ("airflow", "fastapi", "feature-store", "mlflow", "triton")
    return tuple(
        right(probe, env, value)
        for env in ENVIRONMENTS
        for probe, value in (*asked.items(), *(("line-shipped", _shipped(name, env)) for name in services * 3))
    )


def _canaries() -> tuple[Fact, ...]:
    """What every store gives back of what the proof wrote, before and after."""
    return tuple(right(f"canary-{store}", env, f"{store} as written") for env in ENVIRONMENTS for store in STORES)


def _sampled(window: str, *states: str) -> tuple[Fact, ...]:
    """What a prober gives of a window of 500 s, through which the gateway's features are in one state after another."""
    window_ms, facts = 500_000, list[Fact]()
    asked = [(f"{service}-path", env, 500) for service in SERVICES for env in ENVIRONMENTS]
    asked += [(service, env, 4000) for service in SERVICES for env in ENVIRONMENTS]
    asked += [(control, "control", 500) for control in ("loopback", "echo")]
    for probe, env, period_ms in asked:
        for connection in ("new", "kept"):
            planned = window_ms // period_ms
            facts.append(
                Sampled(
                    probe=probe,
                    environment=env,
                    connection=connection,
                    period_s=period_ms / 1000,
                    window_s=window_ms / 1000,
                    planned=planned,
                    sent=planned,
                    right=planned,
                    wrong=0,
                    unanswered=0,
                    missed_in_a_row=0,
                    blind_s=period_ms / 1000 + 0.01,
                    skew_ms=0,
                    file=f"probes/{window}.jsonl",
                    sha256="0" * 64,
                )
            )
            said = states if probe == "gateway" else ("",)
            for number, state in enumerate(said):
                samples = planned // len(said) + (planned % len(said) if number == 0 else 0)
                facts.append(
                    Interval(
                        probe=probe,
                        environment=env,
                        connection=connection,
                        outcome="right",
                        state=state,
                        start_ms=number * window_ms // len(said),
                        stop_ms=(number + 1) * window_ms // len(said),
                        samples=samples,
                        detail="",
                    )
                )
    return (*facts, *(right(f"{pod}-pod", "control", "the same pod") for pod in ("prober", "echo")))


def _cycle(number: int, *, of: int) -> tuple[Fact, ...]:
    """What one of several cycles records."""
    return (
        *(Toggle(layer="features", wanted=wanted, changed=True) for wanted in ("detached", "attached")),
        *(Timing(phase=phase, took_s=4.0) for phase in ("detach", "attach")),
        *_sampled(f"cycle-{number}", "online", "absent", "online"),
        Cycle(number=number, of=of, failed=False, detail=""),
    )


CHURN = (
    ChurnRule(
        kind="Lease.coordination.k8s.io", pointer="/spec/renewTime", manager="kubelet", reason="the node is alive"
    ),
)


def _changed(kind: str, name: str, *, namespace: str, sort: str = "MODIFIED", **fields: str) -> Changed:
    given = {"pointer": "", "before": "", "after": "", "manager": "unknown", "belongs": "", **fields}
    ref = ObjectRef(kind=kind, namespace=namespace, name=name, uid=f"uid-{name}")
    return Changed(ref=ref, type=sort, times=1, first_ms=1, last_ms=2, **given)


def _heartbeat(manager: str) -> Changed:
    lease = "Lease.coordination.k8s.io"
    return _changed(lease, "node", namespace="kube-node-lease", pointer="/spec/renewTime", manager=manager)


def _watched(window: str) -> Watched:
    return Watched(
        window=window,
        kinds=70,
        objects=1500,
        events=900,
        resumes=2,
        gap="",
        unwatched=(),
        left_out=("Event: they tell what happened",),
        differences=(),
        took_s=60.0,
        cpu_s=1.5,
        file=f"watch/{window}.jsonl",
        sha256="0" * 64,
    )


def _window(name: str, sort: str) -> tuple[Fact, ...]:
    """What a watch saw while the layer came or went."""
    moved = _changed("Deployment.apps", "redis", namespace="feature-store-dev", sort=sort, belongs="layer")
    return (_watched(name), *CHURN, _heartbeat("kubelet"), moved)


def _round_trip() -> tuple[Fact, ...]:
    """What differs between before and after: who returned is new, its rollouts are history, and time went on."""
    surveyed = Surveyed(since="off", until="on", objects_before=1500, objects_after=1500, doubts=())
    revision = "/metadata/annotations/deployment.kubernetes.io~1revision"
    differing = (
        ("Deployment.apps", "redis", {"pointer": "/metadata/uid"}),
        ("Deployment.apps", "redis", {"pointer": revision, "before": "3", "after": "1"}),
        ("ReplicaSet.apps", "redis-594686fb66", {"sort": "DELETED"}),
    )
    layer = (
        _changed(kind, name, namespace="feature-store-dev", belongs="layer", **{"sort": "MODIFIED", **fields})
        for kind, name, fields in differing
    )
    return (surveyed, *CHURN, _heartbeat("unknown"), *layer)


def _ref(kind: str, name: str) -> ObjectRef:
    return ObjectRef(kind=kind, namespace="feature-store-dev", name=name, uid=f"uid-{name}")


@pytest.fixture(name="evidence", scope="session")
def _evidence() -> Facts:
    """A loop of every stage: before, off, held, on again, three commits, and a model that comes and goes."""
    ca = _ref("ConfigMap", "kube-root-ca.crt")
    scratch = ObjectRef(kind="ConfigMap", namespace="storage-dev", name="scratch", uid="uid-scratch")
    scratched = (*GENERATED, "gitops/core/charts/support/templates/scratch.yaml")
    sweep = Sweep(kinds_listed=63, kinds_unreadable=(), decoy_found=True, found=(ca,), unattributed=())
    loop = with_promotion(
        Facts()
        .plus("before", _look(on=True))
        .plus("written", [right("feature-written", env, "1234567.5") for env in ENVIRONMENTS])
        .plus("written", _canaries())
        .plus("detached", [Obligation(ref=_ref("Deployment.apps", "redis"), fate="gone"), sweep])
        .plus("detached", _look(on=False))
        .plus("detached", [right("features-absent", env, "absent") for env in ENVIRONMENTS])
        .plus("exercised", _exercise())
        .plus("detached", _canaries())
        .plus("held", [Hold(refreshed=("root-apps", "root-baseline", "support"), window_s=10.0, returned=())])
        .plus("again", [Toggle(layer="features", wanted="detached", changed=False), _watched("again")])
        .plus("off", _window("off", "DELETED"))
        .plus("off", _sampled("off", "online", "absent"))
        .plus("on", _window("on", "ADDED"))
        .plus("on", _sampled("on", "absent", "online"))
        .plus("round-trip", _round_trip())
        .plus("attached", _look(on=True))
        .plus("attached", [right("features-online", env, "online") for env in ENVIRONMENTS])
        .plus("attached", [right("feature-read", env, "1234567.5") for env in ENVIRONMENTS])
        .plus("attached", _canaries())
        .plus("committed", _look(on=True, served=SCRATCH, on_top=scratched))
        .plus("committed", [right("committed-object", "dev", "as committed")])
        .plus("healed", [right("edited-object", "dev", "by hand"), right("committed-object", "dev", "as committed")])
        .plus("pruned", [Obligation(ref=scratch, fate="gone")])
        .plus("returned", _look(on=True))
        .plus(
            "rebound",
            [
                right(probe, env, value)
                for env in ENVIRONMENTS
                for probe, value in (
                    ("volume-written", "proof-0"),
                    ("volume-released", "Released"),
                    ("volume-bound-again", "Bound"),
                    ("volume-read", "proof-0"),
                )
            ],
        )
        .plus("planted", [right(f"secret-in-{place}", "dev", "there") for place in ("pod", "log")])
        .plus("planted", [right("secret-in-evidence", "dev", "in no file")])
        .plus("cycle-1", _cycle(1, of=2))
        .plus("cycle-2", _cycle(2, of=2))
        .plus("broken", [right("status", "dev", "baseline-dev/loki-dev named")])
        .plus(
            "killed",
            [
                Death(
                    killed="in the middle of a detach",
                    layer="features",
                    found="attached",
                    seen="detaching",
                    left="attached",
                    ending="interrupted",
                    verdict="INCONCLUSIVE",
                    holder="",
                    remembered="",
                    took_s=14.0,
                )
            ],
        )
        .plus("told", [right(f"told-{how}", "prod", how) for how in ("broken", "whole")]),
        served=SERVED,
    )
    return with_trials(with_rebuilt(with_failures(with_lengthy(loop)))).plus("refused-input", refused_input())


@pytest.fixture(name="claims", scope="session")
def _claims() -> Mapping[str, Claim]:
    return load_claims(CLAIMS)
