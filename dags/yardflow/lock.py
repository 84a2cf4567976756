"""
Who deploys now, and until when: keeps two from wasting each other's work.

It is no guard of the truth. A holder whose time is over may wake up and go on; what it then does is refused by the
ledger and by the gateways, which know the higher generation (ADR 0015).
"""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from models.durable import write
from yardflow.errors import Locked

__all__ = ["LEASE_S", "Held", "Lock"]

LEASE_S: Final = 300.0
"""Longer than any one step may take; every step renews it."""


@dataclass(frozen=True)
class Held:
    """Who has it. until: seconds since 1970, on the clock of the machine that took it."""

    holder: str
    until: float


class Lock:
    """One model's lock below the volume *root*."""

    def __init__(self, root: Path, model: str, *, clock: Callable[[], float] = time.time) -> None:
        self._path, self._clock = root / "locks" / model, clock

    @property
    def held(self) -> Held | None:
        """Who has it, expired or not; None where nobody does."""
        if not self._path.is_file():
            return None
        document = json.loads(self._path.read_text(encoding="utf-8"))
        return Held(holder=document["holder"], until=document["until"])

    @property
    def holder(self) -> str:
        """Who has it now; empty where nobody does, or their time is over."""
        found = self.held
        return found.holder if found is not None and found.until > self._clock() else ""

    def take(self, holder: str, *, lease_s: float = LEASE_S, seize: bool = False) -> None:
        """
        Take it, or renew it, for *holder*.

        Args:
            seize: Also from somebody else, who is refused from then on as if their time were over.

        Raises:
            Locked: Somebody else has it, and their time is not over.
        """
        with self._alone():
            found = self.held
            if not seize and found is not None and found.holder != holder and found.until > self._clock():
                raise Locked(
                    f"wanted the lock of {self._path.name} for {holder}, got it held by {found.holder} for another "
                    f"{found.until - self._clock():.0f} s; wait for that deployment, or roll back, which needs no lock"
                )
            mine = Held(holder=holder, until=self._clock() + lease_s)
            write(self._path.with_suffix(".draft"), json.dumps(asdict(mine)).encode(), target=self._path)

    def release(self, holder: str) -> bool:
        """Give it back; returns whether *holder* had it."""
        with self._alone():
            found = self.held
            if found is None or found.holder != holder:
                return False
            self._path.unlink()
            return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else looks and writes in between; the kernel lets go of a lock whose process died."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_suffix(".mutex").open("w") as mutex:
            fcntl.flock(mutex, fcntl.LOCK_EX)
            yield
