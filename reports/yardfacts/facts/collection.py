"""All facts of a run, and how they are written down and read again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, TypeVar

from yardfacts.facts.kinds import FACT_TYPES, Fact
from yardfacts.facts.plain import Malformed, decode

__all__ = ["Facts"]

F = TypeVar("F")


@dataclass(frozen=True)
class Facts:
    """
    All facts of a run in the order of recording, each under the *moment* it belongs to.

    A moment is a short name such as ``before``, ``detached``, ``held``, ``attached``.
    """

    entries: tuple[tuple[str, Fact], ...] = ()

    def at(self, moment: str) -> Facts:
        """Only the facts of one moment."""
        return self._by_moment.get(moment, Facts())

    def of(self, kind: type[F]) -> tuple[F, ...]:
        """All facts of one type, in order."""
        return tuple(fact for _, fact in self.entries if isinstance(fact, kind))

    def where(self, kind: type[F], holds: Callable[[F], bool]) -> Facts:
        """Without the facts of *kind* of which *holds* is false; facts of other kinds stay."""
        return Facts(tuple(entry for entry in self.entries if not isinstance(entry[1], kind) or holds(entry[1])))

    @cached_property
    def _by_moment(self) -> Mapping[str, Facts]:
        """Looked up again and again by every judge, of facts that never change."""
        found: dict[str, list[tuple[str, Fact]]] = {}
        for entry in self.entries:
            found.setdefault(entry[0], []).append(entry)
        return {moment: Facts(tuple(entries)) for moment, entries in found.items()}

    def plus(self, moment: str, facts: Iterable[Fact]) -> Facts:
        """These facts, recorded after the others."""
        return Facts((*self.entries, *((moment, fact) for fact in facts)))

    def moments(self) -> tuple[str, ...]:
        """Names of all moments, in order of first appearance."""
        return tuple(self._by_moment)

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
    decoded: Fact = decode(FACT_TYPES[name], fact, where=str(name))
    return moment, decoded
