"""Everything that exists, as metadata: one LIST a kind, all kinds at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from switchyard.discovery import Discovered
from switchyard.errors import NotFound, Unreadable
from switchyard.kinds import Kind
from switchyard.kube import Kube
from switchyard.objects import Meta

__all__ = ["Inventory", "take_inventory"]

PARALLEL: Final = 8
"""More threads only queue at the interpreter's lock: parsing, not waiting, is what a LIST costs here."""


@dataclass(frozen=True)
class Inventory:
    """All objects of all kinds that could be read, each once, and what could not be."""

    objects: tuple[Meta, ...]
    kinds: tuple[Kind, ...]
    """Those that were listed."""
    unreadable: tuple[str, ...]
    """``kind: reason``."""

    @cached_property
    def by_uid(self) -> Mapping[str, Meta]:
        """The objects by their UID."""
        return {thing.uid: thing for thing in self.objects}

    @cached_property
    def _children(self) -> Mapping[str, tuple[Meta, ...]]:
        children = defaultdict(list)
        for thing in self.objects:
            for _, owner in thing.owners:
                children[owner].append(thing)
        return {owner: tuple(owned) for owner, owned in children.items()}

    def closure(self, roots: Iterable[Meta]) -> tuple[Meta, ...]:
        """*roots* and everything that descends from them by owner references, breadth first."""
        reached = {thing.uid: thing for thing in roots}
        queue = list(reached.values())
        for thing in queue:
            for child in self._children.get(thing.uid, ()):
                if child.uid not in reached:
                    reached[child.uid] = child
                    queue.append(child)
        return tuple(reached.values())

    def ancestry(self, thing: Meta) -> tuple[Meta, ...]:
        """*thing* and everything that it descends from, as far as it still exists."""
        line = {thing.uid: thing}
        queue = [thing]
        for below in queue:
            for _, owner in below.owners:
                above = self.by_uid.get(owner)
                if above is not None and owner not in line:
                    line[owner] = above
                    queue.append(above)
        return tuple(line.values())


def take_inventory(kube: Kube, found: Discovered) -> Inventory:
    """
    List every kind of *found*, metadata only, deduplicated by UID (one object may be served by several groups).

    A kind that is denied, fails or vanishes meanwhile is named in ``unreadable``; nothing is raised for it.
    """

    def listed(kind: Kind) -> tuple[Kind, tuple[Meta, ...], str]:
        try:
            items = kube.list(kind, metadata_only=True).items
        except (Unreadable, NotFound) as exc:
            return kind, (), f"{kind}: {type(exc).__name__}: {exc}"
        return kind, tuple(Meta.of(kind, item) for item in items), ""

    with ThreadPoolExecutor(PARALLEL, thread_name_prefix="inventory") as threads:
        answers = list(threads.map(listed, found.kinds))
    return Inventory(
        objects=tuple({thing.uid: thing for _, things, _ in answers for thing in things}.values()),
        kinds=tuple(kind for kind, _, error in answers if not error),
        unreadable=(*found.stale, *(error for _, _, error in answers if error)),
    )
