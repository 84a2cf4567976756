"""The root's manifest, and what is missing before it can be applied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from switchyard.errors import Misconfigured, Unmet
from switchyard.kube import Kube
from switchyard.roots import root_manifest
from switchyard.yard import Budgets, Layer, Placeholders, Yard

from .samples import application
from .scripted import Asked, Scripted, answer

MARK = "https://git.example.invalid/yard.git"


def _yard(folder: Path, manifest: dict[str, Any] | str) -> Yard:
    file = folder / "root.yaml"
    file.write_text(manifest if isinstance(manifest, str) else yaml.safe_dump(manifest))
    return Yard(
        path=folder / "yard.toml",
        namespace="argocd",
        environments=("dev",),
        layers={
            "core": Layer(name="core", selector="", roots=("root-apps", "root-baseline")),
            "features": Layer(name="features", selector="", root="root-optional", manifest=file),
        },
        attributions=(),
        probes=(),
        churn=(),
        budgets=Budgets(
            detach_s=1, attach_s=1, hold_s=1, barrier_deadline_s=1, detach_deadline_s=1, attach_deadline_s=1
        ),
        placeholders=Placeholders(repo_url=MARK, revision="yard"),
    )


def _manifest(**spec: Any) -> dict[str, Any]:
    document = application("root-optional")
    del document["status"]
    document["spec"] |= {"source": {"repoURL": MARK, "targetRevision": "yard", "path": "gitops"}} | spec
    return document


def _kube(*existing: str) -> Kube:
    def reply(asked: Asked) -> Any:
        name = asked.path.rsplit("/", 1)[-1]
        return answer(application(name) if name in existing else {}, status=200 if name in existing else 404)

    return Kube(Scripted(reply))


def _made(yard: Yard, kube: Kube) -> Any:
    return root_manifest(kube, yard=yard, layer=yard.layer("features"))


def test_placeholders_become_a_surviving_roots_source(tmp_path: Path) -> None:
    """Repository and revision; the path stays the manifest's own."""
    made = _made(_yard(tmp_path, _manifest()), _kube("root-baseline"))
    assert made["spec"]["source"] == {
        "repoURL": "git://here/yard.git",
        "targetRevision": "yard",
        "path": "gitops",
    }


def test_a_manifest_without_placeholders_needs_nobody(tmp_path: Path) -> None:
    """Somebody else's repository names its source itself."""
    source = {"repoURL": "https://example.com/own.git", "targetRevision": "v1", "path": "p"}
    assert _made(_yard(tmp_path, _manifest(source=source)), _kube())["spec"]["source"] == source


def test_without_a_surviving_root_nothing_is_applied(tmp_path: Path) -> None:
    """The message names the roots that should be there."""
    with pytest.raises(Unmet, match="root-apps, root-baseline"):
        _made(_yard(tmp_path, _manifest()), _kube())


@pytest.mark.parametrize("automated", [None, {}, {"prune": True}, {"selfHeal": True}])
def test_a_root_that_would_not_keep_itself_attached_is_refused(tmp_path: Path, automated: Any) -> None:
    """Attached means automated, pruning and healing."""
    manifest = _manifest(syncPolicy={"automated": automated})
    with pytest.raises(Unmet, match="prune and selfHeal"):
        _made(_yard(tmp_path, manifest), _kube("root-apps"))


@pytest.mark.parametrize("text", ["kind: Deployment\n", "[", "", "kind: Application\nmetadata: {name: other}\n"])
def test_a_file_that_is_no_such_root_is_named(tmp_path: Path, text: str) -> None:
    """Another kind, another name, no YAML, nothing."""
    with pytest.raises(Misconfigured, match=r"root\.yaml|manifest"):
        _made(_yard(tmp_path, text), _kube("root-apps"))
