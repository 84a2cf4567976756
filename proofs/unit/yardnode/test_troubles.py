"""What `switchyard status` says about what is not ready."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from yardnode.troubles import _full, _short, _unready


def _pod(**status: Any) -> Mapping[str, Any]:
    return {"metadata": {"namespace": "storage-dev", "name": "postgres-dev-0"}, "status": status}


READY = {"type": "Ready", "status": "True"}
UNREADY = {"type": "Ready", "status": "False"}


@pytest.mark.parametrize(
    "pod",
    [_pod(phase="Running", conditions=[READY]), _pod(phase="Succeeded", conditions=[UNREADY])],
    ids=["ready", "done"],
)
def test_pods_that_are_well_are_not_named(pod: Mapping[str, Any]) -> None:
    """A ready pod, and a job's that is through, are no trouble."""
    assert list(_unready([pod])) == []


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ({}, "is not seen by a node yet"),
        ({"phase": "Pending"}, "is Pending"),
        (
            {"containerStatuses": [{"name": "postgres", "ready": False, "state": {"running": {}}}]},
            "postgres runs and is not ready",
        ),
        (
            {
                "containerStatuses": [
                    {
                        "name": "postgres",
                        "ready": False,
                        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}},
                        "lastState": {"terminated": {"exitCode": 1, "message": "no space left"}},
                    }
                ]
            },
            "postgres: CrashLoopBackOff (back-off 10s); postgres: ended with status 1 (no space left)",
        ),
        (
            {
                "initContainerStatuses": [
                    {"name": "roles", "state": {"waiting": {"reason": "CreateContainerConfigError"}}}
                ]
            },
            "roles: CreateContainerConfigError",
        ),
        (
            {
                "conditions": [
                    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "memory"}
                ]
            },
            "scheduler: Unschedulable (memory)",
        ),
    ],
    ids=["unseen", "pending", "running", "crashing", "without its secret", "without a place"],
)
def test_the_cause_is_named(status: Mapping[str, Any], cause: str) -> None:
    """Whatever keeps a pod from being ready stands in its line."""
    (trouble,) = _unready([_pod(**status)])
    assert str(trouble) == f"Pod  storage-dev/postgres-dev-0  {cause}"


def test_a_pod_that_leaves_says_so() -> None:
    """A pod that is being deleted is named until it is gone."""
    leaving = {"metadata": {"namespace": "a", "name": "b", "deletionTimestamp": "now"}, "status": {}}
    assert [str(each) for each in _unready([leaving])] == ["Pod  a/b  is being deleted"]


@pytest.mark.parametrize(
    ("spec", "status", "cause"),
    [
        ({"replicas": 0}, {}, "is scaled to nothing"),
        ({"replicas": 2}, {"readyReplicas": 1}, "has 1 of 2 pods ready"),
        ({}, {"desiredNumberScheduled": 1, "numberReady": 0}, "has 0 of 1 pods ready"),
    ],
    ids=["scaled to nothing", "short", "an agent missing"],
)
def test_a_workload_without_its_pods_is_named(spec: Mapping[str, Any], status: Mapping[str, Any], cause: str) -> None:
    """A workload that somebody scaled to nothing has no pod to be named by."""
    workload = {
        "kind": "StatefulSet",
        "metadata": {"namespace": "storage-dev", "name": "postgres-dev"},
        "spec": spec,
        "status": status,
    }
    assert [str(each) for each in _short([workload])] == [f"StatefulSet  storage-dev/postgres-dev  {cause}"]


def test_a_workload_with_its_pods_is_not_named() -> None:
    """One that has what it wants is no trouble."""
    workload = {"kind": "D", "metadata": {}, "spec": {"replicas": 1}, "status": {"readyReplicas": 1}}
    assert list(_short([workload])) == []


def _volume(place: str, *, claimed: bool = True) -> Mapping[str, Any]:
    claim = {"claimRef": {"namespace": "storage-dev", "name": "postgres"}} if claimed else {}
    return {"metadata": {"name": "postgres-dev"}, "spec": {"hostPath": {"path": place}, **claim}}


def test_a_full_volume_is_named_by_its_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database on a full volume may still say that it is ready; what is left of the volume says more."""
    monkeypatch.setattr("yardnode.troubles.FULL_BYTES", 1 << 62)
    (trouble,) = _full([_volume(str(tmp_path))])
    assert (trouble.namespace, trouble.name) == ("storage-dev", "postgres")
    assert trouble.cause.startswith("is full: ")
    assert trouble.cause.endswith("left on volume postgres-dev")


def test_a_volume_with_room_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is one that nobody claims, and one that is not of this machine."""
    monkeypatch.setattr("yardnode.troubles.FULL_BYTES", 0)
    assert list(_full([_volume(str(tmp_path))])) == []
    monkeypatch.setattr("yardnode.troubles.FULL_BYTES", 1 << 62)
    assert list(_full([_volume(str(tmp_path), claimed=False), {"metadata": {}, "spec": {"nfs": {}}}])) == []
