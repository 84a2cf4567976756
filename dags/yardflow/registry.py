"""
The one door to MLflow: a deployment's run, its registered version, and the aliases that people read.

Everything is found again by the deployment's id, which is a tag of the run and of the version: whoever begins again
makes neither a second run nor a second version. Address and credential are MLflow's own variables.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode

from models.registry import DIGEST, SIGNATURE
from models.repository import digest_of
from yardflow.errors import NotReady, RegistryAway, Unregistered

__all__ = ["GOLDEN", "MODEL", "REFERENCE", "Kept", "Page", "Recorded", "Registry"]

EXPERIMENT: Final = "model_lifecycle"
DEPLOY: Final = "switchyard.deploy_id"
GENERATION: Final = "serving.generation"
GATE: Final = "gate"

NOT_FOUND: Final = ErrorCode.Name(RESOURCE_DOES_NOT_EXIST)

MODEL: Final = "model"
GOLDEN: Final = "golden.json"
REFERENCE: Final = "reference.npz"
DATASET: Final = "dataset.json"
"""Of a run's artifacts: the version's folder, its golden rows, what drift is held against, what it was trained on."""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What a training leaves. folder: the files of the artifacts, laid out as they are kept."""

    folder: Path
    digest: str
    signature: str
    metrics: Mapping[str, float]
    dataset_digest: str


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A registered version. run_id: of the training. metrics: as they were logged there."""

    version: int
    run_id: str
    status: str
    digest: str
    signature: str
    deploy_id: str
    gate: str
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Page:
    """Where MLflow shows a run."""

    experiment_id: str
    run_id: str


class Registry:
    """One model in one MLflow server."""

    def __init__(self, model: str, client: MlflowClient | None = None) -> None:
        self._model, self._client = model, client or MlflowClient()

    def run(self, deploy_id: str) -> str | None:
        """
        The finished run of *deploy_id*; None where there is none, or it died before it was whole.

        Raises:
            RegistryAway: The server does not answer.
        """
        with self._answering("a run"):
            experiment = self._client.get_experiment_by_name(EXPERIMENT)
            if experiment is None:
                return None
            runs = self._client.search_runs([experiment.experiment_id], f"tags.`{DEPLOY}` = '{deploy_id}'")
        finished = [run.info.run_id for run in runs if run.info.status == "FINISHED"]
        return finished[0] if finished else None

    def record(self, deploy_id: str, made: Recorded) -> str:
        """
        Keep a training as a run; the run's id. A finished one of the same deployment and content is that run.

        Raises:
            RegistryAway: The server does not answer.
        """
        found = self.run(deploy_id)
        with self._answering("a run"):
            if found is not None and self._client.get_run(found).data.tags.get(DIGEST) == made.digest:
                return found
            experiment = self._client.get_experiment_by_name(EXPERIMENT)
            number = experiment.experiment_id if experiment else self._client.create_experiment(EXPERIMENT)
            tags = {DEPLOY: deploy_id, DIGEST: made.digest, SIGNATURE: made.signature, "dataset": made.dataset_digest}
            run_id = str(self._client.create_run(number, run_name=f"{self._model} {deploy_id}", tags=tags).info.run_id)
            for name, value in made.metrics.items():
                self._client.log_metric(run_id, name, value)
            self._client.log_artifacts(run_id, str(made.folder))
            # Last: only a run that is whole is one that a second attempt may go on with.
            self._client.set_terminated(run_id)
        return run_id

    def register(self, deploy_id: str, run_id: str) -> Kept:
        """
        Register the run's model under the next number; once for a deployment, however often it is asked.

        Raises:
            RegistryAway: The server does not answer.
        """
        found = self.version_of(deploy_id)
        if found is not None:
            return found
        with self._answering("a version"):
            run = self._client.get_run(run_id)
            tags = {name: run.data.tags[name] for name in (DEPLOY, DIGEST, SIGNATURE)}
            made = self._client.create_model_version(self._model, f"{run.info.artifact_uri}/{MODEL}", run_id, tags=tags)
            return self._kept(made)

    def version_of(self, deploy_id: str) -> Kept | None:
        """
        The version that *deploy_id* registered.

        Raises:
            RegistryAway: The server does not answer.
        """
        with self._answering("versions"):
            found = self._client.search_model_versions(f"name = '{self._model}'")
            return next((self._kept(one) for one in found if one.tags.get(DEPLOY) == deploy_id), None)

    def version(self, number: int) -> Kept:
        """
        One version.

        Raises:
            Unregistered: There is none of that number.
            RegistryAway: The server does not answer.
        """
        try:
            found = self._client.get_model_version(self._model, str(number))
        except MlflowException as failure:
            if failure.error_code == NOT_FOUND:
                raise Unregistered(f"wanted version {number} of {self._model} in MLflow, got none") from failure
            raise RegistryAway(f"wanted version {number} of {self._model} from MLflow, got {failure}") from failure
        with self._answering("the run of a version"):
            return self._kept(found)

    def fetch(self, kept: Kept, folder: Path, *, signature: str) -> None:
        """
        Bring the version's files into *folder*, and hold them against what was trained.

        Raises:
            NotReady: They cannot be downloaded, or have another digest or signature than was trained.
            RegistryAway: The server does not answer.
        """
        try:
            for name in (MODEL, GOLDEN):
                self._client.download_artifacts(kept.run_id, name, str(folder))
        except (MlflowException, OSError) as failure:
            raise NotReady(f"wanted the files of version {kept.version}, got {failure}") from failure
        digest = digest_of(folder / MODEL)
        if (digest, kept.signature) != (kept.digest, signature):
            raise NotReady(
                f"wanted version {kept.version} with digest {kept.digest} and signature {signature}, "
                f"got {digest} and {kept.signature or 'no signature'}: these are not the files that were trained"
            )

    def artifact(self, run_id: str, name: str) -> bytes | None:
        """
        One file of a run, by its folder and name; None where it has no such file.

        Raises:
            RegistryAway: The server does not answer.
        """
        with self._answering(name), tempfile.TemporaryDirectory() as folder:
            if not self._has(run_id, name):
                return None
            return Path(self._client.download_artifacts(run_id, name, folder)).read_bytes()

    def dataset(self, run_id: str) -> dict[str, Any]:
        """
        What a run was trained on; empty where it does not say, as for the seed.

        Raises:
            RegistryAway: The server does not answer.
        """
        content = self.artifact(run_id, DATASET)
        found: dict[str, Any] = json.loads(content) if content else {}
        return found

    def page(self, deploy_id: str, *, version: int | None) -> Page | None:
        """
        The run of the *version* that a deployment was about, else the one that it made; None where there is neither.

        Raises:
            RegistryAway: The server does not answer.
        """
        try:
            run_id = self.run(deploy_id) if version is None else self.version(version).run_id
        except Unregistered:
            return None
        if run_id is None:
            return None
        with self._answering("a run"):
            return Page(experiment_id=str(self._client.get_run(run_id).info.experiment_id), run_id=run_id)

    def file(self, run_id: str, name: str, content: str) -> bool:
        """
        Keep *content* as an artifact of a run; whether it was not there yet. What is there stays as it is.

        Args:
            name: Its folder and name, below the run's artifacts.

        Raises:
            RegistryAway: The server, or the store behind it, does not answer.
        """
        with self._answering(name):
            if self._has(run_id, name):
                return False
            self._client.log_text(run_id, content, name)
        return True

    def mark(self, version: int, *, gate: str) -> None:
        """
        Write the gate's decision to the version, for people.

        Raises:
            RegistryAway: The server does not answer.
        """
        with self._answering("a tag"):
            self._client.set_model_version_tag(self._model, str(version), GATE, gate)

    def aliases(self) -> Mapping[str, int]:
        """
        Alias to version.

        Raises:
            RegistryAway: The server does not answer.
        """
        with self._answering("aliases"):
            found: Mapping[str, Any] = self._client.get_registered_model(self._model).aliases
        return {alias: int(version) for alias, version in found.items()}

    def generation(self) -> int:
        """
        The highest generation in which an alias was given to a version; 0 where none ever was.

        Raises:
            RegistryAway: The server does not answer.
        """
        with self._answering("versions"):
            found = self._client.search_model_versions(f"name = '{self._model}'")
        tags = (one.tags.get(GENERATION, "") for one in found)
        return max((int(tag) for tag in tags if tag.isdecimal()), default=0)  # people may have written others

    def point(self, alias: str, version: int | None, *, generation: int) -> None:
        """
        Let *alias* stand for *version*, or for nothing.

        Raises:
            RegistryAway: The server does not answer.
        """
        with self._answering("an alias"):
            if version is None:
                self._client.delete_registered_model_alias(self._model, alias)
                return
            self._client.set_registered_model_alias(self._model, alias, str(version))
            self._client.set_model_version_tag(self._model, str(version), GENERATION, str(generation))

    def _has(self, run_id: str, name: str) -> bool:
        folder = name.rpartition("/")[0]
        return name in {one.path for one in self._client.list_artifacts(run_id, folder or None)}

    def _kept(self, found: ModelVersion) -> Kept:
        run: Run = self._client.get_run(str(found.run_id))
        return Kept(
            version=int(found.version),
            run_id=str(found.run_id),
            status=str(found.status),
            digest=found.tags.get(DIGEST, ""),
            signature=found.tags.get(SIGNATURE, ""),
            deploy_id=found.tags.get(DEPLOY, ""),
            gate=found.tags.get(GATE, ""),
            metrics=dict(run.data.metrics),
        )

    @contextmanager
    def _answering(self, wanted: str) -> Iterator[None]:
        """MLflow's error becomes ours, and so does that of its HTTP client, which tells of the store of artifacts."""
        try:
            yield
        except (MlflowException, OSError) as failure:
            raise RegistryAway(f"wanted {wanted} of {self._model} from MLflow, got {failure}") from failure
