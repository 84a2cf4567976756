"""Every manifest of the tree is accepted by a real API server: server-side dry run, strict validation."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from proofs.render.helm import HELM, Helm, Manifest
from proofs.render.operated import OPERATED
from proofs.render.tree import Tree

from switchyard.discovery import discover
from switchyard.errors import SwitchyardError
from switchyard.kinds import NAMESPACES, PODS
from switchyard.kube import Kube
from switchyard.objects import dig

GITOPS: Final = Path(__file__).resolve().parents[2] / "gitops"


@pytest.fixture(name="rendered", scope="module")
def _rendered(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Manifest]:
    """Rendered objects by where they come from: ``<application>@<profile>: <object>``."""
    tree = Tree(GITOPS)
    helm = Helm(binary=HELM.find(os.environ), samples=tmp_path_factory.mktemp("samples"))
    helm.write_samples(tree)
    return {f"{app}: {manifest}": manifest for app in tree.applications() for manifest in helm.render(app)}


@pytest.fixture(name="static", scope="module")
def _static() -> Mapping[str, Manifest]:
    """Objects that stand in the tree as they are, by their file."""
    files = [
        *GITOPS.glob("bootstrap/*.yaml"),
        *GITOPS.glob("projects/*.yaml"),
        *GITOPS.glob("*/applicationsets/*.yaml"),
    ]
    return {
        f"{file.relative_to(GITOPS)}: {manifest}": manifest
        for file in sorted(files)
        for body in yaml.safe_load_all(file.read_text())
        for manifest in [Manifest.from_body(body)]
    }


@pytest.fixture(name="homes", scope="module", autouse=True)
def _homes(kube: Kube, rendered: Mapping[str, Manifest], static: Mapping[str, Manifest]) -> None:
    """Make the namespaces for real, as rendered where they are: a dry run into a missing one is a 404."""
    every = (*rendered.values(), *static.values())
    made = {one.name: one.body for one in every if one.kind == NAMESPACES.kind}
    for name in {one.namespace for one in every if one.namespace} - set(made):
        made[name] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    for name, body in made.items():
        kube.apply(NAMESPACES, name, body)


def test_every_rendered_manifest_is_accepted(kube: Kube, rendered: Mapping[str, Manifest]) -> None:
    """No unknown field, no wrong type, no refused value, in any application, environment and profile."""
    assert rendered
    assert _faults(kube, rendered) == []


def test_every_static_manifest_is_accepted(kube: Kube, static: Mapping[str, Manifest]) -> None:
    """Roots, projects, ApplicationSets and the cluster's own Secret are what Argo CD's definitions say."""
    assert static
    assert _faults(kube, static) == []


def test_every_pod_is_admitted_by_its_namespace(kube: Kube, rendered: Mapping[str, Manifest]) -> None:
    """Pod Security is enforced on pods, not on what makes them: each template is tried as a pod."""
    pods = {
        where: Manifest.from_body(_pod(manifest))
        for where, manifest in rendered.items()
        if manifest.pod is not None and manifest.kind not in OPERATED  # only half of what an operator makes is ours
    }
    assert pods
    assert _faults(kube, pods) == []


def _pod(manifest: Manifest) -> dict[str, Any]:
    template = manifest.pod or {}
    meta = {"name": "tried", "namespace": manifest.namespace, "labels": dig(template, "metadata", "labels") or {}}
    # What a StatefulSet would add: a volume for each of its claim templates.
    claims = [claim["metadata"]["name"] for claim in dig(manifest.body, "spec", "volumeClaimTemplates") or ()]
    made = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims]
    spec = {**template["spec"], "volumes": [*template["spec"].get("volumes", ()), *made]}
    return {"apiVersion": PODS.api_version, "kind": PODS.kind, "metadata": meta, "spec": spec}


def _faults(kube: Kube, manifests: Mapping[str, Manifest]) -> list[str]:
    kinds = {str(kind): kind for kind in discover(kube).kinds}
    return list(_refused(kube, manifests, kinds=kinds))


def _refused(kube: Kube, manifests: Mapping[str, Manifest], *, kinds: Mapping[str, Any]) -> Iterable[str]:
    for where, manifest in manifests.items():
        kind = kinds.get(manifest.kind)
        if kind is None or manifest.body["apiVersion"] != kind.api_version:
            yield f"{where}: the API server serves no {manifest.body['apiVersion']} {manifest.kind}"
            continue
        try:
            kube.apply(kind, manifest.name, manifest.body, namespace=manifest.namespace, dry_run=True)
        except SwitchyardError as exc:
            yield f"{where}: {exc}"
