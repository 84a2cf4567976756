"""MLflow: a run, a file of a run, and the registered version that serves, which nobody here writes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from proofs.services.content import summary, unique
from proofs.services.exercise import GOLDEN, Hands
from proofs.services.mlflow import Mlflow
from proofs.services.tracing import ALIAS

from .canary import GONE, PREFIX, given, name_of, nonces

__all__ = ["Artifact", "Run", "Version"]

FILE: Final = "canary.bin"
OF_A_FILE: Final = "-file"
"""Ends the name of the experiment whose run has the file; the two canaries share nothing that one could lose."""
METRIC: Final = 0.5
"""Exact in binary."""


@dataclass(frozen=True)
class Run:
    """A finished run with a parameter and a metric, in an experiment of its own."""

    store: ClassVar[str] = "mlflow-run"
    stays: ClassVar[str] = ""

    hands: Hands

    def where(self, nonce: str) -> str:
        """The experiment."""
        return f"experiment {name_of(nonce)}"

    def write(self, nonce: str) -> str:
        """Make experiment and run."""
        door = self.hands.mlflow()
        experiment = door.create_experiment(name_of(nonce), run_id=self.hands.run_id)
        run, _ = door.create_run(experiment, name=name_of(nonce))
        door.log(run, parameter=nonce, metric=METRIC)
        return _run_text(run, "FINISHED", nonce, METRIC)

    def read(self, nonce: str) -> str:
        """Id, status, parameter and metric of the run."""

        def read() -> str:
            door = self.hands.mlflow()
            info = _only_run(door, name_of(nonce))
            if info is None or info["lifecycle_stage"] != "active":
                return f"{GONE}: {'no run' if info is None else 'the run is in the bin'}"
            return _run_text(str(info["run_id"]), *door.read(str(info["run_id"])))

        return given(read)

    def bin(self, nonce: str) -> None:
        """Put the run into the server's bin; for those who break it on purpose."""
        door = self.hands.mlflow()
        info = _only_run(door, name_of(nonce)) or {}
        door.drop_run(str(info["run_id"]))

    def unbin(self, nonce: str) -> None:
        """Take the run out of the bin again."""
        door = self.hands.mlflow()
        info = _only_run(door, name_of(nonce)) or {}
        door.restore_run(str(info["run_id"]))

    def remove(self, nonce: str) -> None:
        """Put the experiment into the server's bin; its REST API removes no further."""
        door = self.hands.mlflow()
        door.drop_experiment(door.experiment(name_of(nonce)))

    def strays(self) -> tuple[str, ...]:
        """By the names of their experiments."""
        return nonces(self.hands.mlflow().experiments(PREFIX))


@dataclass(frozen=True)
class Artifact:
    """A file of a run, in an experiment of its own, written and read through the server."""

    store: ClassVar[str] = "mlflow-artifact"
    stays: ClassVar[str] = ""

    hands: Hands

    def where(self, nonce: str) -> str:
        """The experiment, and the file's name."""
        return f"{FILE} in experiment {_with_file(nonce)}"

    def write(self, nonce: str) -> str:
        """Make experiment, run and file."""
        door = self.hands.mlflow()
        experiment = door.create_experiment(_with_file(nonce), run_id=self.hands.run_id)
        _, home = door.create_run(experiment, name=_with_file(nonce))
        door.put(f"{home}/{FILE}", unique(nonce))
        return summary(unique(nonce))

    def read(self, nonce: str) -> str:
        """Size and digest of the file."""

        def read() -> str:
            door = self.hands.mlflow()
            info = _only_run(door, _with_file(nonce))
            # Asked for in the folder first: for a file that is lost the server answers 500, as for any trouble.
            if info is None or FILE not in door.files(str(info["artifact_uri"])):
                return f"{GONE}: no {'run' if info is None else 'file'}"
            return summary(door.content(f"{info['artifact_uri']}/{FILE}"))

        return given(read)

    def remove(self, nonce: str) -> None:
        """Remove the file, and put the experiment into the server's bin."""
        door = self.hands.mlflow()
        info = _only_run(door, _with_file(nonce))
        if info is not None and FILE in door.files(str(info["artifact_uri"])):
            door.remove(f"{info['artifact_uri']}/{FILE}")
        door.drop_experiment(door.experiment(_with_file(nonce)))

    def strays(self) -> tuple[str, ...]:
        """By the names of their experiments."""
        return nonces(self.hands.mlflow().experiments(PREFIX), after=OF_A_FILE)


@dataclass(frozen=True)
class Version:
    """The champion's version in the registry as it was found: read, never written."""

    store: ClassVar[str] = "mlflow-version"
    stays: ClassVar[str] = "it is the platform's own, and was only read"

    hands: Hands

    def where(self, nonce: str) -> str:
        """The alias; no nonce stands in it."""
        return f"models:/{self._model()}@{ALIAS}"

    def write(self, nonce: str) -> str:
        """Remember what is there."""
        return self.read(nonce)

    def read(self, nonce: str) -> str:
        """The version's number and status, and a digest of all that the registry says of it."""

        def read() -> str:
            version = self.hands.mlflow().aliased(self._model(), ALIAS)
            said = json.dumps(version, sort_keys=True).encode()
            named = f"{version['name']} version {version['version']} {version['status']}"
            return f"{named}, sha256 {hashlib.sha256(said).hexdigest()}"

        return given(read)

    def remove(self, nonce: str) -> None:
        """Nothing: see ``stays``."""

    def strays(self) -> tuple[str, ...]:
        """None: nothing is written."""
        return ()

    def _model(self) -> str:
        return str(json.loads((self.hands.declared.checkout / GOLDEN).read_text())["model"])


def _only_run(door: Mlflow, experiment: str) -> dict[str, Any] | None:
    """What the server says of the experiment's run; None where it has none. Raises ``Declined`` for no experiment."""
    runs = door.runs(door.experiment(experiment))
    info: dict[str, Any] | None = runs[0]["info"] if runs else None
    return info


def _run_text(run: str, status: str, parameter: str, metric: float) -> str:
    return f"run {run} {status}, parameter {parameter}, metric {metric}"


def _with_file(nonce: str) -> str:
    return f"{name_of(nonce)}{OF_A_FILE}"
