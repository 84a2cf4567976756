"""
Builds and installers, run to their end: a deadline, a log, a tick while they run, an end when somebody asks for it.

Short commands that configure or ask go through ``commands``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from yardnode.errors import CommandFailed, Stopped, TimedOut
from yardnode.waiting import wait_until

__all__ = ["run"]

# Between SIGTERM and SIGKILL: a compiler or an installer removes its temporary files in well under this.
GRACE_S: Final = 5.0


def _nothing() -> None:
    """The tick of a program that nobody watches."""


def run(
    argv: Sequence[str],
    *,
    what: str,
    within_s: float,
    log: Path,
    environment: Mapping[str, str],
    folder: Path | None = None,
    tick: Callable[[], None] = _nothing,
    stop: threading.Event | None = None,
    keep_fds: Sequence[int] = (),
) -> None:
    """
    Run *argv* to its end with its output in *log* (replaced), in a process group of its own.

    Args:
        what: The work in words, for the error.
        within_s: After this many seconds the whole group is ended.
        environment: The whole environment of the program.
        tick: Called a few times a second while the program runs.
        stop: Once set, the whole group is ended.
        keep_fds: Descriptors that the program inherits; a lock stays held while an orphan lives.

    Raises:
        CommandFailed: It ended with another status than 0, overran its time, or does not exist.
        Stopped: *stop* was set.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=dict(environment),
                process_group=0,
                pass_fds=tuple(keep_fds),
            )
        except OSError as exc:
            outcome = f"could not be started ({exc.strerror})"
            raise CommandFailed(argv, what=what, outcome=outcome, tail=(), where=str(log)) from exc

        def observe() -> int | None:
            tick()
            return process.poll()

        try:
            status = wait_until(
                observe,
                ready=lambda status: status is not None or (stop is not None and stop.is_set()),
                what=what,
                within_s=within_s,
                slowest_s=0.2,
            )
        except TimedOut as exc:
            _end(process)
            raise _failure(argv, what=what, outcome=f"ran longer than {within_s:g} s", log=log) from exc
        except BaseException:
            _end(process)
            raise
    if status is None:
        _end(process)
        raise Stopped(what)
    if status != 0:
        raise _failure(argv, what=what, outcome=_ending(status), log=log)


def _ending(status: int) -> str:
    return f"ended with status {status}" if status >= 0 else f"was killed by {signal.Signals(-status).name}"


def _failure(argv: Sequence[str], *, what: str, outcome: str, log: Path) -> CommandFailed:
    tail = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return CommandFailed(argv, what=what, outcome=outcome, tail=tail, where=str(log))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program politely, then whatever is left of its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=GRACE_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
