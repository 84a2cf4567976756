"""The page of a run: verdict, claims, receipts, controls, durations, tests, and how to repeat it. Opens offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from yardfacts.cycles import CONFIDENCE
from yardfacts.journal import History
from yardfacts.reckoning import Reckoning, TestRun
from yardfacts.render.allure import UnknownPage, quiet
from yardfacts.render.availability import Window
from yardfacts.render.bars import bars
from yardfacts.render.chart import stretches, strip, ticks
from yardfacts.render.receipts import cards

__all__ = ["About", "page", "told"]


@dataclass(frozen=True, kw_only=True)
class About:
    """What a reader has to know about a run besides its outcome."""

    run: str
    started: str
    took_s: float
    command: str
    """The command that repeats the run."""
    journal_sha256: str
    environment: Mapping[str, str]
    """What ran: versions, target, machine."""

    @classmethod
    def of(cls, history: History, *, journal_sha256: str) -> About:
        """Read it from a journal that has been begun."""
        begin, first, last = history.first("begin"), history.records[0], history.records[-1]
        return cls(
            run=begin["run"],
            started=f"{datetime.fromisoformat(first.at):%Y-%m-%d %H:%M:%S} UTC",
            took_s=last.t_s - first.t_s,
            command=begin["command"],
            journal_sha256=journal_sha256,
            environment={**begin["environment"], **history.first("target")},
        )


_ENVIRONMENT = Environment(
    loader=PackageLoader("yardfacts.render"),
    autoescape=True,
    undefined=StrictUndefined,  # a name that the page does not get is a mistake here, not an empty cell
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(reckoning: Reckoning, *, about: About, windows: Sequence[Window], links: Mapping[str, str]) -> str:
    """
    Render the page; it holds no script and loads nothing.

    *links* are title and relative address of what belongs to the run.
    """
    return _ENVIRONMENT.get_template("page.html.j2").render(
        **_shared(reckoning, about=about, windows=windows),
        links=links,
        bars=bars(reckoning.timings),
        cards=cards(reckoning.receipts),
        lanes=_lanes(reckoning.tests, full_s=about.took_s),
    )


def told(html: str, reckoning: Reckoning, *, about: About, windows: Sequence[Window]) -> str:
    """
    Let pytest-html's page say the same: verdict, claims and availability stand above its own.

    Raises:
        UnknownPage: It has no body, or loads something from elsewhere.
    """
    said = _ENVIRONMENT.get_template("told.html.j2").render(**_shared(reckoning, about=about, windows=windows))
    before, body, after = html.partition("<body>")
    if not body:
        raise UnknownPage("wanted pytest-html's page with a body; did it change its template?")
    return quiet(before + body + said + after)


def _shared(reckoning: Reckoning, *, about: About, windows: Sequence[Window]) -> dict[str, Any]:
    return {
        "reckoning": reckoning,
        "about": about,
        "windows": windows,
        "strip": strip,
        "stretches": stretches,
        "ticks": ticks,
        "confidence": CONFIDENCE,
        "counts": {
            "claims": len(reckoning.claims),
            "proved": sum(judged.finding.verdict == 0 for judged in reckoning.claims),
            "controls": len(reckoning.controls),
            "killed": sum(control.killed for control in reckoning.controls),
            "samples": sum(window.samples for window in windows),
            "failed": sum(window.failed for window in windows),
            "blind_s": max((window.blind_s for window in windows), default=0.0),
        },
    }


def _lanes(tests: tuple[TestRun, ...], *, full_s: float) -> list[tuple[TestRun, float, float]]:
    """Each test with where it began and how long it took, in percent of the run."""
    if full_s <= 0:
        return [(test, 0.0, 0.0) for test in tests]
    return [
        (test, round(100 * test.start_s / full_s, 2), round(max(100 * test.took_s / full_s, 0.4), 2)) for test in tests
    ]
