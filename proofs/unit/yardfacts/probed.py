"""A journal with two windows of continuous probes: everything right, or an outage under a step that has a name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from yardfacts.facts import Commit, Fact, Interval, Sampled, Timing
from yardfacts.journal import Ending, History, Journal, read
from yardfacts.redact import Redactor

START_S: Final = 1_800_000_000.0
STEP: Final = "ask for features detached"
TEST: Final = {"test": "proofs/test_p20_core_only.py::test_it", "stage": "p20_core_only", "title": "It leaves."}
CLAIM: Final = {"claim": "always_answered", "sentence": "Every service answers all the time."}
OUTAGE_MS: Final = 250
"""One sample of a path probe."""

SAMPLED: Final = Sampled(
    probe="mlflow", environment="prod", connection="new", period_s=0.25, window_s=120.0, planned=480, sent=480,
    right=480, wrong=0, unanswered=0, missed_in_a_row=0, blind_s=0.51, skew_ms=1, file="probes/off.jsonl",
    sha256="f" * 64,
)  # fmt: skip
INTERVAL: Final = Interval(
    probe="mlflow", environment="prod", connection="new", outcome="right", state="", start_ms=0, stop_ms=0, samples=1,
    detail="",
)  # fmt: skip


def probed(folder: Path, *, outcome: str = "right", window: str = "off", cycles: int = 0) -> History:
    """
    Write a run whose window began 10 s after it, and lasted 120 s, with two lanes.

    Args:
        folder: Takes the journal.
        outcome: Of one sample of mlflow, 30 s after the window began, while ``STEP`` was done.
        window: Its name; with *cycles*, so many of them, numbered, one behind the other.
    """
    clock = [START_S]
    journal = Journal(
        folder / "journal.jsonl",
        redactor=Redactor(),
        monotonic=lambda: clock[0],
        now=lambda: datetime.fromtimestamp(clock[0], UTC),
    )
    journal.write("begin", run="20270115T080000Z_x_y", command="pytest -m core_only", environment={"python": "3.11"})
    journal.write("plan", tests=[TEST], partial=False)
    journal.fact(stage=TEST["stage"], moment="before", fact=Commit(sha="a" * 40, served="a" * 40, dirty=False))
    here = {"test": TEST["test"], "stage": TEST["stage"]}
    clock[0] = START_S + 45
    journal.write("step", **here, title=STEP, outcome="passed", detail="", took_s=10.0)
    names = [f"{window}-{number}" for number in range(1, cycles + 1)] or [window]
    for number, name in enumerate(names):
        clock[0] = START_S + 130 + 120 * number
        for fact in _facts(round((clock[0] - 120) * 1000), outcome=outcome if number == 0 else "right"):
            journal.fact(stage=TEST["stage"], moment=name, fact=fact)
        journal.fact(stage=TEST["stage"], moment=name, fact=Timing(phase="detach", took_s=3.0 + number, budget_s=8.0))
    bad = outcome in {"wrong", "unanswered"}
    said = ("DISPROVED", outcome, "mlflow in prod") if bad else ("PROVED", "holds", "")
    journal.write("finding", **here, **CLAIM, **dict(zip(("verdict", "reason", "detail"), said, strict=True)))
    journal.write("test", **here, outcome="disproved" if bad else "passed", detail="", took_s=125.0)
    journal.end(Ending.COMPLETED)
    return read(journal.path)


def _facts(start_ms: int, *, outcome: str) -> Iterator[Fact]:
    stop_ms, cut_ms = start_ms + 120_000, start_ms + 30_000
    gateway = replace(INTERVAL, probe="gateway", environment="dev", connection="kept", start_ms=start_ms, samples=240)
    half_ms = start_ms + 60_000
    yield replace(gateway, state="online", stop_ms=half_ms)
    yield replace(gateway, state="absent", start_ms=half_ms, stop_ms=stop_ms)
    yield replace(SAMPLED, probe="gateway", environment="dev", connection="kept", blind_s=0.5)
    if outcome == "right":
        yield replace(INTERVAL, start_ms=start_ms, stop_ms=stop_ms, samples=480)
        yield SAMPLED
        return
    yield replace(INTERVAL, start_ms=start_ms, stop_ms=cut_ms, samples=120)
    detail = "" if outcome == "missed" else "ConnectError: <refused>"
    yield replace(INTERVAL, outcome=outcome, start_ms=cut_ms, stop_ms=cut_ms + OUTAGE_MS, detail=detail)
    yield replace(INTERVAL, start_ms=cut_ms + OUTAGE_MS, stop_ms=stop_ms, samples=359)
    counted = replace(SAMPLED, right=479)
    yield {
        "wrong": replace(counted, wrong=1),
        "unanswered": replace(counted, unanswered=1),
        "missed": replace(counted, sent=479, missed_in_a_row=1, blind_s=0.76),
    }[outcome]
