"""
What differs between two versions of a JSON document, as changes at JSON pointers (RFC 6901).

Applied in order, they make the later version of the earlier one. Lists are compared by position: an item that moved is
a change at each place it left or reached, which is more than happened, never less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["ABSENT", "Delta", "applied", "difference", "joined", "steps_of"]


class _Absent:
    """Nothing at all, which null is not."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


@dataclass(frozen=True)
class Delta:
    """One place where two versions differ; ``ABSENT`` is where one of them has nothing."""

    pointer: str
    before: Any
    after: Any


def difference(before: Any, after: Any, pointer: str = "") -> Iterator[Delta]:
    """What makes *after* of *before*; nothing where they are equal. 1, 1.0 and true are three different values."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before.keys() | after.keys():
            yield from _below(before.get(key, ABSENT), after.get(key, ABSENT), joined(pointer, key))
    elif isinstance(before, list) and isinstance(after, list):
        for at, (mine, theirs) in enumerate(zip(before, after, strict=False)):
            yield from _below(mine, theirs, joined(pointer, at))
        for at in range(len(before), len(after)):
            yield Delta(joined(pointer, at), ABSENT, after[at])
        # From the end, so that each removal leaves the others where they are.
        for at in reversed(range(len(after), len(before))):
            yield Delta(joined(pointer, at), before[at], ABSENT)
    elif type(before) is not type(after) or before != after:
        yield Delta(pointer, before, after)


def _below(before: Any, after: Any, pointer: str) -> Iterator[Delta]:
    if before is ABSENT or after is ABSENT:
        yield Delta(pointer, before, after)
    else:
        yield from difference(before, after, pointer)


def applied(document: Any, deltas: Iterable[Delta]) -> Any:
    """
    *document* after *deltas*, in their order; it itself is left alone.

    Raises:
        LookupError: A delta points at a place that the document does not have.
    """
    made = deepcopy(document)
    for delta in deltas:
        steps = steps_of(delta.pointer)
        if not steps:
            made = deepcopy(delta.after)
            continue
        place = made
        for step in steps[:-1]:
            place = place[_key(place, step)]
        key = _key(place, steps[-1])
        if delta.after is ABSENT:
            del place[key]
        elif isinstance(place, list) and key == len(place):
            place.append(deepcopy(delta.after))
        else:
            place[key] = deepcopy(delta.after)
    return made


def steps_of(pointer: str) -> tuple[str, ...]:
    """The steps of a pointer, unescaped; the empty pointer has none."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]) if pointer else ()


def joined(pointer: str, *steps: str | int) -> str:
    """*pointer*, and further *steps* below it."""
    return pointer + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _key(place: Any, step: str) -> Any:
    return int(step) if isinstance(place, list) else step
