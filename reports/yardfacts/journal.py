"""
The journal: one JSON object a line, appended and fsynced, opened before anything happens and always ended.

What is in it is the evidence; every verdict, table and page is derived from it. Every record carries the digest of the
line before it (``yardfacts.chain``). A line that was cut off by a crash is dropped when reading and said to be missing;
a line that was damaged, dropped, added or moved is an error that names it.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from yardfacts.chain import GENESIS, Link, broken, link
from yardfacts.facts import Fact, Facts, Malformed
from yardfacts.redact import Redactor

__all__ = ["FORMAT", "Ending", "History", "InUse", "Journal", "OtherFormat", "Record", "line_of", "read"]

FORMAT: Final = 2
"""Version of the records' shape, written in the first one. 2: every record carries the digest of the line before it."""

FIELDS: Final = ("seq", "at", "t_s", "prev", "kind", "body")


class OtherFormat(Malformed):
    """The journal was written in another version of the records' shape; nothing is known of what it says."""


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
    prev: str
    """SHA-256 of the line before, in hex."""
    kind: str
    body: Mapping[str, Any]

    @cached_property
    def entry(self) -> tuple[str, Fact]:
        """
        The moment and the fact of a record of a fact; read once, for every judgement looks at all of them.

        Raises:
            Malformed: It has not the shape of its type.
        """
        (entry,) = Facts.from_json([{name: self.body.get(name) for name in ("moment", "type", "fact")}]).entries
        return entry


class Journal:
    """An open journal. Each write is on the disk when it returns; threads may write, one line after the other."""

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

        Bytes of a line that the dead one did not finish are cut off, and recorded as ``torn``.

        Raises:
            InUse: A living process has it open.
            Malformed: What is there already is not a journal.
        """
        self.path, self.redactor = path, redactor
        self._monotonic, self._now = monotonic, now
        self._turn = threading.Lock()
        self._file = path.open("ab")
        try:
            history = self._taken()
        except BaseException:
            self._file.close()
            raise
        self._seq, self._head = len(history.records), history.head
        self.ended = history.ended
        self._start_s = monotonic() - (history.records[-1].t_s if history.records else 0.0)
        if history.torn:
            self.write("torn", bytes=history.torn)

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
            ValueError: The journal was closed or has ended, or the body is no plain JSON.
        """
        with self._turn:
            return self._appended(kind, body)

    def _appended(self, kind: str, body: Mapping[str, Any]) -> Record:
        if self.ended:
            raise ValueError(f"{self.path}: the journal has ended and is closed: wanted to write {kind!r}")
        record = Record(
            seq=self._seq,
            at=self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            t_s=round(self._monotonic() - self._start_s, 3),
            prev=self._head,
            kind=kind,
            body=self.redactor.value(body),
        )
        line = line_of(record)
        self._file.write(line + b"\n")
        # Before the disk has it: an interrupt comes while that is waited for, and the end has to follow this line.
        self._seq, self._head = self._seq + 1, link(line)
        self._file.flush()
        os.fsync(self._file.fileno())
        return record

    def fact(self, *, stage: str, moment: str, fact: Fact) -> Record:
        """Append one fact, under the stage that recorded it."""
        (plain,) = Facts(((moment, fact),)).to_json()
        return self.write("fact", stage=stage, **plain)

    def end(self, ending: Ending, **body: Any) -> None:
        """Append the last record and close; further calls do nothing."""
        if not self._file.closed and not self.ended:
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
    head: str
    """SHA-256 of the last whole line, in hex: what has to be kept elsewhere, for the chain cannot speak for its end."""

    @property
    def lost(self) -> int:
        """Bytes of incomplete lines that were dropped: now, and by those who went on writing after a crash."""
        return self.torn + sum(int(record.body["bytes"]) for record in self.of("torn"))

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
        return Facts(
            tuple(record.entry for record in self.of("fact") if stage is None or record.body.get("stage") == stage)
        )

    def stages(self) -> tuple[str, ...]:
        """Stages that recorded facts, in the order of their first."""
        return tuple(dict.fromkeys(str(record.body.get("stage")) for record in self.of("fact")))


def line_of(record: Record) -> bytes:
    """The line that stores *record*, without its end."""
    plain = {name: getattr(record, name) for name in FIELDS}
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def read(path: Path) -> History:
    """
    Read a journal; a torn last line is dropped and counted.

    Raises:
        OtherFormat: It was written in another version of the records' shape.
        Malformed: A line before the last is damaged, missing, added or moved; names it by its number.
        OSError: The file cannot be read.
    """
    *lines, tail = path.read_bytes().split(b"\n")
    if lines:
        _known(lines[0], path=path)
    records = tuple(_record(line, number=number, path=path) for number, line in enumerate(lines, start=1))
    digests = [link(line) for line in lines]
    fault = broken([Link(seq=r.seq, prev=r.prev, digest=d) for r, d in zip(records, digests, strict=True)])
    if fault:
        raise Malformed(f"{path}: {fault}")
    ended = next((number for number, record in enumerate(records, start=1) if record.kind == "end"), None)
    if ended is not None and (ended < len(records) or tail):
        raise Malformed(f"{path}: line {ended} is the end, and something was added behind it")
    return History(records=records, torn=len(tail), head=digests[-1] if digests else GENESIS)


def _known(first: bytes, *, path: Path) -> None:
    """The first record names the format; the one of before had no chain, whatever it named."""
    try:
        plain = json.loads(first)
        got = plain["body"].get("format", FORMAT) if "prev" in plain else 1
    except (ValueError, TypeError, LookupError, AttributeError):
        return  # no record at all: the line is damaged, which its own reader says
    if got != FORMAT:
        raise OtherFormat(
            f"{path}: wanted a journal of format {FORMAT}, got format {got}: read it with the commit that made it"
        )


def _record(line: bytes, *, number: int, path: Path) -> Record:
    try:
        record = Record(**json.loads(line))
    except (ValueError, TypeError) as exc:
        raise Malformed(f"{path}: line {number} is no record: {line[:80]!r}") from exc
    shapes = ((record.seq, int), (record.prev, str), (record.kind, str), (record.body, Mapping))
    if not all(isinstance(value, shape) for value, shape in shapes):
        raise Malformed(f"{path}: line {number} is no record: {line[:80]!r}")
    return record
