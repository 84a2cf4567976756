"""What runs in the cluster, read from its own API: namespaces, pods, rollouts, volumes."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Namespace", "Pod", "Volume", "Workload"]


@dataclass(frozen=True, kw_only=True)
class Namespace:
    """A namespace that has to survive."""

    name: str
    uid: str
    phase: str


@dataclass(frozen=True, kw_only=True)
class Pod:
    """Identity of a running pod."""

    namespace: str
    name: str
    uid: str
    node: str
    ready: bool
    restarts: int
    images: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Live rollout of a Deployment, StatefulSet or DaemonSet; Argo CD's word is not taken for it."""

    kind: str
    namespace: str
    name: str
    uid: str
    generation: int
    observed_generation: int
    wanted: int
    updated: int
    ready: int


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A claim and the volume it is bound to."""

    namespace: str
    claim: str
    claim_phase: str
    volume: str
    volume_phase: str
    reclaim_policy: str
