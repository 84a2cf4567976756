"""Where forged versions are registered, and taken away again as far as nothing stands for them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from proofs.lifecycle.forged import MODEL, NAME, Forged
from proofs.services.mlflow import Mlflow
from proofs.services.tracing import DIGEST

from models.registry import SIGNATURE

__all__ = ["Foundry"]


@dataclass(frozen=True)
class Kept:
    """What was made for one version: its run, and the URIs of its files."""

    run: str
    files: tuple[str, ...]


@dataclass
class Foundry:
    """One environment's registry. name, run_id: of the experiment, and of the proof that it belongs to."""

    mlflow: Mlflow
    name: str
    run_id: str
    made: dict[int, Kept] = field(default_factory=dict)
    """By the number of the version."""
    experiment: str = ""

    def register(self, forged: Forged) -> int:
        """Keep *forged* as a finished run and register it; the version's number. Raises as ``Rest`` does."""
        self.experiment = self.experiment or self.mlflow.create_experiment(self.name, run_id=self.run_id)
        run, home = self.mlflow.create_run(self.experiment, name=f"{self.name}-{len(self.made)}")
        uris = {f"{home}/{name}": content for name, content in forged.files.items()}
        for uri, content in uris.items():
            self.mlflow.put(uri, content)
        self.mlflow.finish(run, metrics=forged.metrics)
        tags = {DIGEST: forged.digest, SIGNATURE: forged.signature}
        number = int(self.mlflow.add_version(NAME, source=f"{home}/{MODEL}", run=run, tags=tags))
        self.made[number] = Kept(run, tuple(uris))
        return number

    def clear(self, *, standing: Collection[int]) -> None:
        """Remove versions, files and runs, but for those of the versions that are *standing* behind an alias."""
        over = {number: kept for number, kept in self.made.items() if number not in standing}
        for number, kept in over.items():
            self.mlflow.drop_version(NAME, str(number))
            for uri in kept.files:
                self.mlflow.remove(uri)
            self.mlflow.drop_run(kept.run)
            del self.made[number]
        if self.experiment and not self.made:
            self.mlflow.drop_experiment(self.experiment)
            self.experiment = ""
