"""
The machine-readable outcome of a run: ``verdict.json``, ``claims.json`` and ``timings.json``.

They follow from the journal and nothing else, byte by byte: whoever has the journal makes them again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from yardfacts.accounting import body_of
from yardfacts.journal import History
from yardfacts.reckoning import Reckoning, reckon
from yardfacts.render.page import About

__all__ = ["Outcome", "outcome", "summaries"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What follows from a journal."""

    history: History
    reckoning: Reckoning
    about: About
    files: Mapping[str, Any]
    """Name to plain content."""


def outcome(history: History, *, journal_sha256: str) -> Outcome:
    """
    Reckon a journal, and make the files that follow from it.

    Raises:
        Malformed: A recorded fact has not the shape of its type.
    """
    reckoning, about = reckon(history), About.of(history, journal_sha256=journal_sha256)
    return Outcome(history=history, reckoning=reckoning, about=about, files=dict(summaries(reckoning, about=about)))


def summaries(reckoning: Reckoning, *, about: About) -> Iterator[tuple[str, Any]]:
    """Yield file name and plain content of each; all carry the run and the digest of its journal."""
    source = {"run": about.run, "journal_sha256": about.journal_sha256}
    commit = asdict(reckoning.commit) if reckoning.commit else None
    yield (
        "verdict.json",
        {
            **source,
            "verdict": reckoning.word,
            "exit_code": reckoning.exit_code,
            "reason": reckoning.finding.reason,
            "detail": reckoning.detail,
            "defects": list(reckoning.defects),
            "unrestored": reckoning.unrestored,
            "exceeded": list(reckoning.exceeded),
            "commit": commit,
            "command": about.command,
            "tests": [asdict(test) for test in reckoning.tests],
        },
    )
    yield (
        "claims.json",
        {
            **source,
            "claims": [
                {
                    "claim": judged.claim,
                    "sentence": judged.sentence,
                    "verdict": judged.finding.verdict.name,
                    "reason": judged.finding.reason,
                    "detail": judged.finding.detail,
                    "stages": list(judged.stages),
                    "times": judged.times,
                }
                for judged in reckoning.claims
            ],
            "controls": [{**asdict(control), "killed": control.killed} for control in reckoning.controls],
            "mutants": {
                "killed": reckoning.killed,
                "tried": reckoning.tried,
                "of": [body_of(one) for one in reckoning.accounts],
            },
            "left_out": list(reckoning.left_out),
        },
    )
    yield "timings.json", {**source, **_timings(reckoning)}


def _timings(reckoning: Reckoning) -> Mapping[str, Any]:
    return {
        "timings": [{**asdict(timing), "kept": not timing.over} for timing in reckoning.timings],
        "usages": [{**asdict(usage), "kept": not usage.over} for usage in reckoning.usages],
    }
