"""Live rollouts: a pod of the old revision does not count for the new one."""

from __future__ import annotations

from typing import Any

import pytest

from switchyard.kube import Kube
from switchyard.rollout import is_rolled_out, pods, volumes, workloads
from yardfacts.facts import Workload

from .scripted import Asked, Scripted, answer


def _kube(**items: list[dict[str, Any]]) -> Kube:
    def reply(asked: Asked) -> Any:
        return answer({"items": items.get(asked.path.rsplit("/", 1)[-1], [])})

    return Kube(Scripted(reply))


def _deployment(**status: int) -> Workload:
    body = {
        "metadata": {"name": "d", "namespace": "n", "uid": "u", "generation": 2},
        "spec": {"replicas": 1},
        "status": {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1} | status,
    }
    (workload,) = workloads(_kube(deployments=[body]), namespaces=["n"])
    return workload


def test_a_finished_rollout_is_rolled_out() -> None:
    """Observed, updated and ready."""
    assert is_rolled_out(_deployment())


@pytest.mark.parametrize(
    "status",
    [
        {"observedGeneration": 1},
        {"updatedReplicas": 0},
        {"readyReplicas": 0},
        # The old pod is ready, the new one is not.
        {"replicas": 2, "updatedReplicas": 1, "readyReplicas": 1},
    ],
)
def test_an_unfinished_rollout_is_not(status: dict[str, int]) -> None:
    """Whatever the controller has not seen, made or got ready."""
    assert not is_rolled_out(_deployment(**status))


def test_a_scaled_down_workload_is_rolled_out() -> None:
    """Zero wanted and zero there is what was asked for."""
    body = {
        "metadata": {"name": "d", "namespace": "n", "uid": "u", "generation": 1},
        "spec": {"replicas": 0},
        "status": {"observedGeneration": 1},
    }
    (workload,) = workloads(_kube(statefulsets=[body]), namespaces=["n"])
    assert workload.wanted == 0
    assert is_rolled_out(workload)


def test_a_daemon_set_wants_as_many_as_there_are_nodes() -> None:
    """Its spec has no number."""
    body = {
        "metadata": {"name": "d", "namespace": "n", "uid": "u", "generation": 1},
        "status": {
            "observedGeneration": 1,
            "desiredNumberScheduled": 2,
            "currentNumberScheduled": 2,
            "updatedNumberScheduled": 2,
            "numberReady": 1,
        },
    }
    (workload,) = workloads(_kube(daemonsets=[body]), namespaces=["n"])
    assert (workload.wanted, workload.ready) == (2, 1)
    assert not is_rolled_out(workload)


def test_a_pod_is_told_by_identity() -> None:
    """Node, restarts over all containers, images as they run; finished pods are left out."""
    running = {
        "metadata": {"name": "a", "namespace": "n", "uid": "u"},
        "spec": {"nodeName": "node"},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "initContainerStatuses": [{"restartCount": 1, "imageID": "sha256:1"}],
            "containerStatuses": [{"restartCount": 2, "image": "i:2", "imageID": ""}],
        },
    }
    finished = {"metadata": {"name": "b", "namespace": "n", "uid": "v"}, "status": {"phase": "Succeeded"}}
    (pod,) = pods(_kube(pods=[running, finished]), namespaces=["n"])
    assert (pod.node, pod.ready, pod.restarts, pod.images) == ("node", True, 3, ("sha256:1", "i:2"))


def test_a_claim_is_told_with_its_volume() -> None:
    """A claim without a volume has empty fields, not a guess."""
    claims = [
        {
            "metadata": {"name": "a", "namespace": "n"},
            "spec": {"volumeName": "v"},
            "status": {"phase": "Bound"},
        },
        {"metadata": {"name": "b", "namespace": "n"}, "spec": {}, "status": {"phase": "Pending"}},
    ]
    volume = {
        "metadata": {"name": "v"},
        "spec": {"persistentVolumeReclaimPolicy": "Retain"},
        "status": {"phase": "Bound"},
    }
    kube = _kube(persistentvolumeclaims=claims, persistentvolumes=[volume])
    bound, pending = volumes(kube, namespaces=["n"])
    assert (bound.volume, bound.volume_phase, bound.reclaim_policy) == ("v", "Bound", "Retain")
    assert (pending.claim_phase, pending.volume, pending.reclaim_policy) == ("Pending", "", "")
