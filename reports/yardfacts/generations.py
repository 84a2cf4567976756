"""
What a ledger amounts to, for the judges of the life cycle: who is the champion, and whether every place says so.

The highest committed generation is the truth (ADR 0015). Whether it is one is judged here, what it has to be is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from yardfacts.facts import Answer, Facts, Generation
from yardfacts.judges import answered, legible
from yardfacts.mutants import Edit, NothingToChange, change
from yardfacts.verdict import Finding, disproved, inconclusive, proved

__all__ = ["change_truth", "committed_since", "ledger", "ledgers_clear", "told_everywhere", "truth"]

PLACES: Final = ("version-in-registry", "version-in-triton", "version-in-answer", "version-in-replicas")
MESSAGE: Final = "message-in-channel"


def ledger(facts: Facts, environment: str) -> tuple[Generation, ...]:
    """The generations of *environment* in *facts*, which are those of one moment, in their order."""
    mine = (one for one in facts.of(Generation) if one.environment == environment)
    return tuple(sorted(mine, key=lambda one: one.generation))


def truth(facts: Facts, environment: str) -> Generation | None:
    """The highest committed generation of *environment* in *facts*, which are those of one moment; None without one."""
    committed = [one for one in ledger(facts, environment) if one.phase == "committed"]
    return committed[-1] if committed else None


def committed_since(before: Facts, last: Facts, environment: str) -> Mapping[int, Generation] | None:
    """
    The generations of *environment* that may answer, by number: the truth of *before*, and what was committed after it.

    None where either moment does not say who the champion is.
    """
    first = truth(before, environment)
    if first is None or truth(last, environment) is None:
        return None
    return {
        one.generation: one
        for one in ledger(last, environment)
        if one.phase == "committed" and one.generation >= first.generation
    }


def ledgers_clear(facts: Facts, *, environments: Iterable[str]) -> Iterator[Finding]:
    """Judge, at one moment, whether the ledger of each environment was read, and says who the champion is."""
    yield from legible(facts, Generation)
    for environment in environments:
        numbers = [one.generation for one in ledger(facts, environment)]
        found, where = truth(facts, environment), f"{environment} at {', '.join(facts.moments()) or 'no moment'}"
        if found is None:
            yield inconclusive("no_truth", f"{where}: none of {len(numbers)} generations is committed")
        elif len(set(numbers)) < len(numbers):
            yield inconclusive("no_truth", f"{where}: the ledger has a number twice")
        elif found.champion <= 0 or not found.digest:
            yield inconclusive("no_truth", f"{where}: generation {found.generation} has no champion, or not its bytes")
        else:
            yield proved(f"{where}: version {found.champion} since generation {found.generation}")


def told_everywhere(facts: Facts, *, environments: Iterable[str]) -> Iterator[Finding]:
    """
    Judge, at one moment, that registry, Triton, replicas, an answer and the channel tell of the ledger's champion.

    Each is held against the ledger too, and so against all others, not only against what was wanted of it.
    """
    environments = tuple(environments)
    yield from answered(facts, probes=PLACES, environments=environments, reason="broken_trace")
    yield from answered(facts, probes=(MESSAGE,), environments=environments, reason="not_announced")
    for environment in environments:
        found = truth(facts, environment)
        if found is not None:
            yield _as_in_ledger(facts, found)


def _as_in_ledger(facts: Facts, found: Generation) -> Finding:
    shapes = _shapes(found)
    others = [
        f"{answer.probe} {answer.got}"
        for answer in facts.of(Answer)
        if answer.environment == found.environment and answer.probe in shapes and answer.outcome == "right"
        if re.fullmatch(shapes[answer.probe], answer.got) is None
    ]
    told = f"{found.environment}: version {found.champion} is the champion of generation {found.generation}"
    return disproved("versions_differ", f"{told}, but {'; '.join(others)}") if others else proved(told)


def _shapes(found: Generation) -> Mapping[str, str]:
    """What each place has to say where *found* is the truth, as a regular expression."""
    version = rf"\S+ version {found.champion}"
    return {
        **dict.fromkeys(PLACES, version),
        "version-in-replicas": rf"{version}, generation {found.generation}, in ([1-9]\d*) of \1",
        MESSAGE: rf"1 message of {found.generation}-{re.escape(found.deploy_id)} with version {found.champion}",
    }


def change_truth(*, at: str, environment: str, **fields: Any) -> Edit:
    """For mutants: give other *fields* to the generation that is the truth of *environment* at moment *at*."""

    def edit(facts: Facts) -> Facts:
        found = truth(facts.at(at), environment)
        if found is None:
            raise NothingToChange(f"no generation of {environment} is committed at {at}")
        return change(Generation, at=at, where=lambda one: one == found, **fields)(facts)

    return edit
