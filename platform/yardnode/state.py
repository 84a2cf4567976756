"""What a yard remembers between commands: ``state.json`` in its state folder."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from yardnode.errors import Problem, Refused
from yardnode.gitsource import Served
from yardnode.network import Network
from yardnode.processes import write_json

__all__ = ["TIMINGS", "State", "forget", "read_state", "remember"]

FILE = "state.json"
TIMINGS = "timings.json"
"""What the bring-up took; a later `up` that found everything done leaves it alone."""


@dataclass(frozen=True, kw_only=True)
class State:
    """One yard, as far as it has been brought up."""

    checkout: str
    network: Network
    programs: dict[str, str] = field(default_factory=dict)
    """Binary's name -> file, as the running node uses them."""
    git: Served | None = None
    settled: str = ""
    """The served commit that everything was Synced and Healthy at; empty before the first time."""

    @property
    def current(self) -> bool:
        """Whether what is served now is what everything was settled at."""
        return self.git is not None and self.settled == self.git.served

    def with_(self, **changes: Any) -> State:
        """A copy with some fields changed."""
        return replace(self, **changes)


def read_state(folder: Path) -> State | None:
    """
    The state below *folder*; None where there is none.

    Raises:
        Refused: The file is there and cannot be understood.
    """
    try:
        record = json.loads((folder / FILE).read_text())
        return State(
            checkout=record["checkout"],
            network=Network(**record["network"]),
            programs=record["programs"],
            git=Served(**record["git"]) if record["git"] else None,
            settled=record["settled"],
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as exc:
        raise Refused(
            [
                Problem(
                    name="state",
                    wanted=f"a record that this version wrote in {folder / FILE}",
                    got=f"{type(exc).__name__}: {exc}",
                    remedy="Run `switchyard down`, which keeps volumes, then `switchyard up`.",
                )
            ]
        ) from exc


def remember(folder: Path, state: State) -> State:
    """Store *state* and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # keys and passwords lie below
    write_json(folder / FILE, asdict(state))
    return state


def forget(folder: Path) -> None:
    """Remove the record."""
    (folder / FILE).unlink(missing_ok=True)
