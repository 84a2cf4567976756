"""
Which model version stands behind which alias: an immutable snapshot, replaced as a whole by one reference assignment.

A request holds the snapshot that it started with, so an answer never mixes two of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from types import MappingProxyType

from yardgate.aliases import CHALLENGER, CHAMPION, SERVED, SHADOW, Route, Standing

__all__ = ["Routing", "Switch"]

BUCKETS = 10_000
"""A share is cut to a hundredth of a percent."""


@dataclass(frozen=True)
class Routing:
    """One state of all aliases. Before the first commit it is generation 0, and nothing stands behind any alias."""

    generation: int = 0
    deploy_id: str = ""
    aliases: Mapping[str, Standing] = field(default_factory=dict)
    routes: Mapping[tuple[str, str], Route] = field(init=False, repr=False, compare=False)
    bound: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        shadow = self._route(SHADOW, SHADOW)
        champion = self._route(CHAMPION, CHAMPION, shadow=shadow)
        others = (shadow, self._route(CHAMPION, CHALLENGER), self._route(CHALLENGER, CHALLENGER))
        routes = {(route.alias, route.variant): route for route in (champion, *others) if route is not None}
        challenger = self.aliases.get(CHALLENGER)
        object.__setattr__(self, "aliases", MappingProxyType(dict(self.aliases)))
        object.__setattr__(self, "routes", MappingProxyType(routes))
        object.__setattr__(self, "bound", BUCKETS * (challenger.weight or 0.0) if challenger else 0.0)

    def _route(self, alias: str, variant: str, *, shadow: Route | None = None) -> Route | None:
        standing = self.aliases.get(variant)
        if standing is None:
            return None
        return Route(alias, variant, standing.model, standing.version, self.generation, shadow)

    @property
    def served(self) -> list[Route]:
        """The way of each alias that callers may name and that stands for something."""
        found = (self.routes.get((alias, alias)) for alias in SERVED)
        return [route for route in found if route is not None]

    def variant(self, key: bytes) -> str:
        """Who answers the champion's caller with this *key*: always the same one within a generation."""
        if not self.bound:
            return CHAMPION
        # With the generation in it, so that it is not always the same callers who try what is new.
        drawn = int.from_bytes(blake2b(b"%d|%b" % (self.generation, key), digest_size=8).digest())
        return CHALLENGER if drawn % BUCKETS < self.bound else CHAMPION

    def replaces(self, other: Routing) -> bool:
        """Whether this commit is to be followed from *other* on: never down, and sideways only to set it right."""
        return self.generation > other.generation or (self.generation == other.generation and self != other)

    def announcing(self, alias: str, standing: Standing, *, generation: int, deploy_id: str) -> Routing:
        """
        The snapshot with *standing* behind *alias*, and all else as it was until the commit tells the rest.

        A new challenger has no share until then. A version that becomes champion stands behind no other alias.
        """
        before = self.aliases.get(alias)
        if alias == CHALLENGER:
            same = before is not None and before.is_version_of(standing)
            standing = replace(standing, weight=before.weight if same and before else None)
        kept = {
            name: other
            for name, other in self.aliases.items()
            if name != alias and not (alias == CHAMPION and other.is_version_of(standing))
        }
        return Routing(generation, deploy_id, {**kept, alias: standing})

    def document(self) -> dict[str, object]:
        """As the control routes show it."""
        aliases = {alias: standing.document() for alias, standing in sorted(self.aliases.items())}
        return {"generation": self.generation, "deploy_id": self.deploy_id, "aliases": aliases}


class Switch:
    """Holds the current snapshot; ``current`` is read once a request."""

    def __init__(self, routing: Routing, *, changed: Callable[[Routing], None]) -> None:
        """*changed* is called with each snapshot that counts from then on, the first included."""
        self._changed = changed
        # Held from the look at the current snapshot until it is replaced: whoever asks Triton in between must not
        # replace what somebody else has put there meanwhile.
        self.turning = asyncio.Lock()
        self.throw(routing)

    def throw(self, routing: Routing) -> None:
        """Let every request from now on see *routing*."""
        self.current = routing
        self._changed(routing)
