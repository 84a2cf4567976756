"""Good evidence: what the probers and the watches of the API server saw while the layer came and went."""

from __future__ import annotations

from yardfacts.facts import (
    Changed,
    ChurnRule,
    Cycle,
    Fact,
    Interval,
    ObjectRef,
    Sampled,
    Surveyed,
    Timing,
    Toggle,
    Watched,
)

from .witnesses import ENVIRONMENTS, right

__all__ = ["cycle", "round_trip", "sampled", "watched", "window"]

SERVICES = ("gateway", "triton", "mlflow", "airflow", "minio", "loki", "prometheus", "alertmanager")


def sampled(window: str, *states: str) -> tuple[Fact, ...]:
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


def cycle(number: int, *, of: int) -> tuple[Fact, ...]:
    """What one of several cycles records."""
    return (
        *(Toggle(layer="features", wanted=wanted, changed=True) for wanted in ("detached", "attached")),
        *(Timing(phase=phase, took_s=4.0) for phase in ("detach", "attach")),
        *sampled(f"cycle-{number}", "online", "absent", "online"),
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


def watched(window: str) -> Watched:
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


def window(name: str, sort: str) -> tuple[Fact, ...]:
    """What a watch saw while the layer came or went."""
    moved = _changed("Deployment.apps", "redis", namespace="feature-store-dev", sort=sort, belongs="layer")
    return (watched(name), *CHURN, _heartbeat("kubelet"), moved)


def round_trip() -> tuple[Fact, ...]:
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
