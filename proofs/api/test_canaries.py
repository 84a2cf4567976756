"""The canary's pod, and every reader that is added to it, pass a real API server; the test plays the kubelet."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from proofs.canaries.volume import ModelVolume

from switchyard.kinds import NAMESPACES, PODS, Kind
from switchyard.kube import Kube
from switchyard.objects import dig
from switchyard.waiting import wait_until

SOON_S = 10.0
QUOTA: dict[str, Any] = {"hard": {"pods": "2", "requests.cpu": "1", "requests.memory": "1Gi", "limits.memory": "1Gi"}}


@dataclass(frozen=True)
class Reach:
    """As much of ``Hands`` as the canary uses."""

    kube: Kube
    environment: str
    run_id: str = "abc123"


def test_a_restricted_namespace_admits_the_pod_and_its_readers(kube: Kube) -> None:
    """Under Pod Security "restricted" and a quota, as the platform's namespaces are."""
    environment = secrets.token_hex(3)
    hands: Any = Reach(kube, environment)
    canary, nonce = ModelVolume(hands), f"abc123-{secrets.token_hex(4)}"
    for name in (canary.namespace, f"fastapi-{environment}"):
        marks = {"name": name, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}
        kube.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": marks})
    quotas = Kind("", "v1", "ResourceQuota", "resourcequotas")
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "quota"}, "spec": QUOTA}
    kube.create(quotas, quota, namespace=canary.namespace)
    _has_used(kube, quotas, canary.namespace)
    neighbour = canary.pod(nonce, image="here/gateway:1")
    kube.create(PODS, neighbour, namespace=f"fastapi-{environment}")

    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(canary.write, nonce)
        _play_kubelet(kube, canary.namespace, f"canary-{nonce}", {"conditions": [{"type": "Ready", "status": "True"}]})
        wanted = writing.result()
        for number in (1, 2):
            reading = threads.submit(canary.read, nonce)
            _play_kubelet(kube, canary.namespace, f"canary-{nonce}", _ended(number, wanted), readers=number)
            assert reading.result() == wanted
    assert canary.strays() == (nonce,)
    canary.remove(nonce)
    assert canary.strays() == ()


def _has_used(kube: Kube, quotas: Kind, namespace: str) -> None:
    """Play the controller that counts: without figures of what is used admission refuses everything."""
    part = Kind("", "v1", "ResourceQuota", f"{quotas.plural}/quota")
    used = dict.fromkeys(QUOTA["hard"], "0")
    kube.merge(part, "status", {"status": {**QUOTA, "used": used}}, namespace=namespace)


def _play_kubelet(kube: Kube, namespace: str, name: str, status: dict[str, Any], *, readers: int = 0) -> None:
    """Report *status* once the pod is there with as many readers."""

    def is_there(pod: Any) -> bool:
        return pod is not None and len(dig(pod, "spec", "ephemeralContainers") or ()) == readers

    wait_until(lambda: kube.find(PODS, name, namespace=namespace), what=f"pod {name}", ready=is_there, within_s=SOON_S)
    kube.merge(Kind("", "v1", "Pod", f"{PODS.plural}/{name}"), "status", {"status": status}, namespace=namespace)


def _ended(readers: int, message: str) -> dict[str, Any]:
    state = {"terminated": {"exitCode": 0, "message": message}}
    common = {"image": "here/gateway:1", "imageID": "", "ready": False, "restartCount": 0, "state": state}
    return {"ephemeralContainerStatuses": [{**common, "name": f"look-{one + 1}"} for one in range(readers)]}
