"""What a watch over a whole window saw change, by whom, and which changes are declared to be nobody's interference."""

from __future__ import annotations

from dataclasses import dataclass

from yardfacts.facts.references import ObjectRef

__all__ = ["Changed", "ChurnRule", "Surveyed", "Watched"]


@dataclass(frozen=True, kw_only=True)
class Watched:
    """One watch over one window. Its events stand in *file* of the bundle."""

    window: str
    kinds: int
    """Kinds that were watched from the version of their LIST to the end."""
    objects: int
    """Objects that were there at the start."""
    events: int
    resumes: int
    """How often a watch was taken up again where it had ended; nothing is lost by that."""
    gap: str
    """Where the watch lost its place and what happened is unknown; empty where it never did."""
    unwatched: tuple[str, ...]
    """``kind: reason`` of what should have been watched and could not be."""
    left_out: tuple[str, ...]
    """``kind: reason`` of what is not watched on purpose."""
    differences: tuple[str, ...]
    """Where the replayed state is not that of the final LIST."""
    took_s: float
    cpu_s: float
    """Processor time of the watch, its LISTs included."""
    file: str
    """Name in the bundle, such as ``watch/off.jsonl``."""
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Changed:
    """Equal changes of one object within a window, folded: same type, same place, same writer."""

    ref: ObjectRef
    type: str
    """``ADDED``, ``MODIFIED`` or ``DELETED``."""
    pointer: str
    """JSON pointer into the object; empty where the whole object came or went. Of the layer's own objects, the first
    step only: they may change as they like."""
    before: str
    """A short text of the first one's old value; a secret's is a keyed hash. Empty where there was nothing."""
    after: str
    """Of the last one's new value."""
    manager: str
    """Field manager of the writer; ``unknown`` where the object does not tell, as of every deletion."""
    belongs: str
    """``layer`` (made by the layer that is toggled), ``proof`` (labelled with this run's id), or empty: somebody
    else's, and then the change has to be explained."""
    times: int
    first_ms: int
    """Unix time by the proof's clock."""
    last_ms: int


@dataclass(frozen=True, kw_only=True)
class ChurnRule:
    """A change that is nobody's interference, as declared when the window was judged."""

    kind: str
    """``Kind`` or ``Kind.group``."""
    pointer: str
    """It, and everything below it; ``*`` stands for one step, or a part of it."""
    manager: str
    """The one field manager that may do it."""
    reason: str
    namespace: str = ""
    """Pattern; empty means any."""
    name: str = ""
    """Pattern; empty means any."""
    every_s: float = 0.0
    """How seldom it happens, in seconds; 0: in every window. A rule that is given more time than this and matches
    nothing is not needed."""


@dataclass(frozen=True, kw_only=True)
class Surveyed:
    """Everything that stood at two instants was compared; what differs is recorded beside this as ``Changed``."""

    since: str
    """The window at whose start the first instant is."""
    until: str
    """The window at whose end the second one is."""
    objects_before: int
    objects_after: int
    doubts: tuple[str, ...]
    """Why one of the two may be incomplete: a gap, an unwatched kind, a difference from the LIST."""
