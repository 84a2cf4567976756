"""The gateway's pods of one environment, each past the Service: which there are, and how one is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from proofs.services.exercise import Hands
from proofs.services.rest import Rest

from switchyard.kinds import PODS
from switchyard.objects import Json, dig

__all__ = ["BACK_S", "FORGOTTEN_S", "GONE_S", "delete", "gateways", "is_ready", "replicas"]

PORT: Final = 8080
BACK_S: Final = 120.0
"""A pod that starts on two busy cores, until it is ready."""
GONE_S: Final = 60.0
"""A pod that was deleted answers and is listed until its grace is over."""
FORGOTTEN_S: Final = 30.0
"""The cluster's name server gives the address of a pod that is gone for some seconds more, and converge asks it."""
SELECTOR: Final = "app.kubernetes.io/name=fastapi"


def gateways(hands: Hands) -> tuple[Rest, ...]:
    """The door of each pod, in the order of the API server, those included that start or end."""
    return tuple(Rest(hands.kube, _url(pod)) for pod in _pods(hands))


def replicas(hands: Hands) -> tuple[str, ...]:
    """
    URLs of the pods that are ready, in the order in which a deployment comes to them: that of their letters.

    A pod that is being deleted is none, though it may answer for some seconds more.
    """
    return tuple(sorted(_url(pod) for pod in _pods(hands) if is_ready(pod)))


def is_ready(pod: Json) -> bool:
    """Whether the kubelet calls a pod ready; one that is being deleted is not."""
    conditions = dig(pod, "status", "conditions") or ()
    return not dig(pod, "metadata", "deletionTimestamp") and any(
        (one["type"], one["status"]) == ("Ready", "True") for one in conditions
    )


def delete(hands: Hands, replica: str) -> int:
    """Delete the pod that answers at a *replica*'s URL; how many there were."""
    mine = [pod for pod in _pods(hands) if _url(pod) == replica]
    for pod in mine:
        meta = pod["metadata"]
        hands.kube.delete(PODS, meta["name"], namespace=meta["namespace"], uid=meta["uid"])
    return len(mine)


def _pods(hands: Hands) -> Sequence[Json]:
    return hands.kube.list(PODS, namespace=f"fastapi-{hands.environment}", selector=SELECTOR).items


def _url(pod: Json) -> str:
    return f"http://{dig(pod, 'status', 'podIP')}:{PORT}"
