"""Airflow: a run of a DAG, and a Variable; both in its database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Final

from proofs.services.airflow import DAG
from proofs.services.exercise import Hands

from .canary import PREFIX, given, name_of, nonces

__all__ = ["DagRun", "Variable"]

NEVER: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""The scheduler leaves a run alone until then, so that no task of a canary's competes with a toggle."""


@dataclass(frozen=True)
class DagRun:
    """A run that waits for a day that no proof will see."""

    store: ClassVar[str] = "airflow-run"
    stays: ClassVar[str] = ""

    hands: Hands

    def where(self, nonce: str) -> str:
        """DAG and run."""
        return f"run {name_of(nonce)} of {DAG}"

    def write(self, nonce: str) -> str:
        """Ask for the run."""
        self.hands.airflow().trigger(name_of(nonce), conf={"nonce": nonce}, after=NEVER)
        return f"queued, nonce {nonce}"

    def read(self, nonce: str) -> str:
        """State, and the word that it was given."""

        def read() -> str:
            run = self.hands.airflow().run(name_of(nonce))
            return f"{run['state']}, nonce {run['conf']['nonce']}"

        return given(read)

    def remove(self, nonce: str) -> None:
        """Delete the run."""
        self.hands.airflow().delete_run(name_of(nonce))

    def strays(self) -> tuple[str, ...]:
        """By their names."""
        return nonces(self.hands.airflow().runs(PREFIX))


@dataclass(frozen=True)
class Variable:
    """A Variable, which the database holds encrypted."""

    store: ClassVar[str] = "airflow-variable"
    stays: ClassVar[str] = ""

    hands: Hands

    def where(self, nonce: str) -> str:
        """The key."""
        return f"Variable {name_of(nonce)}"

    def write(self, nonce: str) -> str:
        """Make the Variable."""
        self.hands.airflow().set_variable(name_of(nonce), nonce)
        return nonce

    def read(self, nonce: str) -> str:
        """Its value."""
        return given(lambda: self.hands.airflow().variable(name_of(nonce)))

    def remove(self, nonce: str) -> None:
        """Delete the Variable."""
        self.hands.airflow().delete_variable(name_of(nonce))

    def strays(self) -> tuple[str, ...]:
        """By their keys."""
        return nonces(self.hands.airflow().variables(PREFIX))
