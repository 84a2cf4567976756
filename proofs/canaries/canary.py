"""What a canary is: something in a store that only one proof has, written before and looked for ever after."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from proofs.services.errors import Declined

__all__ = ["ABSENT", "GONE", "Canary", "given", "name_of", "nonces"]

PREFIX: Final = "canary-"
"""Of every name; what bears it and another run's id was left by a proof that died, for the lease allows only one."""
GONE: Final = "not there"
"""How an answer begins where the store says that it has no such thing; claims tell loss from change by it."""
ABSENT: Final = 404


class Canary(Protocol):
    """
    One thing in one store of one environment. Not thread-safe: one thread at a time.

    A nonce is ``<run id>-<hex>``. Every method raises a ``ServiceError`` or ``NotFound`` where the store gives
    no answer, or declines; and ``Unreadable`` where the observation could not be made at all.
    """

    @property
    def store(self) -> str:
        """Name of the store; claims know it."""

    @property
    def stays(self) -> str:
        """Why it is left after the proof; empty where ``remove`` removes it."""

    def where(self, nonce: str) -> str:
        """Where it lies, for people."""

    def write(self, nonce: str) -> str:
        """Write it, and return what every reading has to give from then on."""

    def read(self, nonce: str) -> str:
        """Read it as it is now; begins with ``GONE`` where the store has it not."""

    def remove(self, nonce: str) -> None:
        """Remove it; raises as ``read`` does, also where it is gone already."""

    def strays(self) -> tuple[str, ...]:
        """Nonces of all such things that are there, whoever wrote them."""


def name_of(nonce: str) -> str:
    """Name of whatever is made."""
    return f"{PREFIX}{nonce}"


def nonces(names: Iterable[str], *, before: str = "", after: str = "") -> tuple[str, ...]:
    """Nonces of those *names* that are a canary's, between the text *before* and the text *after*."""
    wanted = re.compile(rf"{re.escape(before + PREFIX)}([0-9a-f]+-[0-9a-f]+){re.escape(after)}")
    return tuple(found[1] for found in map(wanted.fullmatch, names) if found)


def given(read: Callable[[], str]) -> str:
    """What *read* gives, or ``GONE`` where the service answers 404."""
    try:
        return read()
    except Declined as exc:
        if exc.status != ABSENT:
            raise
        return f"{GONE}: {exc}"
