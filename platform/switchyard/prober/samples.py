"""Samples on the disk: one JSON object a line, numbered by question, fetched in chunks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from .lane import Outcome

__all__ = ["CHUNK_BYTES", "Samples"]

CHUNK_BYTES: Final = 256 << 10
"""Of one answer to a reader: read and sent in a millisecond or two, so that no sample is late for it."""


class Samples:
    """
    The samples of one window.

    A line has ``q`` (number of the question), ``n`` (number of the sample), ``at`` (milliseconds after the window's
    start when it was sent, or found to be missed), ``o`` (outcome), and where they say something ``ms`` (time to the
    answer), ``s`` (state), ``d`` (detail), ``c`` (1: a connection was opened for it).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("xb")
        self.lines, self.size_bytes = 0, 0

    def write(self, question: int, number: int, outcome: Outcome, *, at_ms: float, took_ms: float | None) -> None:
        """Append one sample."""
        line: dict[str, object] = {"q": question, "n": number, "at": round(at_ms, 1), "o": outcome.word}
        line |= {"ms": round(took_ms, 1)} if took_ms is not None else {}
        line |= {"s": outcome.state} if outcome.state else {}
        line |= {"d": outcome.detail} if outcome.detail else {}
        line |= {"c": 1} if outcome.opened else {}
        text = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        self._file.write(text)
        self.lines += 1
        self.size_bytes += len(text)

    def chunk(self, start: int) -> bytes:
        """Whole lines from byte *start* on; empty behind the last one."""
        if not self._file.closed:
            self._file.flush()
        with self._path.open("rb") as file:
            file.seek(start)
            whole = file.read(CHUNK_BYTES)
        return whole[: whole.rfind(b"\n") + 1]

    def close(self) -> None:
        """Flush and close; it can still be read."""
        self._file.close()
