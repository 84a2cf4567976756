"""Folders that exist whole or not at all: made in a staging folder beside, marked complete, then renamed."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from yardnode.errors import Stopped
from yardnode.waiting import SYSTEM_CLOCK, Clock, wait_until

__all__ = ["Store", "digest_bytes", "digest_of"]

MARKER: Final = "COMPLETE"

# 16 hexadecimal digits: 64 bits are far beyond any chance of two contents meeting in one cache.
KEY_DIGITS: Final = 16

# What nobody asked for in two weeks belongs to a branch that is gone; asking again builds it again.
KEEP_UNUSED_S: Final = 14 * 24 * 3600.0

# A second run waits while the first one builds; longer than the longest build of the slowest machine helps nobody.
LOCK_WITHIN_S: Final = 3 * 3600.0


def digest_bytes(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_of(parts: object) -> str:
    """The key of what *parts* (plain data, JSON) decide: 16 hexadecimal digits."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:KEY_DIGITS]


class Store:
    """
    A folder of entries named ``<name>-<key>``.

    An entry counts only with its marker, and only while every file has the size that the marker says: what a killed
    run, a full disk or a power cut leaves behind is recognised and made again.
    """

    def __init__(self, root: Path, *, stop: threading.Event | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        """
        Args:
            stop: Once set, waiting for another run ends.
        """
        self.root = root
        self._stop = stop or threading.Event()
        self._clock = clock

    def find(self, name: str, *, key: str) -> Path | None:
        """The entry's folder if it is there and whole; its time of last use becomes now."""
        entry = self.root / f"{name}-{key}"
        marker = entry / MARKER
        try:
            sizes: dict[str, int] = json.loads(marker.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
            return None
        if sizes != _sizes(entry):
            return None
        os.utime(marker)
        return entry

    def obtain(
        self,
        name: str,
        *,
        key: str,
        make: Callable[[Path, int], None],
        waiting: Callable[[], None],
        lock_name: str | None = None,
    ) -> Path:
        """
        Return the entry, making it if it is missing or damaged; two runs never make it twice.

        Args:
            make: Fills the empty staging folder it is given; the second argument is the lock's descriptor, which a
                long child process inherits so that a killed run's orphan still holds the lock.
            waiting: Called once if another run holds the lock.
            lock_name: Entries with one lock name are made one after the other; by default an entry has its own.

        Raises:
            TimedOut: Another run held the lock for hours.
            Stopped: *stop* was set while another run held the lock.
        """
        found = self.find(name, key=key)
        if found is not None:
            return found
        with self._lock(lock_name or name, waiting=waiting) as lock:
            found = self.find(name, key=key)
            if found is not None:
                return found
            self._sweep(name)
            entry = self.root / f"{name}-{key}"
            staging = self.root / f".staging-{name}-{key}"
            staging.mkdir()
            try:
                make(staging, lock)
            except BaseException:
                shutil.rmtree(staging)
                raise
            (staging / MARKER).write_text(json.dumps(_sizes(staging), indent=1), encoding="utf-8")
            # The rename may reach the disk before the files do; after a power cut the entry would be whole but empty.
            os.sync()
            if entry.exists():
                shutil.rmtree(entry)
            staging.rename(entry)
            return entry

    @contextmanager
    def _lock(self, name: str, *, waiting: Callable[[], None]) -> Iterator[int]:
        self.root.mkdir(parents=True, exist_ok=True)
        # flock, not lockf: it belongs to the open file, so a child that inherits the descriptor shares it.
        descriptor = os.open(self.root / f".lock-{name}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not _try_lock(descriptor):
                waiting()
                wait_until(
                    lambda: self._stop.is_set() or _try_lock(descriptor),
                    ready=lambda held: held,
                    what=f"another run to finish {name} (lock {self.root}/.lock-{name})",
                    within_s=LOCK_WITHIN_S,
                    clock=self._clock,
                )
                if self._stop.is_set():
                    raise Stopped(f"waiting for another run to finish {name}")
            yield descriptor
        finally:
            os.close(descriptor)

    def _sweep(self, name: str) -> None:
        """Remove what killed runs left of *name*, and entries nobody used for long. Only under the lock."""
        for stale in self.root.glob(f".staging-{name}-*"):
            shutil.rmtree(stale)
        for marker in self.root.glob(f"{name}-{'[0-9a-f]' * KEY_DIGITS}/{MARKER}"):
            if time.time() - marker.stat().st_mtime > KEEP_UNUSED_S:
                shutil.rmtree(marker.parent)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sizes(entry: Path) -> dict[str, int]:
    return {
        str(path.relative_to(entry)): path.lstat().st_size
        for path in entry.rglob("*")
        if path.name != MARKER and not path.is_dir()
    }
