"""Airflow: a run of the DAG ``yard_check`` on each executor, and what it leaves in the object store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from switchyard import labels
from switchyard.errors import NotFound, Unreachable
from switchyard.kinds import PODS, Kind
from switchyard.kube import Kube
from switchyard.objects import dig
from switchyard.probe.s3 import Store

from .errors import Declined, Unanswered
from .inquiry import Inquiry
from .rest import Rest

__all__ = ["ADMIN", "DAG", "Airflow", "Run", "check_health", "finish", "read_logs", "start", "url"]

ADMIN: Final = "admin"
DAG: Final = "yard_check"
LOCAL_TASK: Final = "local_executor"
POD_TASK: Final = "kubernetes_executor"
"""The DAG has one task for every executor, called after it."""

SCHEDULER: Final = "airflow-scheduler"
"""Name of the pods that schedule, as their label has it."""
BUCKET: Final = "airflow"
EVENTS: Final = Kind("", "v1", "Event", "events")
"""Tell of pods that are gone; the API server keeps them for an hour."""

API: Final = "/api/v2"
PARTS: Final = ("metadatabase", "scheduler", "dag_processor", "triggerer")
BEATING: Final = PARTS[1:]
"""Those that say when they were last alive; the database does not."""

FRESH_S: Final = 30.0
"""Each writes its heartbeat every 10 s; Airflow itself calls one dead after 30."""
READ_S: Final = 120.0
"""The DAG processor asks its git source every 20 s, and reads a file that has not changed again once a minute."""
FINISHED_S: Final = 120.0
"""A run takes 10 to 20 s: the scheduler's look, a pod's start with all of Airflow's imports; a busy machine, longer."""
GONE_S: Final = 60.0
"""The executor removes a finished pod when it has seen the end; the pod's grace comes on top."""
UPLOADED_S: Final = 30.0
"""The log goes to the object store as the task's process ends, which may be after its state is known."""


def url(environment: str) -> str:
    """Where Airflow's API answers."""
    return f"http://airflow-{environment}-api.airflow-{environment}:8080"


@dataclass(frozen=True)
class Airflow:
    """The door to one API server, API version 2; raises as ``Rest`` does."""

    rest: Rest

    def logged_in(self, *, user: str, password: str) -> Airflow:
        """The same door with a token of *user*'s."""
        answer = self.rest.post("/auth/token", {"username": user, "password": password})
        return Airflow(self.rest.bearing(str(answer["access_token"])))

    def health(self) -> dict[str, Any]:
        """What the server says of the parts."""
        found: dict[str, Any] = self.rest.get(f"{API}/monitor/health")
        return found

    def bundle(self, dag: str = DAG) -> str:
        """The commit that the DAG was last read from."""
        return str(self.rest.get(f"{API}/dags/{dag}")["bundle_version"])

    def trigger(self, run: str, *, conf: dict[str, str], after: datetime | None = None, dag: str = DAG) -> None:
        """Ask for a run of *dag* under a name of one's own; where *after* is given, it waits until then."""
        # Without a logical date: two proofs in one second are two runs.
        body = {"dag_run_id": run, "logical_date": None, "conf": conf}
        due = {"run_after": after.isoformat()} if after else {}
        self.rest.post(f"{API}/dags/{dag}/dagRuns", {**body, **due})

    def runs(self, prefix: str) -> tuple[str, ...]:
        """Names of the DAG's runs that begin with *prefix*."""
        listed = self.rest.get(f"{API}/dags/{DAG}/dagRuns", query={"run_id_prefix_pattern": prefix})["dag_runs"]
        return tuple(str(one["dag_run_id"]) for one in listed)

    def delete_run(self, run: str) -> None:
        """Delete a run that is not running."""
        self.rest.delete(f"{API}/dags/{DAG}/dagRuns/{run}")

    def set_variable(self, key: str, value: str) -> None:
        """Make a Variable."""
        self.rest.post(f"{API}/variables", {"key": key, "value": value})

    def variable(self, key: str) -> str:
        """Value of a Variable."""
        return str(self.rest.get(f"{API}/variables/{key}")["value"])

    def variables(self, prefix: str) -> tuple[str, ...]:
        """Keys of the Variables that begin with *prefix*."""
        listed = self.rest.get(f"{API}/variables", query={"variable_key_prefix_pattern": prefix})["variables"]
        return tuple(str(one["key"]) for one in listed)

    def delete_variable(self, key: str) -> None:
        """Delete a Variable."""
        self.rest.delete(f"{API}/variables/{key}")

    def run(self, run: str, *, dag: str = DAG) -> dict[str, Any]:
        """A run as the server describes it."""
        found: dict[str, Any] = self.rest.get(f"{API}/dags/{dag}/dagRuns/{run}")
        return found

    def tasks(self, run: str, *, dag: str = DAG) -> dict[str, dict[str, Any]]:
        """Its tasks by their id."""
        listed = self.rest.get(f"{API}/dags/{dag}/dagRuns/{run}/taskInstances")["task_instances"]
        return {str(one["task_id"]): one for one in listed}

    def ended(self, run: str, *, dag: str) -> str:
        """State of a run; of one that failed, the tasks that did, each with its last error: what somebody looks for."""
        state = str(self.run(run, dag=dag)["state"])
        failed = [name for name, one in self.tasks(run, dag=dag).items() if one["state"] == "failed"]
        return "; ".join([state, *(f"{name}: {self._error(run, name, dag=dag)}" for name in failed)])

    def _error(self, run: str, task: str, *, dag: str) -> str:
        """The last error that the log of a task tells, or that there is none."""
        try:
            log = self.rest.get(f"{API}/dags/{dag}/dagRuns/{run}/taskInstances/{task}/logs/1")["content"]
        except Declined as exc:
            if exc.status != HTTPStatus.NOT_FOUND:
                raise
            return "no log"
        lines = [line for line in log if line.get("level") == "error"]
        details = [detail for line in lines for detail in line.get("error_detail") or ()]
        return str(details[-1]["exc_value"] if details else lines[-1]["event"] if lines else "no error in its log")

    def returned(self, run: str, task: str, *, dag: str) -> dict[str, Any]:
        """What a task returned."""
        path = f"{API}/dags/{dag}/dagRuns/{run}/taskInstances/{task}/xcomEntries/return_value"
        found: dict[str, Any] = self.rest.get(path)["value"]
        return found


@dataclass(frozen=True)
class Run:
    """One run, and the word that only it was given."""

    name: str
    nonce: str


def start(airflow: Airflow, inquiry: Inquiry, *, run: Run, served: str) -> bool:
    """Trigger the run when the DAG was read from the commit *served*; whether it was taken."""
    inquiry.ask("dag-of-commit", wanted=served, got=airflow.bundle, within_s=READ_S)

    def accepted() -> str:
        airflow.trigger(run.name, conf={"nonce": run.nonce})
        return "accepted"

    return inquiry.ask("run-accepted", wanted="accepted", got=accepted)


def check_health(airflow: Airflow, inquiry: Inquiry, *, patience_s: float = 0.0) -> bool:
    """Ask whether every part is healthy, and was alive just now; again for *patience_s* seconds, where it may start."""
    wanted = f"{', '.join(PARTS)}: healthy, heartbeats fresh"
    return inquiry.ask("parts-alive", wanted=wanted, got=lambda: _alive(airflow.health()), within_s=patience_s)


def finish(airflow: Airflow, inquiry: Inquiry, *, run: Run, kube: Kube, served: str) -> bool:
    """
    Wait for the run's end, and look where its tasks were.

    *served* is the commit that the git source serves. Whether the run succeeded is returned: there is no use in asking
    for logs of tasks that never ran.
    """
    ended = inquiry.ask(
        "run-succeeded",
        wanted="success",
        got=lambda: airflow.ended(run.name, dag=DAG),
        within_s=FINISHED_S,
        is_over=lambda state: state.startswith("failed"),
    )
    if not ended:
        return False
    inquiry.ask(
        "run-of-commit",
        wanted=served,
        got=lambda: str(airflow.run(run.name).get("bundle_version")),
    )
    namespace = f"airflow-{inquiry.environment}"
    inquiry.ask(
        "task-in-scheduler",
        wanted="success in the scheduler's pod",
        got=lambda: _place(airflow.tasks(run.name)[LOCAL_TASK], pods=_phases(kube, namespace)),
    )
    inquiry.ask(
        "task-in-pod",
        wanted="success in a pod of its own, which is gone",
        got=lambda: _place(airflow.tasks(run.name)[POD_TASK], pods=_phases(kube, namespace)),
        within_s=GONE_S,
    )
    return True


def read_logs(inquiry: Inquiry, *, run: Run, store: Callable[[], Store]) -> None:
    """Read the log of each finished task from the object store, by the key that its task has there."""
    for probe, task in (("log-of-task-in-scheduler", LOCAL_TASK), ("log-of-task-in-pod", POD_TASK)):
        # Tried once: the DAG allows no second attempt, so that a run that succeeds has succeeded at the first.
        key = f"{inquiry.environment}/airflow-logs/dag_id={DAG}/run_id={run.name}/task_id={task}/attempt=1.log"
        inquiry.ask(
            probe,
            wanted=f"s3://{BUCKET}/{key} with {run.nonce}",
            got=lambda key=key: _found(store, key=key, nonce=run.nonce),  # type: ignore[misc]
            within_s=UPLOADED_S,
        )


def _alive(health: dict[str, Any]) -> str:
    now = datetime.now(UTC)
    wrong = [f"{part} {health[part]['status']}" for part in PARTS if health[part]["status"] != "healthy"]
    for part in BEATING:
        beat = str(health[part][f"latest_{part}_heartbeat"])
        age_s = (now - datetime.fromisoformat(beat)).total_seconds()
        wrong += [f"{part} silent for {age_s:.0f} s"] if age_s > FRESH_S else []
    return ", ".join(wrong) or f"{', '.join(PARTS)}: healthy, heartbeats fresh"


def _phases(kube: Kube, namespace: str) -> dict[str, str]:
    """
    Phases of the namespace's pods by name; ``scheduler`` for those that schedule, ``gone`` for those of which only
    events tell.
    """
    events = kube.list(EVENTS, namespace=namespace).items
    told_of = {str(dig(one, "involvedObject", "name")) for one in events if dig(one, "involvedObject", "kind") == "Pod"}
    there = {
        str(dig(item, "metadata", "name")): "scheduler"
        if dig(item, "metadata", "labels", labels.NAME) == SCHEDULER
        else str(dig(item, "status", "phase"))
        for item in kube.list(PODS, namespace=namespace).items
    }
    return {**dict.fromkeys(told_of, "gone"), **there}


def _place(task: dict[str, Any], *, pods: dict[str, str]) -> str:
    """Where the task ran, by the host that it reported: a pod's host is called as the pod is."""
    state, host = str(task["state"]), str(task["hostname"] or "").partition(".")[0]
    if not host:
        return f"{state} on no host"
    phase = pods.get(host)
    if phase is None:
        return f"{state} on {host}, which never was a pod of the namespace"
    if phase == "scheduler":
        return f"{state} in the scheduler's pod"
    return f"{state} in a pod of its own, which is {phase}"


def _found(store: Callable[[], Store], *, key: str, nonce: str) -> str:
    try:
        content = store().get(BUCKET, key)
    except NotFound:
        return f"no s3://{BUCKET}/{key}"
    except Unreachable as exc:
        raise Unanswered(str(exc)) from exc
    return f"s3://{BUCKET}/{key} {'with' if f'nonce={nonce}'.encode() in content else 'without'} {nonce}"
