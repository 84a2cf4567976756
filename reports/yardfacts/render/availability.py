"""
How every service answered while a window lasted: one lane a question, its intervals in the order of time.

What is drawn anywhere (the page, Allure's timeline, the attachments) is drawn from here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from yardfacts.facts import Facts, Interval, Sampled
from yardfacts.journal import History, Record
from yardfacts.windows import FAILED

__all__ = ["Lane", "Outage", "Stretch", "Window", "sheet", "steps", "windows"]

T = TypeVar("T", Interval, Sampled)

CYCLE = re.compile(r"-\d+$")
"""Windows that differ in their number alone, as ``cycle-1`` and ``cycle-2``, share one picture."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Something that happened meanwhile: a step of a test, or a whole test."""

    title: str
    outcome: str
    start_ms: int
    """Unix time by the proof's clock, as of intervals."""
    stop_ms: int


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One question to one service over one window, or over all cycles."""

    probe: str
    environment: str
    connection: str
    intervals: tuple[Interval, ...]
    counts: tuple[Sampled, ...]
    """One a window; none where only intervals were recorded, which is said and not made up."""

    @property
    def name(self) -> str:
        """As people say it."""
        return f"{self.probe} · {self.environment} · {self.connection}"

    @property
    def bad(self) -> tuple[Interval, ...]:
        """Intervals in which the service failed."""
        return tuple(one for one in self.intervals if one.outcome in FAILED)

    @property
    def missed(self) -> tuple[Interval, ...]:
        """Intervals that nobody looked at."""
        return tuple(one for one in self.intervals if one.outcome == "missed")

    @property
    def look(self) -> str:
        """``right``, ``failed`` or ``unseen``: for colours, no verdict; that is for claims."""
        if self.bad or any(one.wrong or one.unanswered for one in self.counts):
            return "failed"
        unseen = self.missed or not self.counts or any(one.sent < one.planned or not one.right for one in self.counts)
        return "unseen" if unseen else "right"

    @property
    def told(self) -> str:
        """The lane in words: the same as its picture, for whoever cannot see that."""
        if not self.counts:
            return "samples not counted"
        planned, sent = sum(one.planned for one in self.counts), sum(one.sent for one in self.counts)
        wrong, silent = sum(one.wrong for one in self.counts), sum(one.unanswered for one in self.counts)
        parts = [f"{sum(one.right for one in self.counts):,} of {planned:,} right"]
        parts += [f"{wrong:,} wrong"] if wrong else []
        parts += [f"{silent:,} unanswered"] if silent else []
        parts += [f"{planned - sent:,} missed"] if planned > sent else []
        return ", ".join(parts)

    @property
    def blind_s(self) -> float:
        """The shortest outage that could have gone unseen here, in seconds; 0 where nothing was counted."""
        return max((one.blind_s for one in self.counts), default=0.0)


@dataclass(frozen=True, kw_only=True)
class Outage:
    """One interval in which a service failed, with what the proof did when it began."""

    lane: Lane
    interval: Interval
    during: str

    @property
    def lasted_s(self) -> float:
        """Between the first failed sample and the next interval."""
        return (self.interval.stop_ms - self.interval.start_ms) / 1000

    @property
    def at(self) -> str:
        """Time of day, UTC."""
        return f"{datetime.fromtimestamp(self.interval.start_ms / 1000, UTC):%H:%M:%S.%f}"[:-3]


@dataclass(frozen=True, kw_only=True)
class Window:
    """One named stretch in which every service was asked all the time; of cycles, all of them."""

    name: str
    start_ms: int
    stop_ms: int
    lanes: tuple[Lane, ...]
    tests: tuple[Stretch, ...]
    steps: tuple[Stretch, ...]
    """Those that overlap the window, with what of them lies inside."""

    @property
    def took_s(self) -> float:
        """From the first sample to the end of the last interval."""
        return (self.stop_ms - self.start_ms) / 1000

    @property
    def began(self) -> str:
        """Time of day, UTC."""
        return f"{datetime.fromtimestamp(self.start_ms / 1000, UTC):%H:%M:%S} UTC"

    @property
    def blind_s(self) -> float:
        """No outage longer than this could have gone unseen in any lane, in seconds; 0: nothing was counted."""
        return max((lane.blind_s for lane in self.lanes), default=0.0)

    @property
    def samples(self) -> int:
        """Sent in time."""
        return sum(one.sent for lane in self.lanes for one in lane.counts)

    @property
    def failed(self) -> int:
        """Of those, how many came back wrong or not at all."""
        return sum(one.wrong + one.unanswered for lane in self.lanes for one in lane.counts)

    @property
    def outages(self) -> tuple[Outage, ...]:
        """Every failed interval, in the order of time."""
        found = sorted(((i, lane) for lane in self.lanes for i in lane.bad), key=lambda pair: pair[0].start_ms)
        return tuple(Outage(lane=lane, interval=i, during=_during(i, (*self.steps, *self.tests))) for i, lane in found)


def windows(history: History) -> tuple[Window, ...]:
    """
    Every window of a run, in the order of time.

    Raises:
        Malformed: A recorded fact has not the shape of its type.
    """
    named: dict[str, Facts] = {}
    for moment, fact in history.facts().entries:
        if isinstance(fact, Interval | Sampled):
            name = CYCLE.sub("", moment)
            named[name] = named.get(name, Facts()).plus(moment, [fact])
    tests, acts = tuple(_stretches(history.of("test"), titles=_titles(history))), steps(history)
    drawn = [_window(name, facts, tests=tests, acts=acts) for name, facts in named.items()]
    return tuple(sorted(drawn, key=lambda window: (window.start_ms, window.name)))


def steps(history: History) -> tuple[Stretch, ...]:
    """Every step that took any time, as far as the journal tells: a step is written when it ends."""
    return tuple(_stretches(history.of("step"), titles={}))


def sheet(window: Window) -> str:
    """The intervals of a window as CSV, for whoever wants to count again."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    names = ("start_ms", "stop_ms", "outcome", "state", "samples", "detail")
    rows.writerow(("probe", "environment", "connection", *names))
    for lane in window.lanes:
        for one in lane.intervals:
            rows.writerow((lane.probe, lane.environment, lane.connection, *(getattr(one, name) for name in names)))
    return text.getvalue()


def _window(name: str, facts: Facts, *, tests: Sequence[Stretch], acts: Sequence[Stretch]) -> Window:
    intervals, counts = facts.of(Interval), facts.of(Sampled)
    keys = sorted({*map(_key, intervals), *map(_key, counts)})
    lanes = tuple(
        Lane(
            probe=probe,
            environment=environment,
            connection=connection,
            intervals=tuple(sorted(_of(intervals, key), key=lambda one: one.start_ms)),
            counts=tuple(_of(counts, key)),
        )
        for key in keys
        for environment, probe, connection in (key,)
    )
    start_ms = min((one.start_ms for one in intervals), default=0)
    stop_ms = max((one.stop_ms for one in intervals), default=0)
    return Window(
        name=name,
        start_ms=start_ms,
        stop_ms=stop_ms,
        lanes=lanes,
        tests=tuple(_inside(tests, start_ms=start_ms, stop_ms=stop_ms)),
        steps=tuple(_inside(acts, start_ms=start_ms, stop_ms=stop_ms)),
    )


def _of(facts: Iterable[T], key: tuple[str, str, str]) -> Iterator[T]:
    return (one for one in facts if _key(one) == key)


def _key(one: Interval | Sampled) -> tuple[str, str, str]:
    return one.environment, one.probe, one.connection


def _inside(stretches: Iterable[Stretch], *, start_ms: int, stop_ms: int) -> Iterator[Stretch]:
    for one in stretches:
        begin_ms, end_ms = max(one.start_ms, start_ms), min(one.stop_ms, stop_ms)
        if begin_ms < end_ms:
            yield Stretch(title=one.title, outcome=one.outcome, start_ms=begin_ms, stop_ms=end_ms)


def _stretches(records: Iterable[Record], *, titles: dict[str, str]) -> Iterator[Stretch]:
    for record in records:
        stop_ms = round(datetime.fromisoformat(record.at).timestamp() * 1000)
        start_ms = stop_ms - round(float(record.body["took_s"]) * 1000)
        title = record.body.get("title") or titles.get(record.body["test"], record.body["test"])
        if start_ms < stop_ms:
            yield Stretch(title=title, outcome=record.body["outcome"], start_ms=start_ms, stop_ms=stop_ms)


def _titles(history: History) -> dict[str, str]:
    return {test["test"]: test["title"] for test in history.first("plan").get("tests", ())}


def _during(interval: Interval, stretches: Iterable[Stretch]) -> str:
    """The shortest stretch in which the interval begins: the step rather than the step around it, or the test."""
    around = [one for one in stretches if one.start_ms <= interval.start_ms < one.stop_ms]
    return min(around, key=lambda one: one.stop_ms - one.start_ms).title if around else "between two tests"
