"""A container's process as the machine has it on which its node runs: found by the container's id, and killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from switchyard.judging import Inconclusive

__all__ = ["kill"]

PROC: Final = Path("/proc")


def kill(container: str, *, proc: Path = PROC) -> int:
    """
    End a container's first process by SIGKILL; from inside its container it is spared that.

    Args:
        container: Its id, as a pod's status has it: ``containerd://`` and a number.

        proc: Where the kernel tells of processes.

    Returns:
        The process's id.

    Raises:
        Inconclusive: No process of this machine, or more than one, is that container's first.
    """
    number = container.partition("://")[2]
    if not number:
        raise Inconclusive(f"wanted the id of a container that runs, got {container!r}")
    found = [pid for pid in _processes(proc) if _is_first(proc / str(pid), number)]
    if len(found) != 1:
        raise Inconclusive(f"wanted the first process of {container} on this machine, got {found}")
    os.kill(found[0], signal.SIGKILL)
    return found[0]


def _processes(proc: Path) -> Iterator[int]:
    return (int(path.name) for path in proc.iterdir() if path.name.isdecimal())


def _is_first(process: Path, container: str) -> bool:
    """Whether it stands in the container's control group, and is number 1 where it sees itself."""
    try:
        groups, status = (process.joinpath(name).read_text() for name in ("cgroup", "status"))
    except (FileNotFoundError, ProcessLookupError):
        return False  # it has ended since it was listed
    seen = next((line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")), [])
    stands = {line.rpartition("/")[2] for line in groups.splitlines()}
    return len(seen) > 1 and seen[-1] == "1" and container in stands
