"""
The chain through a journal: every record carries the SHA-256 of the line before it.

Whoever edits, drops, adds or swaps lines breaks it at that place, and the place can be named. Nothing in the file can
speak for its last line: that one's digest, the *head*, stands in what is sealed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["GENESIS", "Link", "broken", "link"]

GENESIS: Final = "0" * 64
"""What the first record carries, and the head of a journal without any."""


def link(line: bytes) -> str:
    """SHA-256 of a line without its end, in hex: what the next record has to carry."""
    return hashlib.sha256(line).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Link:
    """What the chain is made of, of one line."""

    seq: int
    prev: str
    """What the record carries."""
    digest: str
    """What the next one has to carry."""


def broken(links: Sequence[Link]) -> str:
    """
    Say where and how the chain is broken, by the number of a line, counted from one; empty where it is whole.

    Only the first fault is named: behind it, numbers mean nothing any more.
    """
    for place, one in enumerate(links):
        if one.seq != place:
            return _misplaced(links, place)
        before = links[place - 1].digest if place else GENESIS
        if one.prev != before:
            return _changed(links, place)
    return ""


def _misplaced(links: Sequence[Link], place: int) -> str:
    got, line = links[place].seq, place + 1
    if got < place:
        return f"line {line} was added: wanted record {place}, got record {got} again"
    where = next((other for other in range(place + 1, len(links)) if links[other].seq == place), None)
    if where is None:
        return f"line {line} is missing: wanted record {place}, got record {got}"
    if where == got:
        return f"lines {line} and {where + 1} were swapped: they hold records {got} and {place}"
    return f"line {line} was moved: wanted record {place}, which stands in line {where + 1}, got record {got}"


def _changed(links: Sequence[Link], place: int) -> str:
    """A line whose own link is wrong, too, on its far side was changed itself; else the one before it was."""
    line = place + 1
    if place == 0:
        return "line 1 was changed: the first record has nothing before it"
    if place + 1 == len(links):
        return f"line {line - 1} or line {line} was changed: line {line} carries another digest of the one before it"
    if links[place + 1].prev != links[place].digest:
        return f"line {line} was changed: neither the line before it nor the one after it fits"
    return f"line {line - 1} was changed: line {line} carries another digest of it"
