"""Who holds a lease, in a name from which a process on the same machine can tell whether it still lives."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Holder", "is_dead", "is_running", "is_watchdog", "thread_name", "watchdog_of"]

_PROC = Path("/proc")
_WATCHDOG = "-watchdog"


@dataclass(frozen=True)
class Holder:
    """
    One process. A number alone may be given to another process, so its start belongs to it.

    ``place`` is the boot and the PID namespace: equal places see the same processes. Empty where the kernel does not
    say (not Linux).
    """

    host: str
    place: str
    pid: int
    start: str
    run_id: str

    @classmethod
    def here(cls, *, run_id: str) -> Holder:
        """This very process."""
        return cls(socket.gethostname(), _place(), os.getpid(), _start(os.getpid()), run_id)

    @classmethod
    def parse(cls, text: str) -> Holder | None:
        """Read what ``str`` wrote; None for a holder of some other making."""
        parts = text.split("/")
        if len(parts) != 5 or not parts[2].isdigit():
            return None
        return cls(parts[0], parts[1], int(parts[2]), parts[3], parts[4])

    def __str__(self) -> str:
        return f"{self.host}/{self.place}/{self.pid}/{self.start}/{self.run_id}"


def is_dead(text: str) -> bool | None:
    """Whether the holder named *text* is dead; None where this machine cannot tell."""
    holder = Holder.parse(text)
    if holder is None or not holder.place or holder.place != _place():
        return None
    if holder.pid == os.getpid():
        return all(thread.name != thread_name(text) for thread in threading.enumerate())
    return _start(holder.pid) != holder.start


def is_running(pid: int) -> bool:
    """Whether there is a process of that number that has not ended; one that nobody buried has."""
    return bool(_start(pid))


def watchdog_of(run_id: str) -> str:
    """The run id under which the watchdog of *run_id* holds."""
    return run_id + _WATCHDOG


def is_watchdog(text: str) -> bool:
    """Whether the holder named *text* restores what another one found."""
    return text.endswith(_WATCHDOG)


def thread_name(text: str) -> str:
    """Name of the thread that renews for *text*: within one process, a holder lives as long as it."""
    return f"lease {text}"


def _place() -> str:
    boot = _PROC / "sys/kernel/random/boot_id"
    if not boot.exists():
        return ""
    return f"{boot.read_text().strip()}-{os.stat(_PROC / 'self/ns/pid').st_ino}"


def _start(pid: int) -> str:
    """Clock ticks after boot at which the process began; empty when there is none."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    # The name in parentheses may contain blanks; start time is field 22, the 20th after it.
    state, *rest = text.rpartition(")")[2].split()
    return "" if state == "Z" else rest[18]
