"""
Samples of a window into facts: counts of every question, and intervals of equal outcomes.

A file of samples begins with a line that says what was asked and when (``head``), and has one line a sample after it
(``prober.samples``). What was due and has no line was missed: however a file got thin, nothing of the window is left
out, and the samples of a question's intervals add up to what was planned.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby, pairwise
from typing import Any, Final

from yardfacts.facts import Interval, Malformed, Sampled
from yardfacts.facts.plain import decode

__all__ = ["Head", "Lane", "fold", "head_line"]

MISSED: Final = "missed"
SENT: Final = ("right", "wrong", "unanswered")


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One question, and its grid: sample n is due at ``phase_ms + n * period_ms`` after the window's start."""

    probe: str
    environment: str
    connection: str
    period_ms: int
    phase_ms: int

    def planned(self, window_ms: int) -> int:
        """How many samples were due before the window's end."""
        return max(0, -((self.phase_ms - window_ms) // self.period_ms))


@dataclass(frozen=True, kw_only=True)
class Head:
    """The first line of a file of samples."""

    window: str
    process: str
    """Drawn by the prober when it started."""
    start_ms: int
    """Unix time by the prober's clock."""
    stop_ms: int
    skew_ms: int
    """Clock of the prober minus clock of the proof."""
    questions: tuple[Lane, ...]


@dataclass(frozen=True, kw_only=True)
class _Sample:
    """One line, or its absence."""

    at: float
    outcome: str
    state: str = ""
    detail: str = ""
    opened: int = 0


_ABSENT: Final = _Sample(at=0.0, outcome=MISSED)


def head_line(head: Head) -> str:
    """The first line, as ``fold`` reads it."""
    return json.dumps(asdict(head), separators=(",", ":")) + "\n"


def fold(name: str, content: bytes) -> tuple[Sampled | Interval, ...]:
    """
    All facts that the file *name* of a bundle gives: for each question its count, then its intervals.

    Raises:
        Malformed: The head is none, or a line is no sample of a question of it, or says again what another one said.
    """
    first, *lines = content.split(b"\n")
    head = _head(first, name=name)
    if lines and lines.pop():
        raise Malformed(f"{name}: the last line is cut off")
    window_ms = head.stop_ms - head.start_ms
    found: list[dict[int, _Sample]] = [{} for _ in head.questions]
    for number, line in enumerate(lines, start=2):
        question, sample, said = _sample(line, where=f"{name}: line {number}")
        if question >= len(found) or sample >= head.questions[question].planned(window_ms) or sample in found[question]:
            raise Malformed(f"{name}: line {number} is sample {sample} of question {question}: not planned, or there")
        found[question][sample] = said
    sha256 = hashlib.sha256(content).hexdigest()
    facts: list[Sampled | Interval] = []
    for lane, given in zip(head.questions, found, strict=True):
        samples = [given.get(number, _ABSENT) for number in range(lane.planned(window_ms))]
        facts.append(_sampled(lane, samples, head=head, name=name, sha256=sha256))
        facts.extend(_intervals(lane, samples, head=head))
    return tuple(facts)


def _head(line: bytes, *, name: str) -> Head:
    try:
        head: Head = decode(Head, json.loads(line), where=f"{name}: line 1")
    except ValueError as exc:
        raise Malformed(f"{name}: line 1 is no head: {exc}") from exc
    if any(lane.period_ms < 1 or lane.phase_ms < 0 for lane in head.questions) or head.stop_ms < head.start_ms:
        raise Malformed(f"{name}: line 1: time goes backwards")
    return head


def _sample(line: bytes, *, where: str) -> tuple[int, int, _Sample]:
    try:
        plain: Mapping[str, Any] = json.loads(line)
        question, number, outcome = plain["q"], plain["n"], plain["o"]
        said = _Sample(
            at=float(plain["at"]),
            outcome=outcome,
            state=str(plain.get("s", "")),
            detail=str(plain.get("d", "")),
            opened=int(plain.get("c", 0)),
        )
    except (ValueError, TypeError, LookupError, AttributeError) as exc:
        raise Malformed(f"{where} is no sample: {line[:80]!r}") from exc
    known = outcome in (*SENT, MISSED) and 0 <= said.at < float("inf")
    if not known or type(question) is not int or type(number) is not int or min(question, number) < 0:
        raise Malformed(f"{where} is no sample: {line[:80]!r}")
    return question, number, said


def _sampled(lane: Lane, samples: Sequence[_Sample], *, head: Head, name: str, sha256: str) -> Sampled:
    counts = {word: sum(sample.outcome == word for sample in samples) for word in SENT}
    window_ms = head.stop_ms - head.start_ms
    seen_ms = [0.0, *sorted(sample.at for sample in samples if sample.outcome in SENT), float(window_ms)]
    rows = (len(list(row)) for missed, row in groupby(samples, lambda sample: sample.outcome == MISSED) if missed)
    return Sampled(
        probe=lane.probe,
        environment=lane.environment,
        connection=lane.connection,
        period_s=lane.period_ms / 1000,
        window_s=window_ms / 1000,
        planned=len(samples),
        sent=sum(counts.values()),
        right=counts["right"],
        wrong=counts["wrong"],
        unanswered=counts["unanswered"],
        missed_in_a_row=max(rows, default=0),
        blind_s=round(max(later - earlier for earlier, later in pairwise(seen_ms)) / 1000, 3),
        skew_ms=head.skew_ms,
        file=name,
        sha256=sha256,
        opened=sum(sample.opened for sample in samples),
    )


def _intervals(lane: Lane, samples: Sequence[_Sample], *, head: Head) -> Iterator[Interval]:
    rows = [list(row) for _, row in groupby(samples, lambda sample: (sample.outcome, sample.state))]
    start_ms, begun = head.start_ms - head.skew_ms, 0
    for row in rows:
        ended = begun + len(row)
        is_last = ended == len(samples)
        stop_ms = head.stop_ms - head.start_ms if is_last else lane.phase_ms + ended * lane.period_ms
        yield Interval(
            probe=lane.probe,
            environment=lane.environment,
            connection=lane.connection,
            outcome=row[0].outcome,
            state=row[0].state,
            start_ms=start_ms + lane.phase_ms + begun * lane.period_ms,
            stop_ms=start_ms + stop_ms,
            samples=len(row),
            detail=row[0].detail,
        )
        begun = ended
