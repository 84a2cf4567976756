"""
The first objects in Argo CD: projects, the cluster, and the root Applications, as ``gitops/`` states them.

The files name a git source that cannot exist; here it becomes the real one, and that is all that is changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

__all__ = ["PLACEHOLDER", "ROOTS", "cluster_and_projects", "environments", "located", "root"]

PLACEHOLDER = "https://git.switchyard.invalid/switchyard.git"
ROOTS = ("root-apps", "root-baseline", "root-optional")
"""In the order in which they are applied: the first one makes the namespaces of the others."""


def located(document: Any, *, url: str) -> Any:
    """The same document with every string equal to the placeholder replaced by *url*."""
    if isinstance(document, dict):
        return {key: located(value, url=url) for key, value in document.items()}
    if isinstance(document, list):
        return [located(value, url=url) for value in document]
    return url if document == PLACEHOLDER else document


def cluster_and_projects(gitops: Path, *, url: str) -> list[dict[str, Any]]:
    """The AppProjects and the cluster's Secret."""
    files = [*sorted((gitops / "projects").glob("*.yaml")), gitops / "bootstrap" / "cluster.yaml"]
    return [document for file in files for document in _documents(file, url=url)]


def root(gitops: Path, name: str, *, url: str) -> list[dict[str, Any]]:
    """One root Application."""
    return _documents(gitops / "bootstrap" / f"{name}.yaml", url=url)


def environments(gitops: Path) -> tuple[str, ...]:
    """
    Names of the environments, as the tier says that gives each its own support.

    Not the folders below ``gitops/envs``: an environment without a difference has no file there, and git no folder.
    """
    (tier,) = _documents(gitops / "core" / "applicationsets" / "support.yaml", url=PLACEHOLDER)
    (matrix,) = tier["spec"]["generators"]
    lists = [generator["list"] for generator in matrix["matrix"]["generators"] if "list" in generator]
    return tuple(sorted(element["env"] for each in lists for element in each["elements"]))


def _documents(file: Path, *, url: str) -> list[dict[str, Any]]:
    return [located(each, url=url) for each in yaml.safe_load_all(file.read_text()) if each]
