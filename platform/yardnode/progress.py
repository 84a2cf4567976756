"""
Lines a person can follow while several things happen at once: seconds since the start, who speaks, what happened.

Always plain: a terminal and a log of CI show the same.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

__all__ = ["Estimates", "Finished", "Progress", "Task"]

# A person looks away after some ten seconds of silence; a log should not fill either.
HEARTBEAT_S: Final = 15.0


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A piece of work that reached its end, and what it took in seconds."""

    topic: str
    name: str
    took_s: float


class Task:
    """One piece of work under way; ``tick`` may be called as often as wanted, it speaks only now and then."""

    def __init__(self, progress: Progress, *, topic: str, name: str, estimate_s: float | None) -> None:
        self._progress = progress
        self._topic = topic
        self._name = name
        self._estimate_s = estimate_s
        self._start_s = progress.now_s()
        self._spoken_s = self._start_s

    @property
    def elapsed_s(self) -> float:
        """Seconds since the task began."""
        return self._progress.now_s() - self._start_s

    def tick(self) -> None:
        """Say that the work goes on, at most once a heartbeat."""
        now_s = self._progress.now_s()
        if now_s - self._spoken_s < HEARTBEAT_S:
            return
        self._spoken_s = now_s
        of = "" if self._estimate_s is None else f" of about {self._estimate_s:.0f} s"
        self._progress.say(self._topic, f"{self._name}: {self.elapsed_s:.0f} s{of}")


class Progress:
    """Whole lines, one writer at a time; safe to share between threads."""

    def __init__(self, *, stream: TextIO | None = None, now_s: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream or sys.stderr
        self._lock = threading.Lock()
        self.now_s = now_s
        self._start_s = now_s()
        self._finished: list[Finished] = []

    @property
    def elapsed_s(self) -> float:
        """Seconds since this progress was made."""
        return self.now_s() - self._start_s

    @property
    def finished(self) -> tuple[Finished, ...]:
        """Every task that reached its end so far."""
        return tuple(self._finished)

    def say(self, topic: str, text: str) -> None:
        """Print one line: ``  12.3 s  [toolchain] control: built in 352 s``."""
        line = f"{self.elapsed_s:6.1f} s  [{topic}] {text}\n"
        with self._lock:
            self._stream.write(line)
            self._stream.flush()

    @contextmanager
    def task(self, topic: str, name: str, *, doing: str, done: str, estimate_s: float | None = None) -> Iterator[Task]:
        """
        Frame a piece of work: a line at its start with the estimate, one at its end with its seconds or its failure.

        Args:
            doing: What is done, as in "building".
            done: What is then true, as in "built".
            estimate_s: How long it will probably take, where somebody knows.
        """
        task = Task(self, topic=topic, name=name, estimate_s=estimate_s)
        self.say(topic, f"{name}: {doing}" + ("" if estimate_s is None else f", about {estimate_s:.0f} s"))
        try:
            yield task
        except BaseException as exc:
            self.say(topic, f"{name}: stopped after {task.elapsed_s:.1f} s by {type(exc).__name__}")
            raise
        ended = Finished(topic=topic, name=name, took_s=task.elapsed_s)
        self._finished.append(ended)
        self.say(topic, f"{name}: {done} in {ended.took_s:.1f} s")


class Estimates:
    """How long a piece of work took here last time, in seconds; before the first time, a default."""

    def __init__(self, folder: Path, *, defaults_s: Mapping[str, float]) -> None:
        self._folder = folder
        self._defaults_s = defaults_s

    def of(self, name: str) -> float | None:
        """Seconds that *name* will probably take; None where nobody knows."""
        measured = self._folder / f"{name}.seconds"
        if measured.exists():
            return float(measured.read_text(encoding="utf-8"))
        return self._defaults_s.get(name)

    def remember(self, name: str, *, elapsed_s: float) -> None:
        """Keep what *name* took."""
        self._folder.mkdir(parents=True, exist_ok=True)
        written = self._folder / f"{name}.new"
        written.write_text(f"{elapsed_s:.0f}\n", encoding="utf-8")
        written.replace(self._folder / f"{name}.seconds")
