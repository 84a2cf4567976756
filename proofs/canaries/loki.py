"""Loki: a line that is pushed into a stream of its own, and one that a service writes to stdout and the agent ships."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Final

from proofs.services.errors import Unanswered
from proofs.services.exercise import Hands
from proofs.services.loki import ARRIVED_S, Writer

from switchyard.errors import Late
from switchyard.waiting import wait_until

from .canary import GONE, name_of

__all__ = ["Pushed", "Shipped"]

LABEL: Final = "canary"
"""Of the pushed stream, and its only one: the labels of shipped lines stay what they are."""
KEPT: Final = "Loki forgets a line when its retention is over, and not on demand"


@dataclass(frozen=True)
class Pushed:
    """A line through the push API."""

    store: ClassVar[str] = "loki-pushed"
    stays: ClassVar[str] = KEPT

    hands: Hands
    since_ns: int = field(default_factory=time.time_ns)
    """Nothing of it is older."""

    def where(self, nonce: str) -> str:
        """The stream."""
        return f'{{{LABEL}="{nonce}"}}'

    def write(self, nonce: str) -> str:
        """Push the line, and wait until it is found."""
        self.hands.loki().push(name_of(nonce), labels={LABEL: nonce})
        return _arrived(self, nonce)

    def read(self, nonce: str) -> str:
        """Digest of what the stream holds."""
        found = self.hands.loki().search(self.where(nonce), since_ns=self.since_ns)
        return _described(one.text for one in found)

    def remove(self, nonce: str) -> None:
        """Nothing: see ``stays``."""

    def strays(self) -> tuple[str, ...]:
        """None that could be removed."""
        return ()


@dataclass(frozen=True)
class Shipped:
    """A line that a service of Core writes to stdout."""

    store: ClassVar[str] = "loki-shipped"
    stays: ClassVar[str] = KEPT

    hands: Hands
    since_ns: int = field(default_factory=time.time_ns)
    """Nothing of it is older."""

    def where(self, nonce: str) -> str:
        """Whose line it is, and what is in it."""
        return f'{{namespace="{self._writer.namespace}"}} |= "{name_of(nonce)}"'

    def write(self, nonce: str) -> str:
        """Have the line written, and wait until it is found."""
        self._writer.write(name_of(nonce))
        return _arrived(self, nonce)

    def read(self, nonce: str) -> str:
        """Digest of the line, with all that the service wrote around the name."""
        found = self.hands.loki().search(self.where(nonce), since_ns=self.since_ns)
        return _described(one.text for one in found)

    def remove(self, nonce: str) -> None:
        """Nothing: see ``stays``."""

    def strays(self) -> tuple[str, ...]:
        """None that could be removed."""
        return ()

    @property
    def _writer(self) -> Writer:
        return self.hands.writers()[0]  # of Core: it stays when the layer goes


def _arrived(canary: Pushed | Shipped, nonce: str) -> str:
    try:
        return wait_until(
            lambda: canary.read(nonce),
            what=canary.where(nonce),
            ready=lambda found: not found.startswith(GONE),
            within_s=ARRIVED_S,
        )
    except Late as exc:
        raise Unanswered(str(exc)) from exc


def _described(texts: Iterable[str]) -> str:
    # Each text once: a line that is there twice is another claim's business, and nothing is lost by it.
    lines = sorted(set(texts))
    if not lines:
        return f"{GONE}: no line"
    return f"line of sha256 {hashlib.sha256(chr(10).join(lines).encode()).hexdigest()}"
