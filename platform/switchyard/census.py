"""What stood at one instant, and how two instants differ: whether a layer that left and came back left its mark."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from switchyard.objects import Meta
from yardfacts.deltas import ABSENT, Delta, difference
from yardfacts.facts import Changed, ChurnRule, Fact, Surveyed
from yardfacts.versions import UNKNOWN

__all__ = ["ROUND_TRIP", "Census", "Mask", "Standing", "survey", "text_of"]

ROUND_TRIP: Final = "round-trip"
"""The moment under which a survey is recorded."""

TEXT_MAX_CHARS: Final = 80
"""Enough to recognise a value; the object itself can be looked up."""

Mask = Callable[[str], str]
"""Takes secrets out of a text. Before it is cut: half a secret would be recognised by nobody."""

Place = tuple[str, str, str]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One object as it stood."""

    meta: Meta
    stem: str
    """Its name; where the server made the name up, what it was made of, and a star."""
    packed: bytes
    """JSON of what counts of it (``yardfacts.versions``)."""
    belongs: str
    """As in ``Changed``."""


@dataclass(frozen=True, kw_only=True)
class Census:
    """Everything that stood at one edge of a window."""

    window: str
    at_ms: int
    standing: tuple[Standing, ...]
    doubts: tuple[str, ...]
    """Why it may be incomplete."""
    mask: Mask


def survey(before: Census, after: Census, *, rules: Iterable[ChurnRule]) -> tuple[Fact, ...]:
    """
    Compare two instants object by object, whatever happened in between.

    Objects are held against each other by kind, namespace and stem, so that a pod that another one replaced is the same
    object with another UID. Their status is left out: it follows from the rest.
    """
    head = Surveyed(
        since=before.window,
        until=after.window,
        objects_before=len(before.standing),
        objects_after=len(after.standing),
        doubts=tuple(dict.fromkeys((*before.doubts, *after.doubts))),
    )
    return (head, *rules, *_differences(before, after))


def text_of(value: Any, *, mask: Mask) -> str:
    """A value as a short text without secrets; nothing at all is the empty text."""
    if value is ABSENT:
        return ""
    text = mask(value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False))
    return text if len(text) <= TEXT_MAX_CHARS else text[: TEXT_MAX_CHARS - 1] + "…"


def _differences(before: Census, after: Census) -> Iterator[Changed]:
    was, now = _by_place(before), _by_place(after)

    def changed(kind: str, one: Standing, delta: Delta, *, belongs: str = "") -> Changed:
        return Changed(
            ref=one.meta.ref,
            type=kind,
            pointer=delta.pointer,
            before=text_of(delta.before, mask=before.mask),
            after=text_of(delta.after, mask=after.mask),
            manager=UNKNOWN,
            belongs=belongs or one.belongs,
            times=1,
            first_ms=before.at_ms,
            last_ms=after.at_ms,
        )

    nothing = Delta("", ABSENT, ABSENT)
    for place in sorted(was.keys() | now.keys()):
        old, new = was.get(place, {}), now.get(place, {})
        left = [old[uid] for uid in sorted(old.keys() - new.keys())]
        came = [new[uid] for uid in sorted(new.keys() - old.keys())]
        yield from (changed("DELETED", one, nothing) for one in left[len(came) :])
        yield from (changed("ADDED", one, nothing) for one in came[len(left) :])
        stayed = [(old[uid], new[uid]) for uid in sorted(old.keys() & new.keys())]
        for mine, theirs in (*stayed, *zip(left, came, strict=False)):
            for delta in _between(mine, theirs):
                yield changed("MODIFIED", theirs, delta, belongs=theirs.belongs or mine.belongs)


def _by_place(census: Census) -> dict[Place, dict[str, Standing]]:
    places: dict[Place, dict[str, Standing]] = defaultdict(dict)
    for one in census.standing:
        places[str(one.meta.kind), one.meta.namespace, one.stem][one.meta.uid] = one
    return places


def _between(mine: Standing, theirs: Standing) -> Iterator[Delta]:
    if mine.meta.uid != theirs.meta.uid:
        yield Delta("/metadata/uid", mine.meta.uid, theirs.meta.uid)
    if mine.packed != theirs.packed:
        yield from difference(_wanted(mine), _wanted(theirs))


def _wanted(one: Standing) -> dict[str, Any]:
    return {key: value for key, value in json.loads(one.packed).items() if key != "status"}
