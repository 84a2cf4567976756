"""
Who answers a request: the champion, or the challenger that tries a share of the champion's callers.

A caller who names himself with ``X-Client-Key`` gets the same variant for a whole generation; who does not, gets the
champion. ``X-Switchyard-Variant`` overrules the draw, for whoever holds the reload token.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from yardgate.aliases import CHAMPION, SERVED, Route
from yardgate.auth import Guard
from yardgate.errors import AliasUnknown, AliasVacant
from yardgate.routing import Switch

__all__ = ["Variants"]

KEY, OVERRIDE, AUTHORIZATION = b"x-client-key", b"x-switchyard-variant", b"authorization"

STEERING = frozenset((KEY, OVERRIDE, AUTHORIZATION))
"""Request headers that decide who answers; names are lower case, as ASGI gives them."""


class Variants:
    """Finds a request's way through the current snapshot."""

    def __init__(self, switch: Switch, *, guard: Guard, ledger_dir: Path) -> None:
        """*ledger_dir* stands in errors: who wonders why an alias is vacant has to look there."""
        self._switch, self._guard, self._ledger_dir = switch, guard, ledger_dir

    def route(self, alias: str, scope: MutableMapping[str, Any]) -> Route:
        """
        The way of the request of the ASGI *scope* to *alias*.

        Raises:
            AliasUnknown: No such alias is served, or the override names none; there is no default alias either.
            AliasVacant: The alias stands for nothing.
            Unauthorized, TooMany: An override without the right token, or after too many wrong ones.
        """
        if alias not in SERVED:
            raise AliasUnknown(alias, known=SERVED)
        current = self._switch.current  # once: the draw and the way are of one snapshot
        variant: str = alias
        if alias == CHAMPION:
            said = {name: value for name, value in scope["headers"] if name in STEERING}
            if OVERRIDE in said:
                variant = self._overruled(said, scope)
            elif said.get(KEY):
                variant = current.variant(said[KEY])
        route = current.routes.get((alias, variant))
        if route is None:
            raise AliasVacant(variant, generation=current.generation, ledger=str(self._ledger_dir))
        return route

    def _overruled(self, said: dict[bytes, bytes], scope: MutableMapping[str, Any]) -> str:
        source = scope["client"][0] if scope.get("client") else "unknown"
        self._guard.admit(said.get(AUTHORIZATION, b"").decode("latin-1"), source=source)
        variant = said[OVERRIDE].decode("latin-1")
        if variant not in SERVED:
            raise AliasUnknown(variant, known=SERVED)
        return variant
