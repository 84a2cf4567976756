"""The door to Helm: an Application in, its manifests out, with the arguments that Argo CD would give."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from .errors import NoHelm, RenderFailed
from .tree import NODE_FILE, Application, Tree

__all__ = ["Helm", "Manifest", "find_helm"]

BUILT: Final = "bin/control-*/helm"  # what `switchyard toolchain control` leaves
RENDER_S: Final = 30.0  # a render takes 0.1 s; a busy machine may need more, a hanging one must not hold the tier


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One rendered object."""

    kind: str
    """``Kind`` or ``Kind.group``."""
    namespace: str
    """Empty for an object of the cluster."""
    name: str
    body: Mapping[str, Any]

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Manifest:
        """Read the identity of *body*, an object as the API takes it."""
        group = body["apiVersion"].rpartition("/")[0]
        metadata = body["metadata"]
        return cls(
            kind=f"{body['kind']}.{group}" if group else body["kind"],
            namespace=metadata.get("namespace", ""),
            name=metadata["name"],
            body=body,
        )

    @property
    def pod(self) -> Mapping[str, Any] | None:
        """The pod template of a workload; None for anything else."""
        template: Mapping[str, Any] | None = (self.body.get("spec") or {}).get("template")
        return template

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Helm:
    """A helm binary, and where the sample of each profile's generated ``node.yaml`` lies."""

    binary: Path
    samples: Path

    def render(self, application: Application, *, overrides: Sequence[Path] = ()) -> tuple[Manifest, ...]:
        """
        Return the manifests of *application*; *overrides* are value files that win over its own.

        Raises:
            RenderFailed: Helm refused.
        """
        text = self.template(application, overrides=overrides)
        return tuple(Manifest.from_body(body) for body in yaml.safe_load_all(text) if body)

    def template(self, application: Application, *, overrides: Sequence[Path] = ()) -> str:
        """Return Helm's own output, for comparing two renders; raises as :meth:`render` does."""
        files = [path for path in self._value_files(application) if path.exists()]
        command = [str(self.binary), "template", ".", "--name-template", application.name]
        command += ["--namespace", application.namespace]
        for path in (*files, *overrides):
            command += ["--values", str(path)]
        for name, value in application.parameters:
            command += ["--set", f"{name}={value}"]
        done = subprocess.run(
            command, cwd=application.chart, capture_output=True, text=True, timeout=RENDER_S, check=False
        )
        if done.returncode != 0:
            raise RenderFailed(application.name, application.profile, done.stderr)
        return done.stdout

    def write_samples(self, tree: Tree) -> None:
        """Write each profile's documented ``node.yaml`` where renders read it."""
        for profile in tree.profiles():
            self._sample(profile).write_text(yaml.safe_dump(dict(tree.sample(profile))))

    def _value_files(self, application: Application) -> Iterator[Path]:
        for path in application.value_files:
            yield self._sample(application.profile) if path.name == NODE_FILE else path

    def _sample(self, profile: str) -> Path:
        return self.samples / f"{profile}.yaml"


def find_helm(environment: Mapping[str, str]) -> Path:
    """
    Return the helm to render with: ``SWITCHYARD_HELM``, else the newest in the node's cache, else on the ``PATH``.

    Raises:
        NoHelm: There is none.
    """
    named = environment.get("SWITCHYARD_HELM", "")
    cache = Path(environment.get("SWITCHYARD_CACHE") or Path.home() / ".cache" / "switchyard")
    built = sorted(cache.glob(BUILT), key=lambda path: path.stat().st_mtime)
    found = named or (str(built[-1]) if built else shutil.which("helm", path=environment.get("PATH", "")))
    if not found or not os.access(found, os.X_OK):
        raise NoHelm((f"SWITCHYARD_HELM={named or '(unset)'}", str(cache / BUILT), "PATH"))
    return Path(found).resolve()
