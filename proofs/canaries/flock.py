"""All canaries of one proof, in every store of every environment: written, looked for and removed side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from proofs.services.errors import Declined, ServiceError, Unanswered
from proofs.services.exercise import Hands
from proofs.services.inquiry import Inquiry

from switchyard.errors import NotFound, SwitchyardError
from yardfacts.facts import Answer, Fact

from .airflow import DagRun, Variable
from .canary import ABSENT, Canary
from .loki import Pushed, Shipped
from .minio import Minio
from .mlflow import Artifact, Run, Version
from .offline import Offline
from .prometheus import Continuity
from .volume import ModelVolume

__all__ = ["STORES", "Flock", "Perch", "clear", "hatch"]

STORES: Final[tuple[Callable[[Hands], Canary], ...]] = (
    *(ModelVolume, Minio, Pushed, Shipped, Run, Artifact, Version, DagRun, Variable, Continuity, Offline),
)

T = TypeVar("T")


@dataclass
class Perch:
    """One canary where it sits."""

    canary: Canary
    environment: str
    wanted: str = ""
    """What every reading has to give; empty as long as nothing was written."""
    written: str = ""
    """When, as ISO 8601."""
    seen: list[str] = field(default_factory=list)
    """Outcome of every reading, in order."""
    removed: bool = False

    @property
    def probe(self) -> str:
        """Name of the question; claims know it."""
        return f"canary-{self.canary.store}"


@dataclass
class Flock:
    """Canaries with one nonce."""

    nonce: str
    perches: tuple[Perch, ...]

    def write(self) -> tuple[Fact, ...]:
        """Write every canary and read it back: what comes of it belongs to the moment ``written``."""
        return tuple(fact for facts in _beside(self._written, self.perches) for fact in facts)

    def look(self) -> tuple[Fact, ...]:
        """Read every canary that was written; one that was not cannot be lost, and is not asked for."""
        there = [perch for perch in self.perches if perch.wanted]
        return tuple(fact for facts in _beside(self._read, there) for fact in facts)

    def remove(self) -> None:
        """
        Remove every canary, also those of which nobody knows whether they were written.

        Raises:
            ExceptionGroup: Some could not be removed; the others were.
        """
        errors = [error for error in _beside(self._removed, self.perches) if error is not None]
        if errors:
            raise ExceptionGroup(f"canaries {self.nonce} could not be removed", errors)

    def record(self) -> list[dict[str, Any]]:
        """What was written where, without its content."""
        return [
            {
                "store": perch.canary.store,
                "environment": perch.environment,
                "where": perch.canary.where(self.nonce),
                "written": perch.written,
                "sha256": hashlib.sha256(perch.wanted.encode()).hexdigest() if perch.wanted else "",
                "seen": perch.seen,
                "removed": perch.removed,
                "stays": perch.canary.stays,
            }
            for perch in self.perches
        ]

    def _written(self, perch: Perch) -> list[Fact]:
        inquiry = Inquiry(perch.environment)

        def wrote() -> str:
            perch.wanted = perch.canary.write(self.nonce)
            perch.written = datetime.now(UTC).isoformat(timespec="milliseconds")
            return "written"

        # Of a write that went well nothing is kept: what counts is that it is read back.
        return self._read(perch) if inquiry.ask(perch.probe, wanted="written", got=wrote) else inquiry.facts

    def _read(self, perch: Perch) -> list[Fact]:
        inquiry = Inquiry(perch.environment)

        def read() -> str:
            try:
                return perch.canary.read(self.nonce)
            except Declined as exc:
                # A store that declines gives nothing, which is neither a loss nor another content.
                raise Unanswered(str(exc)) from exc

        inquiry.ask(perch.probe, wanted=perch.wanted, got=read)
        perch.seen += [fact.outcome if isinstance(fact, Answer) else "unreadable" for fact in inquiry.facts]
        return inquiry.facts

    def _removed(self, perch: Perch) -> Exception | None:
        try:
            _gone(perch.canary, self.nonce)
        except (ServiceError, SwitchyardError) as exc:
            exc.add_note(f"{perch.canary.where(self.nonce)} in {perch.environment}")
            return exc
        perch.removed = not perch.canary.stays
        return None


def hatch(every: Iterable[Hands], *, nonce: str) -> Flock:
    """A flock that is not written yet, of every store in the environment of each *hands*."""
    return Flock(nonce, tuple(Perch(store(hands), hands.environment) for hands in every for store in STORES))


def clear(every: Iterable[Hands], *, run_id: str) -> tuple[str, ...]:
    """
    Remove what is left of proofs that died, and return a line about each, and about each store that did not let us.

    Whatever bears another run's id is dead: the caller holds the lease, which only one proof at a time has.
    """

    def cleared(canary: Canary) -> list[str]:
        lines: list[str] = []
        try:
            for nonce in canary.strays():
                if not nonce.startswith(f"{run_id}-"):
                    _gone(canary, nonce)
                    lines.append(f"removed what a dead proof left: {canary.where(nonce)}")
        except NotFound:
            pass  # no such bucket yet, or no such service: nothing is left there
        except (ServiceError, SwitchyardError) as exc:
            lines.append(f"{canary.store}: what dead proofs left could not be removed: {exc}")
        return lines

    canaries = [store(hands) for hands in every for store in STORES]
    return tuple(line for lines in _beside(cleared, canaries) for line in lines)


def _gone(canary: Canary, nonce: str) -> None:
    try:
        canary.remove(nonce)
    except NotFound:
        pass
    except Declined as exc:
        if exc.status != ABSENT:
            raise


P = TypeVar("P")


def _beside(act: Callable[[P], T], every: Iterable[P]) -> list[T]:
    """Do *act* to all at once; what comes is in the order of *every*."""
    todo = list(every)
    with ThreadPoolExecutor(max(len(todo), 1), thread_name_prefix="canary") as threads:
        return list(threads.map(act, todo))
