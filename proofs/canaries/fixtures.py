"""Fixtures that write canaries, give them to proofs, and take them away whatever happened."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from proofs.services.exercise import Hands

from switchyard.errors import SwitchyardError
from switchyard.judging import verdict_of
from switchyard.scenario import Scenario
from switchyard.yard import Yard
from yardfacts.facts import Fact

from .flock import Flock, clear, hatch

__all__ = ["Release", "Released"]

FILE = "canaries.json"

C = TypeVar("C")


class Released:
    """A flock that was written, and what the stores gave back right afterwards."""

    def __init__(self, flock: Flock, written: tuple[Fact, ...]) -> None:
        self.flock, self.written = flock, written

    @property
    def nonce(self) -> str:
        """What only these canaries have."""
        return self.flock.nonce

    def look(self) -> tuple[Fact, ...]:
        """What the stores give now."""
        return self.flock.look()

    def canary(self, kind: type[C], environment: str) -> C:
        """
        One of them, for who breaks it.

        Raises:
            LookupError: There is none of that kind.
        """
        for perch in self.flock.perches:
            if isinstance(perch.canary, kind) and perch.environment == environment:
                return perch.canary
        raise LookupError(f"no {kind.__name__} in {environment}")


Release = Callable[[], Released]
"""Writes one more flock."""


@pytest.fixture(name="release", scope="session")
def _release(yard: Scenario, declared: Yard, hands: Callable[[str], Hands]) -> Iterator[Release]:
    """Write flocks of canaries, in every store of every environment; what dead proofs left is removed before."""
    flocks: list[Flock] = []

    def release() -> Released:
        nonce = f"{yard.run_id}-{secrets.token_hex(4)}"
        flocks.append(hatch(map(hands, declared.environments), nonce=nonce))
        with yard.recorder.step(f"write canaries {nonce} into every store, and read them back"):
            try:
                return Released(flocks[-1], flocks[-1].write())
            except SwitchyardError as exc:
                raise verdict_of(exc) from exc

    with yard.recorder.step("remove canaries that dead proofs left"):
        for line in clear(map(hands, declared.environments), run_id=yard.run_id):
            yard.recorder.note(line)
    try:
        yield release
    finally:
        try:
            with yard.recorder.step("restore: the canaries are removed"):
                _remove(flocks)
        finally:
            yard.recorder.bundle.json(FILE, {flock.nonce: flock.record() for flock in flocks})


@pytest.fixture(name="canaries", scope="session")
def _canaries(release: Release) -> Released:
    """The canaries that stages look for: written once, before anything is toggled."""
    return release()


def _remove(flocks: list[Flock]) -> None:
    errors: list[Exception] = []
    for flock in flocks:
        try:
            flock.remove()
        except ExceptionGroup as exc:
            errors.append(exc)
    if errors:
        raise ExceptionGroup("canaries are left", errors)
