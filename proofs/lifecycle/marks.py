"""
What MLflow remembers of decisions: who stands behind an alias, and in which generation a version was given one.

Taken off, the model is as it was registered first. What was taken off is kept with the model itself, in one tag, so
that it can be given back also after the proof that took it has died.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from proofs.lifecycle.forged import NAME
from proofs.services.rest import Rest

__all__ = ["FIRST", "Marks", "clear", "drop", "give", "keep", "kept", "read"]

API: Final = "/api/2.0/mlflow"
KEPT: Final = "proof.marks"
"""Tag of the registered model, while its marks are taken off."""
GENERATION: Final = "serving.generation"
"""Tag of a version: the generation in which it was given an alias."""
ALIAS: Final = "champion"


@dataclass(frozen=True)
class Marks:
    """aliases: alias to version. generations: version to the generation in which it was given an alias last."""

    aliases: Mapping[str, str]
    generations: Mapping[str, str]

    def __str__(self) -> str:
        behind = ", ".join(f"{alias} {version}" for alias, version in sorted(self.aliases.items())) or "no alias"
        return f"{behind}; {len(self.generations)} versions of a generation"


FIRST: Final = Marks(aliases={ALIAS: "1"}, generations={})
"""As the job leaves them that registers the first version."""


def read(mlflow: Rest) -> Marks:
    """The marks that the model has now; raises as ``Rest`` does."""
    query = {"filter": f"name = '{NAME}'", "max_results": "1000"}
    versions = mlflow.get(f"{API}/model-versions/search", query=query)["model_versions"]
    tags = {str(one["version"]): {tag["key"]: str(tag["value"]) for tag in one.get("tags") or ()} for one in versions}
    return Marks(
        aliases={str(one["alias"]): str(one["version"]) for one in _model(mlflow).get("aliases") or ()},
        generations={version: tagged[GENERATION] for version, tagged in tags.items() if GENERATION in tagged},
    )


def kept(mlflow: Rest) -> Marks | None:
    """The marks that were taken off and not given back yet; None where all are where they belong."""
    tags = {str(one["key"]): str(one["value"]) for one in _model(mlflow).get("tags") or ()}
    return Marks(**json.loads(tags[KEPT])) if KEPT in tags else None


def keep(mlflow: Rest) -> None:
    """Write the marks of now into the tag; nothing is taken off yet."""
    text = json.dumps(asdict(read(mlflow)))
    mlflow.post(f"{API}/registered-models/set-tag", {"name": NAME, "key": KEPT, "value": text})


def drop(mlflow: Rest) -> None:
    """Remove the tag: what it says is no use any more."""
    mlflow.delete(f"{API}/registered-models/delete-tag", {"name": NAME, "key": KEPT})


def clear(mlflow: Rest) -> None:
    """Leave ``FIRST``, and nothing else."""
    now = read(mlflow)
    for alias in now.aliases.keys() - FIRST.aliases.keys():
        mlflow.delete(f"{API}/registered-models/alias", {"name": NAME, "alias": alias})
    for version in now.generations:
        mlflow.delete(f"{API}/model-versions/delete-tag", {"name": NAME, "version": version, "key": GENERATION})
    give(mlflow, FIRST)


def give(mlflow: Rest, marks: Marks) -> None:
    """Add *marks* to those that are there."""
    for alias, version in marks.aliases.items():
        mlflow.post(f"{API}/registered-models/alias", {"name": NAME, "alias": alias, "version": version})
    for version, generation in marks.generations.items():
        tag = {"name": NAME, "version": version, "key": GENERATION, "value": generation}
        mlflow.post(f"{API}/model-versions/set-tag", tag)


def _model(mlflow: Rest) -> Mapping[str, Any]:
    found: Mapping[str, Any] = mlflow.get(f"{API}/registered-models/get", query={"name": NAME})["registered_model"]
    return found
