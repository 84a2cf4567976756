"""
The one door to ``mlflow``: a packaged version becomes a run with its files, a registered version and an alias.

Address and credential are MLflow's own variables (``MLFLOW_TRACKING_URI``, ``_USERNAME``, ``_PASSWORD``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, ErrorCode

from models.errors import RegistryAway, VersionConflict

__all__ = ["CHAMPION", "DIGEST", "SIGNATURE", "Package", "Registered", "Registry"]

CHAMPION: Final = "champion"
DIGEST: Final = "switchyard.digest"
"""Tag of a registered version: what ``models.repository.digest_of`` says of the folder that is served."""
SIGNATURE: Final = "switchyard.signature"
"""Tag of a registered version: what ``models.signature`` says of its inputs and outputs."""
EXPERIMENT: Final = "seed"
FOLDER: Final = "model"
"""Below the run's artifacts."""

PAUSE_S: Final = 1.0
"""Between two attempts to be let in."""


@dataclass(frozen=True)
class Package:
    """One version as it is served: its folder, what names its content, its golden rows, and what was measured of it."""

    model: str
    version: int
    folder: Path
    digest: str
    signature: str
    golden: Path
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Registered:
    """What ``Registry.register`` did: whether this call brought the version."""

    model: str
    version: int
    outcome: Literal["registered", "present"]


class Registry:
    """One MLflow server."""

    def __init__(self, client: MlflowClient | None = None) -> None:
        """*client* is that of the environment's server unless a test has another."""
        self._client = client or MlflowClient()

    def wait(self, *, within_s: float) -> None:
        """
        Return when the server answers; it may be starting beside this process.

        Raises:
            RegistryAway: It did not within *within_s* seconds, or it refuses us, which no waiting changes.
        """
        deadline_s, idle = time.monotonic() + within_s, threading.Event()
        while True:
            try:
                self._client.search_registered_models(max_results=1)
            except MlflowException as failure:
                # The package reports a server that is away as its own 500; one that refuses has a status of its own.
                if failure.get_http_status_code() < 500 or time.monotonic() + PAUSE_S > deadline_s:
                    raise RegistryAway(f"wanted MLflow to let us in within {within_s:g} s, got {failure}") from failure
            else:
                return
            idle.wait(PAUSE_S)

    def register(self, package: Package) -> Registered:
        """
        Register *package* under its number and make it the champion, unless that is so already.

        Interrupted, the next call goes on; a run without a version may be left of the first.

        Raises:
            VersionConflict: The number is, or became, another content's.
        """
        registered = {int(one.version): one for one in self._versions(package.model)}
        found = registered.get(package.version)
        outcome: Literal["registered", "present"] = "registered" if found is None else "present"
        version = self._created(package) if found is None else found
        if (int(version.version), version.tags.get(DIGEST)) != (package.version, package.digest):
            offered, published = package.digest, str(version.tags.get(DIGEST))
            raise VersionConflict(
                f"wanted {package.model} version {package.version} registered with digest {offered}, got version "
                f"{version.version} with {published}; registered versions never change: register under a new number",
                published=published,
                offered=offered,
            )
        # Where somebody has decided since who that is, nothing is decided again. The model is asked: with a database
        # behind it the server finds versions without their aliases.
        if CHAMPION not in self._client.get_registered_model(package.model).aliases:
            self._client.set_registered_model_alias(package.model, CHAMPION, str(package.version))
        return Registered(package.model, package.version, outcome)

    def _versions(self, model: str) -> list[ModelVersion]:
        try:
            self._client.create_registered_model(model)
        except MlflowException as failure:
            if failure.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS):
                raise
        return list(self._client.search_model_versions(f"name='{model}'"))

    def _created(self, package: Package) -> ModelVersion:
        found = self._client.get_experiment_by_name(EXPERIMENT)
        experiment = found.experiment_id if found else self._client.create_experiment(EXPERIMENT)
        run = self._client.create_run(experiment, run_name=f"{package.model} {package.version}")
        for name, value in package.metrics.items():
            self._client.log_metric(run.info.run_id, name, value)
        self._client.log_artifacts(run.info.run_id, str(package.folder), FOLDER)
        self._client.log_artifact(run.info.run_id, str(package.golden))
        self._client.set_terminated(run.info.run_id)
        # With its digest from the first moment on: a version without one belongs to nobody.
        return self._client.create_model_version(
            package.model,
            f"{run.info.artifact_uri}/{FOLDER}",
            run.info.run_id,
            tags={DIGEST: package.digest, SIGNATURE: package.signature},
        )
