"""
What runs a yard: components, who they are, and the record that their supervisor keeps of them.

The supervisor (``yardnode.supervisor``) writes ``components.json`` whenever something starts or dies; everybody else
only reads it. A process is known by its id *and* its start time, so a recycled id is never mistaken or killed.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from yardnode.errors import ComponentDied

__all__ = ["Board", "Component", "Death", "Entry", "Process", "boot_id", "read_board", "read_spec", "write_spec"]

SPEC, BOARD = "processes.json", "components.json"


@dataclass(frozen=True, kw_only=True)
class Component:
    """One process to run."""

    name: str
    argv: tuple[str, ...]
    after: tuple[str, ...] = ()
    """What must be there first: ``unix:PATH`` or ``tcp:ADDRESS:PORT`` accepts a connection, ``file:PATH`` exists."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the supervisor's own environment."""


@dataclass(frozen=True)
class Process:
    """A process that cannot be confused with another one: its id and when the kernel started it."""

    pid: int
    started_ticks: int

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The living process with this id; None where there is none, or only a zombie."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return None
        fields = stat.rpartition(")")[2].split()  # the command name before it may hold spaces and brackets
        return None if fields[0] in {"Z", "X"} else cls(pid, int(fields[19]))

    @classmethod
    def myself(cls) -> Process:
        """The calling process."""
        found = cls.of(os.getpid())
        if found is None:
            raise LookupError("wanted the calling process in /proc, got none: is /proc mounted?")
        return found

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return Process.of(self.pid) == self

    def send(self, signal_number: int) -> None:
        """Signal this very process; nothing happens where it is gone, whoever has its id now."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            if self.alive():  # checked after opening: the handle keeps the id from being reused unnoticed
                _signal(handle, signal_number)
        finally:
            os.close(handle)


@dataclass(frozen=True, kw_only=True)
class Death:
    """How a component ended."""

    status: int
    """Exit status, negative for a signal."""
    at: str
    """UTC, ISO 8601."""
    tail: tuple[str, ...]
    """Last lines of its log."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the board."""

    name: str
    process: Process | None
    """None while it waits for what it needs."""
    log: str
    death: Death | None = None

    @property
    def ending(self) -> str:
        """How it ended, in words; empty while it lives."""
        if self.death is None:
            return ""
        status = self.death.status
        how = f"ended with status {status}" if status >= 0 else f"killed by {signal.Signals(-status).name}"
        return f"{how} at {self.death.at}"

    @property
    def last_words(self) -> tuple[str, ...]:
        """Last lines of its log; empty while it lives."""
        return self.death.tail if self.death is not None else ()


@dataclass(frozen=True, kw_only=True)
class Board:
    """The supervisor's record."""

    boot: str
    supervisor: Process
    log: str
    """The supervisor's own log."""
    entries: tuple[Entry, ...]

    def supervised(self) -> bool:
        """Whether the supervisor lives, in this boot of the machine."""
        return self.boot == boot_id() and self.supervisor.alive()

    def dead(self) -> tuple[Entry, ...]:
        """Components that ended although nobody asked them to."""
        return tuple(entry for entry in self.entries if entry.death is not None)

    def complete(self) -> bool:
        """Whether every component has been started."""
        return all(entry.process is not None for entry in self.entries)

    def check(self) -> None:
        """
        Raises:
            ComponentDied: The supervisor or a component is dead; carries the name and its last words.
        """
        for entry in self.dead():
            raise ComponentDied(entry.name, outcome=entry.ending, tail=entry.last_words, where=entry.log)
        if not self.supervised():
            raise ComponentDied("supervisor", outcome="killed", tail=(), where=self.log)


def boot_id() -> str:
    """Identity of this boot; process ids and start times mean nothing in another one."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def write_spec(state: Path, components: tuple[Component, ...]) -> None:
    """Store what the supervisor of *state* shall run."""
    write_json(state / SPEC, [asdict(component) for component in components])


def read_spec(state: Path) -> tuple[Component, ...]:
    """What the supervisor of *state* shall run."""
    return tuple(
        Component(name=e["name"], argv=tuple(e["argv"]), after=tuple(e["after"]), environment=e["environment"])
        for e in json.loads((state / SPEC).read_text())
    )


def write_board(state: Path, board: Board) -> None:
    """Publish the board; readers see the old one or the new one."""
    write_json(state / BOARD, asdict(board))


def read_board(state: Path) -> Board | None:
    """The board as last published; None where no supervisor ever ran."""
    try:
        record = json.loads((state / BOARD).read_text())
    except FileNotFoundError:
        return None
    return Board(
        boot=record["boot"],
        supervisor=Process(**record["supervisor"]),
        log=record["log"],
        entries=tuple(_entry(entry) for entry in record["entries"]),
    )


def write_json(path: Path, content: Any) -> None:
    """Write under a temporary name and rename, so that nobody reads half a record."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1) + "\n")
    part.rename(path)


def _entry(record: dict[str, Any]) -> Entry:
    death = record["death"]
    return Entry(
        name=record["name"],
        process=Process(**record["process"]) if record["process"] else None,
        log=record["log"],
        death=Death(status=death["status"], at=death["at"], tail=tuple(death["tail"])) if death else None,
    )


def _signal(handle: int, signal_number: int) -> None:
    try:
        signal.pidfd_send_signal(handle, signal_number)
    except ProcessLookupError:
        return
