"""
Edits of good evidence, from which claims build their mutants.

An edit that finds nothing to change is a mistake in the mutant, and says so instead of surviving quietly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

from yardfacts.facts import Answer, Fact, Facts, Unreadable
from yardfacts.judges import observed

__all__ = ["LOOK", "Edit", "NothingToChange", "asked", "blind", "change", "drop", "plant"]

LOOK: Final = "the last look"
"""
Stands for the last moment at which the whole yard was looked at, however it is called. For claims that judge every
look: an audit calls its only one after the state that it finds.
"""

Edit = Callable[[Facts], Facts]
F = TypeVar("F")


class NothingToChange(LookupError):
    """The evidence holds no fact that the mutant wants to break."""


def asked(probe: str, environment: str) -> Callable[[Answer], bool]:
    """Tells the answers to one question in one environment from all others."""
    return lambda answer: (answer.probe, answer.environment) == (probe, environment)


def change(kind: type[F], *, at: str, where: Callable[[F], bool] = lambda _: True, **fields: Any) -> Edit:
    """Give other *fields* to the first fact of *kind* recorded at moment *at* of which *where* holds."""

    def edit(facts: Facts) -> Facts:
        wanted = _moment(facts, at)
        for index, (moment, fact) in enumerate(facts.entries):
            if moment == wanted and isinstance(fact, kind) and where(fact):
                changed: Any = replace(fact, **fields)
                return Facts((*facts.entries[:index], (moment, changed), *facts.entries[index + 1 :]))
        raise NothingToChange(f"no {kind.__name__} at {at} to change")

    return edit


def drop(kind: type[F], *, at: str, where: Callable[[F], bool] = lambda _: True) -> Edit:
    """Forget every fact of *kind* recorded at moment *at* of which *where* holds."""

    def edit(facts: Facts) -> Facts:
        wanted = _moment(facts, at)
        left = tuple(
            (moment, fact)
            for moment, fact in facts.entries
            if not (moment == wanted and isinstance(fact, kind) and where(fact))
        )
        if len(left) == len(facts.entries):
            raise NothingToChange(f"no {kind.__name__} at {at} to drop")
        return Facts(left)

    return edit


def plant(fact: Fact, *, at: str) -> Edit:
    """Record one more fact at moment *at*."""
    return lambda facts: facts.plus(_moment(facts, at), (fact,))


def blind(kind: type, *, at: str) -> Edit:
    """Record that facts of *kind* could not be read at moment *at*."""
    return plant(Unreadable(what=kind.__name__, error="the API server did not answer"), at=at)


def _moment(facts: Facts, at: str) -> str:
    if at != LOOK:
        return at
    looks = observed(facts)
    if not looks:
        raise NothingToChange("nobody looked at the whole yard")
    return looks[-1]
