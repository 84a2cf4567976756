"""
The declaration of what is to be proven: ``yard.toml`` as frozen records.

The engine learns every name of a platform from here: layers, roots, namespaces, who may own what is left, probes,
churn and budgets. Reading it is ``settings``' business; these are the shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from switchyard.errors import Misconfigured
from switchyard.prober.plan import Expectation, Wanted
from yardfacts.facts import ChurnRule

__all__ = [
    "Attribution",
    "Budgets",
    "Expectation",
    "HttpProbe",
    "Job",
    "Known",
    "Layer",
    "Placeholders",
    "Probe",
    "Prober",
    "S3Probe",
    "Wanted",
    "Yard",
]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A set of Applications; one with a ``root`` and a ``manifest`` can be attached and detached."""

    name: str
    selector: str
    """Label selector over Applications and ApplicationSets."""
    roots: tuple[str, ...] = ()
    """Root Applications that have to survive a toggle of another layer."""
    root: str = ""
    """The one root Application whose presence is the layer's; empty where the layer is never toggled."""
    manifest: Path | None = None
    """The root's manifest, absolute."""
    applications: tuple[str, ...] = ()
    """Names of the Applications and ApplicationSets below the root; ``*`` matches a part. Needed only to find what an
    interrupted detach left of Applications that are gone already; those that exist are found from the root."""
    namespaces: tuple[str, ...] = ()
    """Namespaces that belong to the layer's workloads but survive it."""

    @property
    def toggled(self) -> bool:
        """Whether this layer can be attached and detached."""
        return bool(self.root)

    @property
    def names(self) -> tuple[str, ...]:
        """The root and the patterns of what is below it."""
        return (self.root, *self.applications) if self.root else self.applications


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """Who explains an object left in a layer's namespace; every field that is given has to match."""

    reason: str
    kind: str = ""
    """``Kind`` or ``Kind.group``."""
    name: str = ""
    applications: tuple[str, ...] = ()
    """Names of Applications whose tracking id (or whose ancestor's) the object carries; ``*`` matches a part."""
    label: str = ""
    """``key=value`` that the object carries."""
    owned_by: str = ""
    """Kind of an owner of the object."""


@dataclass(frozen=True, kw_only=True)
class Budgets:
    """How long what may take, in seconds. A budget is reported, never judged (ADR 0009); a deadline ends a wait."""

    detach_s: float
    attach_s: float
    hold_s: float
    """Window after the stimulus in which nothing may come back."""
    barrier_deadline_s: float
    detach_deadline_s: float
    attach_deadline_s: float


@dataclass(frozen=True, kw_only=True)
class Placeholders:
    """Strings in a root's manifest that stand for the surviving sibling's source."""

    repo_url: str
    revision: str


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a registered model is known to answer: a JSON file that is kept beside the version behind an alias."""

    name: str
    environment: str
    url: str
    """Of the registry, as a probe's."""
    model: str
    alias: str
    artifact: str
    """The file's name, in the folder in which the version's own folder is."""
    user: str
    password: str
    """Key in the target's secrets file, below the environment."""
    timeout_s: float = 5.0
    document: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)
    """What was kept, and the version's number as ``version``; None until it is read."""


@dataclass(frozen=True, kw_only=True)
class HttpProbe:
    """One request over HTTP and what it has to answer."""

    name: str
    environment: str
    layer: str
    """Name of the layer whose presence the probe needs."""
    url: str
    """``http://<service>.<namespace>[:port]/path``; the service is resolved to its ClusterIP through the API."""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    """Sent as JSON; None sends no body."""
    timeout_s: float = 5.0
    expect: Expectation = field(default_factory=Expectation)
    path: str = ""
    """Cheap path of the same service, asked several times a second through a window; empty: not watched."""
    state: str = ""
    """Header of a right answer in which the service says how it is; empty: it says no such thing."""
    known: tuple[Known, ...] = ()
    """What its references stand for; none once values stand in their place."""


@dataclass(frozen=True, kw_only=True)
class S3Probe:
    """One object written, read back, compared and deleted."""

    name: str
    environment: str
    layer: str
    endpoint: str
    """``<service>.<namespace>:port``."""
    bucket: str
    access_key: str
    """Key in the target's secrets file, below the environment."""
    secret_key: str
    timeout_s: float = 5.0
    path: str = ""
    """As of ``HttpProbe``; what is asked beside it is a known object, with a URL that is signed here."""


Probe = HttpProbe | S3Probe


@dataclass(frozen=True, kw_only=True)
class Prober:
    """Where the prober's pods get Python from: one of the two."""

    image: str = ""
    """Full reference."""
    image_of: str = ""
    """``<namespace>/<name>`` of a Deployment whose first container's image has it."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A command of the platform's own, which runs inside it from a CronJob's template."""

    namespace: str
    """``{env}`` in it becomes the environment."""
    cronjob: str
    command: tuple[str, ...]
    """What the container is started with, before what the caller says."""
    deadline_s: float
    """The longest silence of its output, in seconds."""


@dataclass(frozen=True, kw_only=True)
class Yard:
    """All of ``yard.toml``."""

    path: Path
    """The file, absolute; relative paths in it are relative to its folder."""
    namespace: str
    """Where Argo CD and its Applications live."""
    environments: tuple[str, ...]
    layers: Mapping[str, Layer]
    attributions: tuple[Attribution, ...]
    probes: tuple[Probe, ...]
    churn: tuple[ChurnRule, ...]
    """Changes that are nobody's interference: read by claims, never by the engine."""
    budgets: Budgets
    placeholders: Placeholders
    prober: Prober = Prober()
    jobs: Mapping[str, Job] = field(default_factory=dict)
    """By the name of the command."""
    known: tuple[Known, ...] = ()
    """What probes may refer to, one a name and environment."""

    @property
    def checkout(self) -> Path:
        """The folder of yard.toml."""
        return self.path.parent

    def layer(self, name: str) -> Layer:
        """
        The layer of that name.

        Raises:
            Misconfigured: There is none.
        """
        if name not in self.layers:
            wanted = "one of " + ", ".join(self.layers)
            raise Misconfigured(where=str(self.path), key="layers", wanted=wanted, got=name)
        return self.layers[name]

    def probes_of(self, *layers: str) -> tuple[Probe, ...]:
        """Probes that need one of *layers*, in the order of the file."""
        return tuple(probe for probe in self.probes if probe.layer in layers)
