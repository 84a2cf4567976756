"""Commands that run inside: the template's pod with other arguments, its output, its exit code, and nothing left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from switchyard.errors import JobFailed, Late, NotFound
from switchyard.jobs import run
from switchyard.kinds import Kind
from switchyard.kube import Kube, Listing
from switchyard.labels import RUN_ID
from switchyard.yard import Job

JOB = Job(namespace="airflow-{env}", cronjob="lifecycle", command=("python", "-m", "yardflow"), deadline_s=1.0)
CONTAINER = {
    "name": "lifecycle",
    "image": "i",
    "args": ["python", "-m", "yardflow", "converge"],
    "env": [{"name": "A"}],
}
TEMPLATE = {
    "metadata": {"labels": {"app": "lifecycle"}},
    "spec": {"backoffLimit": 0, "template": {"spec": {"containers": [CONTAINER], "restartPolicy": "Never"}}},
}


@dataclass
class Cluster:
    """Stands for the API server: one CronJob, and a pod whose states are given."""

    states: list[dict[str, Any]]
    made: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[tuple[str, str]] = field(default_factory=list)

    def get(self, kind: Kind, name: str, *, namespace: str = "") -> dict[str, Any]:
        if (kind.kind, name, namespace) != ("CronJob", "lifecycle", "airflow-dev"):
            raise NotFound(f"{namespace}/{name}")
        return {"spec": {"jobTemplate": TEMPLATE}}

    def create(self, kind: Kind, body: dict[str, Any], *, namespace: str = "") -> dict[str, Any]:
        self.made.append({"kind": kind.kind, "namespace": namespace, **body})
        return body

    def list(self, kind: Kind, *, namespace: str = "", selector: str = "") -> Listing:
        name = self.made[-1]["metadata"]["name"]
        assert (kind.kind, namespace, selector) == ("Pod", "airflow-dev", f"job-name={name}")
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return Listing(({"metadata": {"name": "pod-1"}, "status": state},) if state else (), "1")

    def log(self, pod: str, *, namespace: str, for_s: float) -> Iterator[str]:
        assert (pod, namespace) == ("pod-1", "airflow-dev")
        yield from ("one", "two")

    def delete(self, kind: Kind, name: str, *, namespace: str = "", propagation: str = "") -> None:
        assert propagation == "Background"
        self.deleted.append((kind.kind, name))


def _ended(code: int) -> dict[str, Any]:
    return {
        "phase": "Failed" if code else "Succeeded",
        "containerStatuses": [{"state": {"terminated": {"exitCode": code}}}],
    }


def _run(
    cluster: Cluster, arguments: Sequence[str] = ("rollback", "--again"), environment: str = "dev"
) -> tuple[int, list[str]]:
    said: list[str] = []
    code = run(
        cast(Kube, cluster), job=JOB, environment=environment, arguments=arguments, tell=said.append, run_id="r1"
    )
    return code, said


@pytest.mark.parametrize("code", [0, 10])
def test_a_command_runs_inside(code: int) -> None:
    """Everything but the arguments is the template's; output and exit code come back, and the Job is removed."""
    cluster = Cluster([{}, {"phase": "Pending"}, {"phase": "Running"}, _ended(code)])

    assert _run(cluster) == (code, ["one", "two"])

    (made,) = cluster.made
    assert (made["kind"], made["namespace"]) == ("Job", "airflow-dev")
    assert made["metadata"]["labels"] == {"app": "lifecycle", RUN_ID: "r1"}
    (container,) = made["spec"]["template"]["spec"]["containers"]
    assert container == {**CONTAINER, "args": ["python", "-m", "yardflow", "rollback", "--again"]}
    assert cluster.deleted == [("Job", made["metadata"]["name"])]


def test_an_end_without_an_exit_code_is_no_success() -> None:
    """Evicted, or its pod was deleted: nobody knows what it has done."""
    cluster = Cluster([{"phase": "Running"}, {"phase": "Failed", "reason": "Evicted"}])

    with pytest.raises(JobFailed, match="Evicted"):
        _run(cluster)
    assert len(cluster.deleted) == 1


def test_a_pod_that_does_not_start_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its Job is removed, so that it does not run later, when nobody waits for it."""
    monkeypatch.setattr("switchyard.jobs.START_S", 0.1)
    cluster = Cluster([{"phase": "Pending"}])

    with pytest.raises(Late):
        _run(cluster)
    assert len(cluster.deleted) == 1


def test_a_place_without_the_template_is_named() -> None:
    """Nothing is made where there is no CronJob."""
    cluster = Cluster([{}])

    with pytest.raises(NotFound, match="airflow-prod"):
        _run(cluster, environment="prod")
    assert cluster.made == []
