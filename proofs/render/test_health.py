"""Health: Argo CD's own judgement of objects whose health is our Lua, asked of its own binary."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from .helm import Helm
from .tree import Tree, document

WITHIN_S: Final = 60.0  # it takes a second

Condition = tuple[str, str, int]
"""Type, status and the generation that it was observed at."""


def _health(tree: Tree, helm: Helm, folder: Path, obj: dict[str, Any]) -> str:
    """Return what Argo CD makes of *obj*; its binary is built with helm."""
    settings = {**document(tree.root / "bootstrap/argocd/argocd-cm.yaml")}  # anchors resolved, as kustomize does
    (folder / "argocd-cm.yaml").write_text(yaml.safe_dump(settings))
    (folder / "object.yaml").write_text(yaml.safe_dump(obj))
    asked = [str(helm.binary.with_name("argocd")), "admin", "settings", "resource-overrides", "health", "object.yaml"]
    done = subprocess.run(
        [*asked, "--argocd-cm-path", "argocd-cm.yaml"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=True,
    )
    return next(line.removeprefix("STATUS: ") for line in done.stdout.splitlines() if line.startswith("STATUS: "))


@pytest.mark.parametrize("kind", ["Prometheus", "Alertmanager"])
@pytest.mark.parametrize(
    ("conditions", "health"),
    [
        ([], "Progressing"),
        ([("Available", "False", 2), ("Reconciled", "True", 2)], "Progressing"),
        ([("Available", "True", 2), ("Reconciled", "True", 2)], "Healthy"),
        ([("Available", "True", 1), ("Reconciled", "True", 1)], "Progressing"),
        ([("Available", "True", 2), ("Reconciled", "False", 2)], "Degraded"),
    ],
    ids=["nobody looked", "no pod is ready", "ready", "of an older generation", "refused by the operator"],
)
def test_what_the_operator_makes_is_judged(
    tree: Tree, helm: Helm, tmp_path: Path, *, kind: str, conditions: Sequence[Condition], health: str
) -> None:
    """Prometheus and Alertmanager are healthy when the operator says so of the generation that git asked for."""
    stated = [
        {"type": name, "status": status, "observedGeneration": generation} for name, status, generation in conditions
    ]
    obj = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": kind,
        "metadata": {"name": "a", "namespace": "b", "generation": 2},
        "spec": {},
        "status": {"conditions": stated},
    }
    assert _health(tree, helm, tmp_path, obj) == health
