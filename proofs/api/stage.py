"""A small yard of its own on the shared API server: namespaces, a root's manifest, and what the root stands for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml

from switchyard.kinds import APPLICATIONS, CONFIG_MAPS, NAMESPACES, Kind
from switchyard.kube import Kube
from switchyard.labels import LAYER, TRACKING_ID
from switchyard.objects import Json
from switchyard.yard import Attribution, Budgets, Layer, Placeholders, Yard

__all__ = ["FINALIZER", "SECRETS", "Stage", "set_stage"]

FINALIZER = "resources-finalizer.argocd.argoproj.io"
SECRETS = Kind("", "v1", "Secret", "secrets")

_YARD = """
environments = ["dev"]
namespace = "{namespace}"
[layers.core]
selector = "switchyard.mlops/layer=core"
roots = ["root-apps-{word}"]
[layers.features]
selector = "switchyard.mlops/layer=optional"
root = "{root}"
manifest = "root-optional.yaml"
namespaces = ["{store}"]
[placeholders]
repo_url = "https://git.example.invalid/yard.git"
revision = "yard"
[budgets]
detach_s = 8
attach_s = 8
hold_s = 1
barrier_deadline_s = 2
detach_deadline_s = 2
attach_deadline_s = 5
"""
"""The yard as a file, for whoever reads one; its deadlines leave room for another process."""


@dataclass(frozen=True)
class Stage:
    """One test's own corner: nothing of it is shared with another test."""

    kube: Kube
    yard: Yard
    word: str
    kubeconfig: Path
    """For whoever connects by itself."""

    @property
    def layer(self) -> Layer:
        """The layer that is toggled."""
        return self.yard.layers["features"]

    @property
    def namespace(self) -> str:
        """Where the Applications live."""
        return self.yard.namespace

    @property
    def store(self) -> str:
        """The layer's namespace."""
        return self.layer.namespaces[0]

    @property
    def child(self) -> str:
        """The one Application below the layer's ApplicationSet."""
        return f"feast-{self.word}"

    @property
    def application_set(self) -> str:
        """The one ApplicationSet below the layer's root."""
        return f"feast-set-{self.word}"

    def declare(self) -> None:
        """Write the yard to its file."""
        text = _YARD.format(namespace=self.namespace, word=self.word, root=self.layer.root, store=self.store)
        self.yard.path.write_text(text)

    def config_map(self, name: str, *, namespace: str = "", tracked: str = "", **metadata: Any) -> Json:
        """Create a ConfigMap, in the layer's namespace unless said otherwise."""
        namespace = namespace or self.store
        marks = {TRACKING_ID: f"{tracked}:/ConfigMap:{namespace}/{name}"} if tracked else {}
        body = {"metadata": {"name": name, "annotations": marks, **metadata}}
        return self.kube.create(CONFIG_MAPS, body, namespace=namespace)

    def application(self, name: str, **metadata: Any) -> Json:
        """Create an Application that nobody acts on but the actor."""
        body = {
            "apiVersion": APPLICATIONS.api_version,
            "kind": APPLICATIONS.kind,
            "metadata": {"name": name, **metadata},
            "spec": _spec(repo_url="git://served.example/yard.git", revision="main"),
        }
        return self.kube.create(APPLICATIONS, body, namespace=self.namespace)


def set_stage(kube: Kube, *, kubeconfig: Path, folder: Path) -> Stage:
    """Make the namespaces and the manifest, and one surviving root."""
    word = uuid4().hex[:6]
    names = [f"argocd-{word}", f"store-{word}", f"core-{word}"]
    for name in names:
        kube.create(NAMESPACES, {"metadata": {"name": name}})
    manifest = folder / "root-optional.yaml"
    root = {
        "apiVersion": APPLICATIONS.api_version,
        "kind": APPLICATIONS.kind,
        "metadata": {
            "name": f"root-optional-{word}",
            "namespace": names[0],
            "labels": {LAYER: "optional"},
            "finalizers": [f"{FINALIZER}/foreground"],
        },
        "spec": _spec(repo_url="https://git.example.invalid/yard.git", revision="yard"),
    }
    manifest.write_text(yaml.safe_dump(root))
    stage = Stage(kube, _yard(folder, names=names, word=word, manifest=manifest), word, kubeconfig)
    stage.application(f"root-apps-{word}", labels={LAYER: "core"})
    return stage


def _spec(*, repo_url: str, revision: str) -> dict[str, Any]:
    return {
        "project": "default",
        "source": {"repoURL": repo_url, "targetRevision": revision, "path": "apps"},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
        "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
    }


def _yard(folder: Path, *, names: list[str], word: str, manifest: Path) -> Yard:
    return Yard(
        path=folder / "yard.toml",
        namespace=names[0],
        environments=("dev",),
        layers={
            "core": Layer(name="core", selector=f"{LAYER}=core", roots=(f"root-apps-{word}",)),
            "features": Layer(
                name="features",
                selector=f"{LAYER}=optional",
                root=f"root-optional-{word}",
                manifest=manifest,
                namespaces=(names[1],),
            ),
        },
        attributions=(
            Attribution(kind="ConfigMap", name="kube-root-ca.crt", reason="every namespace has it"),
            Attribution(applications=(f"support-{word}",), reason="Core's"),
        ),
        probes=(),
        churn=(),
        budgets=Budgets(
            detach_s=8.0,
            attach_s=8.0,
            hold_s=0.5,
            barrier_deadline_s=2.0,
            detach_deadline_s=2.0,
            attach_deadline_s=4.0,
        ),
        placeholders=Placeholders(repo_url="https://git.example.invalid/yard.git", revision="yard"),
    )
