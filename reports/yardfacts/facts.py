"""
What can be observed, as frozen records. The engine makes them, the journal keeps them, claims read them.

Every record is plain data that survives a round trip through JSON (``Facts.to_json``, ``Facts.from_json``).
A record never says whether something is good: judging is the claims' business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

__all__ = [
    "FACT_TYPES",
    "Answer",
    "Application",
    "Barrier",
    "Commit",
    "Fact",
    "Facts",
    "Hold",
    "Malformed",
    "Namespace",
    "ObjectRef",
    "Obligation",
    "Pod",
    "Root",
    "Sweep",
    "Timing",
    "Toggle",
    "Unreadable",
    "Usage",
    "Volume",
    "Workload",
]

F = TypeVar("F")


class Malformed(ValueError):
    """A stored record does not have the shape of its type; a judge must see this as INCONCLUSIVE."""


@dataclass(frozen=True, kw_only=True)
class ObjectRef:
    """One Kubernetes object; ``kind`` is ``Kind`` or ``Kind.group``."""

    kind: str
    namespace: str
    name: str
    uid: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, kw_only=True)
class Application:
    """An Argo CD Application as read once."""

    name: str
    uid: str
    layer: str
    """Value of the label ``switchyard.mlops/layer``; empty where unlabelled."""
    project: str
    sync: str
    health: str
    revisions: tuple[str, ...]
    """``status.sync.revision`` or ``revisions``; empty when never compared."""
    operation: str
    """Phase of the last operation; ``Running`` while one is pending; empty when none ever ran."""
    error_conditions: tuple[str, ...]
    compared_to_spec: bool
    """``status.sync.comparedTo`` equals the spec's source and destination."""
    automated: bool
    prune: bool
    self_heal: bool
    finalizers: tuple[str, ...]
    deleting: bool
    parent: str
    """Name of the owning ApplicationSet; empty for a root."""


@dataclass(frozen=True, kw_only=True)
class Barrier:
    """The clock-free barrier on one Application: two refreshes requested and consumed in turn."""

    application: str
    answered: bool
    refreshes_consumed: int
    waited_s: float


@dataclass(frozen=True, kw_only=True)
class Root:
    """The explicit answer of the API to GET of a root Application: its HTTP status."""

    name: str
    http_status: int


@dataclass(frozen=True, kw_only=True)
class Obligation:
    """One object of the layer that must disappear, and what became of it."""

    ref: ObjectRef
    fate: str
    """``gone`` (404), ``remains`` (same UID), ``recreated`` (same name, new UID)."""
    finalizers: tuple[str, ...] = ()
    """Of an object that remains while being deleted: whom it waits for."""


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """All kinds that can be listed and deleted, listed in the layer's namespaces and by its tracking ids."""

    kinds_listed: int
    kinds_unreadable: tuple[str, ...]
    """``kind: reason``; denied, failing or stale in aggregated discovery."""
    decoy_found: bool
    """An object planted for this sweep was among the findings."""
    found: tuple[ObjectRef, ...]
    """Everything left except the decoy."""
    unattributed: tuple[ObjectRef, ...]
    """What of *found* no attribution rule of yard.toml explains."""


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Absence held under stimulus: survivors were refreshed twice, then nothing may come back."""

    refreshed: tuple[str, ...]
    window_s: float
    returned: tuple[ObjectRef, ...]


@dataclass(frozen=True, kw_only=True)
class Namespace:
    """A namespace that has to survive."""

    name: str
    uid: str
    phase: str


@dataclass(frozen=True, kw_only=True)
class Pod:
    """Identity of a running pod."""

    namespace: str
    name: str
    uid: str
    node: str
    ready: bool
    restarts: int
    images: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Live rollout of a Deployment, StatefulSet or DaemonSet; Argo CD's word is not taken for it."""

    kind: str
    namespace: str
    name: str
    uid: str
    generation: int
    observed_generation: int
    wanted: int
    updated: int
    ready: int


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A claim and the volume it is bound to."""

    namespace: str
    claim: str
    claim_phase: str
    volume: str
    volume_phase: str
    reclaim_policy: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a service answered to a functional check: asked for *wanted*, got *got*."""

    probe: str
    environment: str
    outcome: str
    """``right``, ``wrong`` (answered, but not as wanted) or ``unanswered``."""
    wanted: str
    got: str
    took_s: float


@dataclass(frozen=True, kw_only=True)
class Commit:
    """The commit under test and what the git source served."""

    sha: str
    served: str
    dirty: bool
    """Uncommitted changes went into a scratch commit."""
    on_top: tuple[str, ...] = ()
    """Paths in which the served tree differs from that of *sha*."""


@dataclass(frozen=True, kw_only=True)
class Toggle:
    """What a toggle was asked for, and whether it had to write anything."""

    layer: str
    wanted: str
    """``attached`` or ``detached``."""
    changed: bool
    """False: it was there, or gone, already, and nothing was written."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Wall-clock duration of a phase, with its budget where one is declared (0: none)."""

    phase: str
    took_s: float
    budget_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a whole cluster used over a window, with its limits where they are declared (0: none)."""

    phase: str
    window_s: float
    cpus: float
    """Processors kept busy on average: 0.5 is half of one."""
    memory_bytes: int
    """The most that was resident at once."""
    cpus_limit: float = 0.0
    memory_limit_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """An observation that could not be made. Its presence alone makes a claim that needed it INCONCLUSIVE."""

    what: str
    error: str


Fact = (
    Application
    | Answer
    | Barrier
    | Commit
    | Hold
    | Namespace
    | Obligation
    | Pod
    | Root
    | Sweep
    | Timing
    | Toggle
    | Unreadable
    | Usage
    | Volume
    | Workload
)

FACT_TYPES: Final[Mapping[str, type]] = {cls.__name__: cls for cls in get_args(Fact)}


@dataclass(frozen=True)
class Facts:
    """
    All facts of a run in the order of recording, each under the *moment* it belongs to.

    A moment is a short name such as ``before``, ``detached``, ``held``, ``attached``.
    """

    entries: tuple[tuple[str, Fact], ...] = ()

    def at(self, moment: str) -> Facts:
        """Only the facts of one moment."""
        return Facts(tuple(entry for entry in self.entries if entry[0] == moment))

    def of(self, kind: type[F]) -> tuple[F, ...]:
        """All facts of one type, in order."""
        return tuple(fact for _, fact in self.entries if isinstance(fact, kind))

    def where(self, kind: type[F], holds: Callable[[F], bool]) -> Facts:
        """Without the facts of *kind* of which *holds* is false; facts of other kinds stay."""
        return Facts(tuple(entry for entry in self.entries if not isinstance(entry[1], kind) or holds(entry[1])))

    def plus(self, moment: str, facts: Iterable[Fact]) -> Facts:
        """These facts, recorded after the others."""
        return Facts((*self.entries, *((moment, fact) for fact in facts)))

    def moments(self) -> tuple[str, ...]:
        """Names of all moments, in order of first appearance."""
        return tuple(dict.fromkeys(moment for moment, _ in self.entries))

    def to_json(self) -> Iterator[dict[str, Any]]:
        """One plain object a fact: ``{"moment", "type", "fact"}``."""
        for moment, fact in self.entries:
            yield {"moment": moment, "type": type(fact).__name__, "fact": asdict(fact)}

    @classmethod
    def from_json(cls, records: Iterable[Mapping[str, Any]]) -> Facts:
        """
        Rebuild facts from ``to_json`` records.

        Raises:
            Malformed: An unknown type, a missing or unknown field, or a value of the wrong shape.
        """
        return cls(tuple(_entry(record) for record in records))


def _entry(record: Mapping[str, Any]) -> tuple[str, Fact]:
    try:
        moment, name, fact = record["moment"], record["type"], record["fact"]
    except (KeyError, TypeError) as exc:
        raise Malformed(f"wanted moment, type and fact; got {record!r:.120}") from exc
    if not isinstance(moment, str) or name not in FACT_TYPES:
        raise Malformed(f"unknown fact type {name!r}; known: {', '.join(sorted(FACT_TYPES))}")
    decoded: Fact = _decode(FACT_TYPES[name], fact, where=str(name))
    return moment, decoded


def _decode(wanted: Any, value: Any, *, where: str) -> Any:
    if is_dataclass(wanted) and isinstance(wanted, type):
        if not isinstance(value, Mapping):
            raise Malformed(f"{where}: wanted an object, got {value!r:.80}")
        hints = get_type_hints(wanted)
        unknown = set(value) - set(hints)
        if unknown:
            raise Malformed(f"{where}: unknown fields {sorted(unknown)}")
        given = {
            f.name: _decode(hints[f.name], value[f.name], where=f"{where}.{f.name}")
            for f in fields(wanted)
            if f.name in value
        }
        try:
            return wanted(**given)
        except TypeError as exc:
            raise Malformed(f"{where}: {exc}") from exc
    if get_origin(wanted) is tuple:
        if not isinstance(value, list | tuple):
            raise Malformed(f"{where}: wanted a list, got {value!r:.80}")
        (item, _) = get_args(wanted)
        return tuple(_decode(item, element, where=f"{where}[]") for element in value)
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        raise Malformed(f"{where}: wanted {wanted.__name__}, got {value!r:.80}")
    return value
