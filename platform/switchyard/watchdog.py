"""
The watchdog: a process of its own that restores what a proof found, should the proof die.

It learns of the death by a pipe whose other end only the proof holds: an end without a farewell is death, however it
came. It is in no process group and on no terminal of the proof's, and ends with the proof when that ends by itself.
"""

from __future__ import annotations

import pickle
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final

from switchyard.errors import Unmet
from switchyard.yard import Yard
from yardfacts.redact import Redactor
from yardfacts.target import Target

__all__ = ["DYING_S", "FAREWELL", "PATIENCE_S", "READY", "Charge", "watchdog"]

PATIENCE_S: Final = 60.0
"""An API server that died of what the proof died of may be back by then."""
START_S: Final = 60.0
"""An interpreter and its imports, on a machine that has other things to do."""
END_S: Final = 10.0
DYING_S: Final = 30.0
"""Between the end of the pipe and the end of the process lies what the kernel has to put away, open files with it."""
READY: Final = b"ready\n"
FAREWELL: Final = b"farewell\n"

_kept: Final[list[subprocess.Popen[bytes]]] = []
"""Watchdogs that were not told farewell: their pipes stay open until the process ends."""


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What a watchdog watches over. It travels through the pipe, for the redactor knows what must not be seen."""

    run_id: str
    holder: str
    """Of the lease; it has to be dead before anything is done."""
    found: Mapping[str, str]
    """Layer name to ``attached`` or ``detached``."""
    yard: Yard
    """The declaration as the proof read it, whatever the file has become."""
    target: Target
    bundle: Path
    """Absolute."""
    redactor: Redactor
    patience_s: float = PATIENCE_S
    """For how long what failed is tried again, in seconds."""


@contextmanager
def watchdog(charge: Charge, *, progress: Callable[[str], None] = print) -> Iterator[Callable[[], None]]:
    """
    Have a watchdog for the block. Enter it when the lease remembers what was found; yields what tells it that all of
    that is restored, however the block goes on to end.

    An error that leaves the block is an end like any other: whoever gets it has said that something is not restored.
    An interruption before the restore is done (a second Ctrl-C, while the first is being answered) is none: then the
    watchdog restores when the process has ended.

    Raises:
        Unmet: It does not start; says why.
    """
    process = _started(charge)
    progress(f"watchdog: process {process.pid} restores what was found, should this one die")
    is_relieved = threading.Event()
    try:
        yield is_relieved.set
    except Exception:  # goes on to whoever says that something is not restored
        is_relieved.set()
        raise
    except BaseException:  # an interruption: no error of ours, and the process is about to end
        if not is_relieved.is_set():
            _kept.append(process)
            progress("interrupted while restoring; the watchdog restores when this process has ended")
        raise
    else:
        is_relieved.set()
    finally:
        if is_relieved.is_set():
            _dismiss(process, progress=progress)


def _started(charge: Charge) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        # -P: nothing of the folder that it runs in is imported.
        [sys.executable, "-P", "-m", "switchyard.aftermath"],
        stdin=subprocess.PIPE,  # our end closes on exec, so that no other child of ours keeps it open after our death
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        cwd="/",
    )
    pipe, answer = _pipes(process)
    try:
        # How a target is measured needs the process that made it.
        pipe.write(pickle.dumps(replace(charge, target=replace(charge.target, meter=None))))
        pipe.flush()
    except BrokenPipeError:
        said = answer.read()
    else:
        is_speaking = bool(select.select([answer], [], [], START_S)[0])
        said = answer.readline() if is_speaking else b"silence"
        if said == READY:
            answer.close()
            return process
        said += answer.read() if is_speaking else b""
    _end(process)
    raise Unmet(
        f"the watchdog does not start, so nothing is toggled: wanted {READY!r} within {START_S:g} s, got:\n"
        + said.decode(errors="replace").strip()
    )


def _dismiss(process: subprocess.Popen[bytes], *, progress: Callable[[str], None]) -> None:
    pipe, _ = _pipes(process)
    try:
        pipe.write(FAREWELL)
        pipe.close()
    except BrokenPipeError:
        progress("the watchdog was gone before the proof ended")
    _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for the process; one that does not end by itself is ended."""
    try:
        process.wait(timeout=END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in _pipes(process):
        if not pipe.closed:
            pipe.close()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise TypeError("the watchdog was started without pipes")
    return process.stdin, process.stdout
