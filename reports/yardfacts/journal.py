"""
The journal: one JSON object a line, appended and fsynced, opened before anything happens and always ended.

What is in it is the evidence; every verdict, table and page is derived from it. A line that was cut off by a crash is
dropped when reading and said to be missing; a damaged line in the middle is an error.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from yardfacts.facts import Fact, Facts, Malformed
from yardfacts.redact import Redactor

__all__ = ["FORMAT", "Ending", "History", "InUse", "Journal", "Record", "read"]

FORMAT: Final = 1
"""Version of the records' shape, written in the first one."""

FIELDS: Final = ("seq", "at", "t_s", "kind", "body")


class InUse(RuntimeError):
    """Another process that is alive writes this journal."""


class Ending(StrEnum):
    """How a run ended; one whose journal says nothing was interrupted."""

    COMPLETED = "completed"
    ABORTED = "aborted"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, kw_only=True)
class Record:
    """One line."""

    seq: int
    at: str
    """Wall clock, UTC, RFC 3339 with milliseconds."""
    t_s: float
    """Seconds since the journal was opened, by a clock that never goes back."""
    kind: str
    body: Mapping[str, Any]


class Journal:
    """An open journal. Each write is on the disk when it returns."""

    def __init__(
        self,
        path: Path,
        *,
        redactor: Redactor,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """
        Open a new journal, or one that a dead process left, to append to it.

        Raises:
            InUse: A living process has it open.
            Malformed: What is there already is not a journal.
        """
        self.path, self.redactor = path, redactor
        self._monotonic, self._now = monotonic, now
        self._file = path.open("ab")
        try:
            history = self._taken()
        except BaseException:
            self._file.close()
            raise
        self._seq = len(history.records)
        self.ended = history.ended
        self._start_s = monotonic() - (history.records[-1].t_s if history.records else 0.0)

    def _taken(self) -> History:
        """Take the file for this process alone, and read what it holds already."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise InUse(f"{self.path}: a living process writes it") from exc
        history = read(self.path)
        if history.torn:
            # The half line of a crash: nobody has relied on it.
            self._file.truncate(self.path.stat().st_size - history.torn)
        return history

    def write(self, kind: str, **body: Any) -> Record:
        """
        Append one record, redacted, and flush it to the disk.

        Raises:
            ValueError: The journal was closed, or the body is no plain JSON.
        """
        record = Record(
            seq=self._seq,
            at=self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            t_s=round(self._monotonic() - self._start_s, 3),
            kind=kind,
            body=self.redactor.value(body),
        )
        line = json.dumps(
            {name: getattr(record, name) for name in FIELDS}, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )
        self._file.write(line.encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._seq += 1
        return record

    def fact(self, *, stage: str, moment: str, fact: Fact) -> Record:
        """Append one fact, under the stage that recorded it."""
        (plain,) = Facts(((moment, fact),)).to_json()
        return self.write("fact", stage=stage, **plain)

    def end(self, ending: Ending, **body: Any) -> None:
        """Append the last record and close; further calls do nothing."""
        if not self._file.closed:
            self.write("end", ending=ending.value, records=self._seq, **body)
            self.ended = True
            self.close()

    def close(self) -> None:
        """Close without an end: for a reader that finds out about a crash."""
        self._file.close()


@dataclass(frozen=True, kw_only=True)
class History:
    """A journal as read."""

    records: tuple[Record, ...]
    torn: int
    """Bytes of an incomplete last line; they were dropped."""

    @property
    def ending(self) -> Ending:
        """How the run ended."""
        if self.records and self.records[-1].kind == "end":
            return Ending(self.records[-1].body["ending"])
        return Ending.INTERRUPTED

    @property
    def ended(self) -> bool:
        """The journal has its last record."""
        return bool(self.records) and self.records[-1].kind == "end"

    def of(self, kind: str) -> Iterator[Record]:
        """Records of one kind, in order."""
        return (record for record in self.records if record.kind == kind)

    def first(self, kind: str) -> Mapping[str, Any]:
        """Body of the first record of *kind*; empty where there is none."""
        return next((record.body for record in self.of(kind)), {})

    def facts(self, *, stage: str | None = None) -> Facts:
        """
        Facts of one stage, or of all.

        Raises:
            Malformed: A record has not the shape of its type.
        """
        return Facts.from_json(
            {name: record.body.get(name) for name in ("moment", "type", "fact")}
            for record in self.of("fact")
            if stage is None or record.body.get("stage") == stage
        )

    def stages(self) -> tuple[str, ...]:
        """Stages that recorded facts, in the order of their first."""
        return tuple(dict.fromkeys(str(record.body.get("stage")) for record in self.of("fact")))


def read(path: Path) -> History:
    """
    Read a journal; a torn last line is dropped and counted.

    Raises:
        Malformed: A line before the last is damaged, or the numbering has a hole.
        OSError: The file cannot be read.
    """
    *lines, tail = path.read_bytes().split(b"\n")
    records = tuple(_record(line, wanted=number, path=path) for number, line in enumerate(lines))
    return History(records=records, torn=len(tail))


def _record(line: bytes, *, wanted: int, path: Path) -> Record:
    try:
        plain = json.loads(line)
        record = Record(**plain)
    except (ValueError, TypeError) as exc:
        raise Malformed(f"{path}: line {wanted + 1} is no record: {line[:80]!r}") from exc
    if record.seq != wanted or not isinstance(record.body, Mapping) or not isinstance(record.kind, str):
        raise Malformed(f"{path}: line {wanted + 1}: wanted record {wanted}, got {line[:80]!r}")
    return record
