"""What belongs to a layer, and who explains what does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from switchyard.inventory import Inventory
from switchyard.kinds import APPLICATION_SETS, APPLICATIONS
from switchyard.labels import TRACKING_ID
from switchyard.objects import Meta
from switchyard.yard import Attribution

__all__ = ["Tree", "attribution", "below", "is_part", "parts_of"]


@dataclass(frozen=True)
class Tree:
    """A root and everything below it."""

    applications: tuple[str, ...]
    """Names of the root and of every Application and ApplicationSet below it."""
    objects: tuple[Meta, ...]
    """They, what they manage, and what descends from that."""


def is_part(thing: Meta, *, applications: Iterable[str], namespace: str) -> bool:
    """Whether *thing* is one of these Applications or ApplicationSets (``*`` matches a part), or is managed by one."""
    return parts_of(applications, namespace=namespace)(thing)


def parts_of(applications: Iterable[str], *, namespace: str) -> Callable[[Meta], bool]:
    """``is_part`` for many things: a sweep asks it of every object there is."""
    exact = frozenset(applications)
    patterns = tuple(name for name in exact if any(letter in name for letter in "*?["))

    def named(name: str) -> bool:
        return name in exact or any(fnmatchcase(name, pattern) for pattern in patterns)

    def is_one(thing: Meta) -> bool:
        # Whom the mark names is asked first, and whether it is the object's own mark only where that matters.
        manager = thing.annotations.get(TRACKING_ID, "").partition(":")[0]
        if manager and named(manager) and thing.tracked_by:
            return True
        itself = thing.namespace == namespace and thing.kind.group == APPLICATIONS.group
        return itself and thing.kind in (APPLICATIONS, APPLICATION_SETS) and named(thing.name)

    return is_one


def below(inventory: Inventory, *, roots: Iterable[str], namespace: str) -> Tree:
    """
    Everything below the Applications *roots* in *namespace*: by tracking ids, by owner references, through
    ApplicationSets and through Applications that manage Applications, until nothing new is found.
    """
    names: dict[str, None] = dict.fromkeys(roots)
    while True:
        objects = inventory.closure(filter(parts_of(names, namespace=namespace), inventory.objects))
        more = [
            thing.name
            for thing in objects
            if thing.kind in {APPLICATIONS, APPLICATION_SETS} and thing.namespace == namespace
        ]
        if set(more) <= set(names):
            return Tree(tuple(name for name in names if "*" not in name), objects)
        names |= dict.fromkeys(more)


def attribution(thing: Meta, rules: Iterable[Attribution], *, inventory: Inventory) -> Attribution | None:
    """The first rule that explains why *thing* is there, or None: nobody does."""
    line = inventory.ancestry(thing)
    return next((rule for rule in rules if _explains(rule, thing, line)), None)


def _explains(rule: Attribution, thing: Meta, line: tuple[Meta, ...]) -> bool:
    key, _, value = rule.label.partition("=")
    return (
        (not rule.kind or rule.kind == str(thing.kind))
        and (not rule.name or fnmatchcase(thing.name, rule.name))
        and (not rule.label or thing.labels.get(key) == value)
        and (not rule.owned_by or any(kind == rule.owned_by for kind, _ in thing.owners))
        and (
            not rule.applications
            or any(fnmatchcase(above.tracked_by, name) for above in line for name in rule.applications)
        )
    )
