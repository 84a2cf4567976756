"""The door to Helm: an Application in, its manifests out, with the arguments that Argo CD would give."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from .binary import Binary
from .errors import RenderFailed
from .operated import OPERATED
from .operated import pod as operated_pod
from .tree import Application, Tree

__all__ = ["HELM", "Helm", "Manifest"]

HELM: Final = Binary(name="helm", family="control")  # Argo CD's
POD_FILE: Final = "pod.yaml"  # in a ConfigMap: a pod that a program will make, as Airflow does for a task
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
        """The pod template of a workload, also of one that an operator or Airflow will make; None for anything else."""
        if self.kind in OPERATED:
            return operated_pod(self.kind, self.body)
        if POD_FILE in (self.body.get("data") or {}):
            kept: Mapping[str, Any] = yaml.safe_load(self.body["data"][POD_FILE])
            return kept
        spec = self.body.get("spec") or {}
        made: Mapping[str, Any] = spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec
        template: Mapping[str, Any] = made.get("template") or {}
        return template if "spec" in template else None  # a SealedSecret has a template too

    @property
    def ends(self) -> bool:
        """Its pods run to their end, and nobody sends requests to them."""
        return self.kind in {"Job.batch", "CronJob.batch", "ConfigMap"}

    @property
    def replicas(self) -> int:
        """How many of its pods there are at a time; one, where it does not say."""
        return int(self.body.get("spec", {}).get("replicas", 1))

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Helm:
    """A helm binary, and where the samples of each profile's generated files lie: a folder each."""

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
        """Write each profile's documented files where renders read them."""
        for profile in tree.profiles():
            for name, values in tree.samples(profile).items():
                self.write_sample(profile, name, values)

    def write_sample(self, profile: str, name: str, values: Mapping[str, Any]) -> None:
        """Write one file that renders of *profile* read in place of the one below the profile."""
        path = self.samples / profile / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(dict(values)))

    def _value_files(self, application: Application) -> Iterator[Path]:
        for path in application.value_files:
            sample = self.samples / application.profile / path.name
            yield sample if path.parent.name == application.profile and sample.exists() else path
