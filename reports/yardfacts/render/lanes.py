"""
Lanes beside the tests in Allure's timeline: every interval of every probe, and the proof's own steps, on one axis.

Allure knows a bar of its timeline only as the result of a test, and a thousand made-up results would be a thousand
tests in its totals. So the bars are put where its page keeps the timeline's data: its totals stay those of the tests.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Any, Final

from yardfacts.facts import Interval
from yardfacts.render.allure import HOST, THREAD, UnknownPage
from yardfacts.render.availability import Lane, Stretch, Window
from yardfacts.windows import FAILED

__all__ = ["Bar", "bars", "laned", "undrawn"]

Bar = dict[str, Any]
"""One bar, as Allure's page wants it."""

DATA: Final = re.compile(r'd\("widgets/timeline\.json","([A-Za-z0-9+/=]*)"\)')
ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-"
UNSEEN: Final = tuple("".join(some) for length in range(7) for some in product("\u200b\u200c\u200d", repeat=length))
"""Of no width; shortest first."""
PATH_SUFFIX: Final = "-path"
"""Of the probes that ask for a sign of life; each has one beside it that asks for more."""
STEPS: Final = "steps"
"""The lane of the proof's own steps; the tests' is ``proof``."""


def bars(windows: Sequence[Window], steps: Sequence[Stretch]) -> Iterator[Bar]:
    """
    Yield a bar an interval (failed where the service did, broken where nobody looked) and one a step.

    Of more lanes than Allure can tell apart, those are left out that were right from end to end; see ``undrawn``.
    """
    for number, step in enumerate(steps):
        status = "passed" if step.outcome == "passed" else "failed"
        yield _bar(STEPS, number, step.title, status, start_ms=step.start_ms, stop_ms=step.stop_ms)
    names = _names(windows)
    for window in windows:
        for lane in (lane for lane in window.lanes if lane.name in names):
            for number, one in enumerate(lane.intervals):
                yield _bar(
                    names[lane.name], f"{window.name} {number}", _told(lane, one), _status(one),
                    start_ms=one.start_ms, stop_ms=one.stop_ms,
                )  # fmt: skip


def undrawn(windows: Sequence[Window]) -> tuple[str, ...]:
    """Full names of the lanes that ``bars`` leaves out."""
    names = _names(windows)
    return tuple(lane.name for lane in _by_interest(windows) if lane.name not in names)


def laned(html: str, added: Sequence[Bar]) -> str:
    """
    Put *added* into the timeline of Allure's single page.

    Raises:
        UnknownPage: The page does not keep its timeline as expected.
    """
    if not added:
        return html
    found = DATA.findall(html)
    if len(found) != 1:
        raise UnknownPage(f"wanted the timeline's data once, got it {len(found)} times; did Allure change its page?")
    tests: list[Bar] = json.loads(base64.b64decode(found[0]))
    if any(bar.get("host") != HOST or not isinstance(bar.get("start"), int) for bar in tests):
        raise UnknownPage(f"wanted tests of host {HOST} with a start in the timeline; did Allure change its page?")
    data = json.dumps([*tests, *added], ensure_ascii=False)
    kept = base64.b64encode(data.encode()).decode()
    return DATA.sub(lambda _: f'd("widgets/timeline.json","{kept}")', html)


def _bar(lane: str, number: object, title: str, status: str, *, start_ms: int, stop_ms: int) -> Bar:
    # Of its own: of equal ones Allure draws the last, or a retry.
    key = hashlib.sha256(f"{lane} {number}".encode()).hexdigest()[:32]
    return {
        "id": key,
        "historyId": key,
        "name": title,
        "status": status,
        "isRetry": False,
        "host": HOST,  # that of the tests: Allure draws a chart a host, and an axis a chart
        "thread": lane,
        "environment": "default",
        "environmentName": "default",
        "start": start_ms,
        "duration": max(stop_ms - start_ms, 1),
    }


def _by_interest(windows: Sequence[Window]) -> Iterable[Lane]:
    """Every lane once: the ones that failed or were not seen first, then those of what services are there for."""
    every = [lane for window in windows for lane in window.lanes]
    looks = {lane.name for lane in every if lane.look != "right"}
    ranked = sorted(every, key=lambda lane: (lane.name not in looks, lane.probe.endswith(PATH_SUFFIX)))
    return {lane.name: lane for lane in ranked}.values()


def _names(windows: Sequence[Window]) -> dict[str, str]:
    """
    Full name to one of which Allure shows enough, and which it does not take for another.

    It cuts the middle out of a long name, and it tells lanes apart by six bits of a digest of their names: of forty it
    would draw thirty, some with the bars of others. So characters that nobody sees go into the middle until all differ,
    and who comes when the six bits are used up has no name.
    """
    taken = {_kept_as(name) for name in (THREAD, STEPS)}
    found: dict[str, str] = {}
    for lane in _by_interest(windows):
        tail = f" {lane.environment[:1]}/{lane.connection[:1]}"
        every = (f"{lane.probe}{unseen}{tail}" for unseen in UNSEEN)
        name = next((name for name in every if _kept_as(name) not in taken), "") if len(taken) < len(ALPHABET) else ""
        if name:
            taken.add(_kept_as(name))
            found[lane.name] = name
    return found


def _kept_as(thread: str) -> str:
    """Under which name Allure 3.18.0 keeps a lane; a browser test counts the lanes that it draws."""
    return _digest(thread, _digest(HOST, HOST))


def _digest(first: str, second: str) -> str:
    number = 5381
    for letter in f"{first}:{second}":
        number = _signed(_signed(number) * 33) + ord(letter)
    place, letters = abs(number), []
    for _ in range(21):
        place = (1664525 * place + 1013904223) % 2**32
        letters.append(ALPHABET[place % len(ALPHABET)])
    return "".join(letters)


def _signed(number: int) -> int:
    """As 32 bits."""
    return (number + 2**31) % 2**32 - 2**31


def _status(one: Interval) -> str:
    if one.outcome in FAILED:
        return "failed"
    return "passed" if one.outcome == "right" else "broken"


def _told(lane: Lane, one: Interval) -> str:
    state = f", {one.state}" if one.state else ""
    detail = f": {one.detail}" if one.detail else ""
    return f"{lane.name}: {one.outcome}{state}, {one.samples} samples{detail}"
