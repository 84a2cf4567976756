"""MLflow: a run with what belongs to it, kept by the server and read back; nothing for who does not say who he is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from switchyard.judging import Inconclusive

from .content import summary, unique
from .errors import Declined, Unanswered
from .inquiry import Inquiry
from .rest import Rest

__all__ = ["ADMIN", "Mlflow", "keep_a_run", "url", "use_up"]

ADMIN: Final = "admin"

API: Final = "/api/2.0/mlflow"
FILES: Final = "/api/2.0/mlflow-artifacts/artifacts"
SCHEME: Final = "mlflow-artifacts:/"
"""How the server names what it keeps for a run: below it is a path that it serves itself."""

NOT_FOUND: Final = 404

FILE: Final = "proof.bin"

MOST: Final = 3000
"""Runs, some twenty to a page: more than fit into the pages that a database has free in a table that is used."""


def url(environment: str) -> str:
    """Where MLflow answers."""
    return f"http://mlflow-{environment}-service.mlflow-{environment}:5000"


@dataclass(frozen=True)
class Mlflow:
    """The door to one server, over its REST API 2.0; raises as ``Rest`` does."""

    rest: Rest

    def create_experiment(self, name: str, *, run_id: str) -> str:
        """Make an experiment labelled with the proof's run; its id."""
        tags = [{"key": "switchyard.run-id", "value": run_id}]
        return str(self.rest.post(f"{API}/experiments/create", {"name": name, "tags": tags})["experiment_id"])

    def experiment(self, name: str) -> str:
        """Id of the experiment of that name, also where it is in the server's bin."""
        found = self.rest.get(f"{API}/experiments/get-by-name", query={"experiment_name": name})
        return str(found["experiment"]["experiment_id"])

    def experiments(self, prefix: str) -> tuple[str, ...]:
        """Names of the experiments that begin with *prefix*, without those in the bin."""
        body = {"max_results": 1000, "filter": f"name LIKE '{prefix}%'"}
        found = self.rest.post(f"{API}/experiments/search", body).get("experiments", ())
        return tuple(str(one["name"]) for one in found)

    def drop_experiment(self, experiment: str) -> None:
        """Put an experiment with its runs into the server's bin."""
        self.rest.post(f"{API}/experiments/delete", {"experiment_id": experiment})

    def runs(self, experiment: str) -> tuple[dict[str, Any], ...]:
        """Every run of an experiment as the server describes it, those in the bin too."""
        body = {"experiment_ids": [experiment], "run_view_type": "ALL", "max_results": 1000}
        return tuple(self.rest.post(f"{API}/runs/search", body).get("runs", ()))

    def drop_run(self, run: str) -> None:
        """Put a run into the server's bin."""
        self.rest.post(f"{API}/runs/delete", {"run_id": run})

    def restore_run(self, run: str) -> None:
        """Take a run out of the server's bin."""
        self.rest.post(f"{API}/runs/restore", {"run_id": run})

    def create_run(self, experiment: str, *, name: str) -> tuple[str, str]:
        """Begin a run; its id, and the URI below which its artifacts are kept."""
        body = {"experiment_id": experiment, "run_name": name, "start_time": _now_ms()}
        made = self.rest.post(f"{API}/runs/create", body)["run"]["info"]
        return str(made["run_id"]), str(made["artifact_uri"])

    def log(self, run: str, *, parameter: str, metric: float) -> None:
        """Write one parameter and one metric, and end the run."""
        self.rest.post(f"{API}/runs/log-parameter", {"run_id": run, "key": "nonce", "value": parameter})
        measured = {"run_id": run, "key": "measured", "value": metric, "timestamp": _now_ms(), "step": 0}
        self.rest.post(f"{API}/runs/log-metric", measured)
        self.rest.post(f"{API}/runs/update", {"run_id": run, "status": "FINISHED", "end_time": _now_ms()})

    def finish(self, run: str, *, metrics: Mapping[str, float]) -> None:
        """Write metrics, and end the run."""
        at_ms = _now_ms()
        measured = [{"key": key, "value": value, "timestamp": at_ms, "step": 0} for key, value in metrics.items()]
        self.rest.post(f"{API}/runs/log-batch", {"run_id": run, "metrics": measured})
        self.rest.post(f"{API}/runs/update", {"run_id": run, "status": "FINISHED", "end_time": at_ms})

    def read(self, run: str) -> tuple[str, str, float]:
        """Status, parameter and metric of a run, as they are kept."""
        kept = self.rest.get(f"{API}/runs/get", query={"run_id": run})["run"]
        parameters = {one["key"]: one["value"] for one in kept["data"]["params"]}
        metrics = {one["key"]: one["value"] for one in kept["data"]["metrics"]}
        return str(kept["info"]["status"]), str(parameters["nonce"]), float(metrics["measured"])

    def register(self, model: str, *, source: str, run: str) -> str:
        """Make a registered model with one version from *source*; the version's number."""
        self.rest.post(f"{API}/registered-models/create", {"name": model})
        body = {"name": model, "source": source, "run_id": run}
        return str(self.rest.post(f"{API}/model-versions/create", body)["model_version"]["version"])

    def add_version(self, model: str, *, source: str, run: str, tags: Mapping[str, str]) -> str:
        """Register another version of a model that there is, from *source*, with *tags*; the version's number."""
        listed = [{"key": key, "value": value} for key, value in tags.items()]
        body = {"name": model, "source": source, "run_id": run, "tags": listed}
        return str(self.rest.post(f"{API}/model-versions/create", body)["model_version"]["version"])

    def drop_version(self, model: str, number: str) -> None:
        """Remove one version of a registered model; its number is not given again."""
        self.rest.delete(f"{API}/model-versions/delete", {"name": model, "version": number})

    def version(self, model: str, number: str) -> dict[str, Any]:
        """One version of a registered model, as the server describes it."""
        query = {"name": model, "version": number}
        found: dict[str, Any] = self.rest.get(f"{API}/model-versions/get", query=query)["model_version"]
        return found

    def aliased(self, model: str, alias: str) -> dict[str, Any]:
        """The version behind an alias, as the server describes it."""
        query = {"name": model, "alias": alias}
        found: dict[str, Any] = self.rest.get(f"{API}/registered-models/alias", query=query)["model_version"]
        return found

    def put(self, artifact: str, content: bytes) -> None:
        """Write an artifact through the server; *artifact* is a URI of ``create_run``'s kind."""
        self.rest.put(_path(artifact), content)

    def content(self, artifact: str) -> bytes:
        """Read an artifact through the server."""
        return self.rest.content(_path(artifact))

    def remove(self, artifact: str) -> None:
        """Remove an artifact through the server."""
        self.rest.delete(_path(artifact))

    def files(self, home: str) -> frozenset[str]:
        """Names of what the server keeps in one folder; *home* is a URI of ``create_run``'s kind."""
        listed = self.rest.get(FILES, query={"path": _kept_at(home)})
        return frozenset(str(one["path"]) for one in listed.get("files", ()))

    def stage(self, experiment: str) -> str:
        """``active``, or ``deleted`` for one in the server's bin."""
        found = self.rest.get(f"{API}/experiments/get", query={"experiment_id": experiment})
        return str(found["experiment"]["lifecycle_stage"])

    def knows(self, model: str) -> bool:
        """Whether there is a registered model of that name: 404 is the only no; raises ``Declined`` otherwise."""
        try:
            self.rest.get(f"{API}/registered-models/get", query={"name": model})
        except Declined as exc:
            if exc.status != NOT_FOUND:
                raise
            return False
        return True

    def forget(self, *, model: str, experiment: str, artifact: str) -> None:
        """Remove what a proof made: model and file are gone, the experiment is in the server's bin."""
        self.rest.delete(f"{API}/registered-models/delete", {"name": model})
        self.remove(artifact)
        self.drop_experiment(experiment)


def keep_a_run(mlflow: Mlflow, inquiry: Inquiry, *, name: str, run_id: str, patience_s: float = 0.0) -> None:
    """
    Make a run with a parameter, a metric, an artifact and a registered version; read each back; remove it all.

    The server has *patience_s* seconds to let us in, where it may be starting.
    """
    made: list[str] = []
    if not inquiry.ask("let-in", wanted="HTTP 200", got=lambda: _searched(mlflow.rest), within_s=patience_s):
        return

    def tracked() -> str:
        experiment = mlflow.create_experiment(name, run_id=run_id)
        run, home = mlflow.create_run(experiment, name=name)
        made.extend((experiment, run, home))
        mlflow.log(run, parameter=name, metric=0.5)
        status, parameter, metric = mlflow.read(run)
        return f"{status}, parameter {parameter}, metric {metric}"

    strangers = (replace(mlflow.rest, login=None), replace(mlflow.rest, login=(ADMIN, f"not-{name}")))
    inquiry.ask(
        "stranger-refused",
        wanted="HTTP 401 without a credential, HTTP 401 with a wrong one",
        got=lambda: "{} without a credential, {} with a wrong one".format(*map(_searched, strangers)),
    )
    if not inquiry.ask("run-tracked", wanted=f"FINISHED, parameter {name}, metric 0.5", got=tracked):
        return
    experiment, run, home = made
    file, content = f"{home}/{FILE}", unique(name)

    def kept() -> str:
        mlflow.put(file, content)
        return summary(mlflow.content(file))

    if not inquiry.ask("artifact-kept", wanted=summary(content), got=kept):
        return

    def registered() -> str:
        number = mlflow.register(name, source=home, run=run)
        version = mlflow.version(name, number)
        return f"version {version['version']} {version['status']} of {version['source']}"

    if inquiry.ask("version-registered", wanted=f"version 1 READY of {home}", got=registered):
        inquiry.ask("run-forgotten", wanted="removed", got=lambda: _forgotten(mlflow, name, experiment, home))


def use_up(mlflow: Mlflow, *, name: str, run_id: str) -> Callable[[], Callable[[], None]]:
    """
    Prepare to make runs until the database refuses: on a full disk it goes on as long as its tables have free pages.

    Returns:
        What writes, to be called when the disk is full, and gives what removes it all again.
    """
    experiment = mlflow.create_experiment(name, run_id=run_id)

    def write() -> Callable[[], None]:
        for number in range(MOST):
            try:
                mlflow.create_run(experiment, name=f"{name}-{number}")
            except (Declined, Unanswered):
                return lambda: mlflow.drop_experiment(experiment)
        raise Inconclusive(f"wanted the database to refuse on a full disk, got {MOST} runs kept: is the disk full?")

    return write


def _searched(rest: Rest) -> str:
    reply = rest.send("POST", f"{API}/experiments/search", body={"max_results": 1})
    return f"HTTP {reply.status_code}"


def _forgotten(mlflow: Mlflow, model: str, experiment: str, home: str) -> str:
    """What is left of a run after it was removed; ``removed`` where all of it was there before, and nothing is."""
    if FILE not in mlflow.files(home) or not mlflow.knows(model) or mlflow.stage(experiment) != "active":
        return "not all of it was there to be removed"
    mlflow.forget(model=model, experiment=experiment, artifact=f"{home}/{FILE}")
    left = [
        *(["the model"] if mlflow.knows(model) else []),
        *(["the file"] if FILE in mlflow.files(home) else []),
        *(["the experiment"] if mlflow.stage(experiment) != "deleted" else []),
    ]
    return f"left: {', '.join(left)}" if left else "removed"


def _path(artifact: str) -> str:
    return f"{FILES}/{_kept_at(artifact)}"


def _kept_at(artifact: str) -> str:
    """The path by which the server keeps what a URI of its own names."""
    return artifact.removeprefix(SCHEME).lstrip("/")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
