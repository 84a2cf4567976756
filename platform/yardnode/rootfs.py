"""The Debian that every image starts from, made by mmdebstrap where no registry can be asked for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from yardnode import mounts, programs

__all__ = ["DEBIAN_PARTS", "make_rootfs"]

# Debian 12: its Python is 3.11, which Triton's Python backend is built for.
SUITE: Final = "bookworm"

# minbase is what debian:*-slim is made of as well. Manuals are never read in a pod; licences stay.
ARGUMENTS: Final = (
    "--variant=minbase",
    "--format=tar",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
)

# What decides the result, as far as we decide it: the archive's state on that day decides the rest.
DEBIAN_PARTS: Final = (SUITE, *ARGUMENTS)

WITHIN_S: Final = 1800.0


def make_rootfs(
    target: Path,
    *,
    log: Path,
    environment: Mapping[str, str],
    tick: Callable[[], None],
    stop: threading.Event,
    lock: int,
) -> None:
    """
    Write the root file system as a tar archive to *target*.

    Raises:
        CommandFailed: mmdebstrap failed, such as when the Debian archive is not reachable.
    """
    programs.run(
        # What it mounts into the new root is gone with it, also when it is killed before it has cleaned up.
        [*mounts.entering(), "mmdebstrap", *ARGUMENTS, SUITE, str(target)],
        what=f"making Debian {SUITE}",
        within_s=WITHIN_S,
        log=log,
        environment=environment,
        tick=tick,
        stop=stop,
        keep_fds=(lock,),
    )
