"""The machine-readable outcome of a run: ``verdict.json``, ``claims.json`` and ``timings.json``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from yardfacts.reckoning import Reckoning
from yardfacts.render.page import About

__all__ = ["summaries"]


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
            "left_out": list(reckoning.left_out),
        },
    )
    yield "timings.json", {**source, **_timings(reckoning)}


def _timings(reckoning: Reckoning) -> Mapping[str, Any]:
    return {
        "timings": [{**asdict(timing), "kept": not timing.over} for timing in reckoning.timings],
        "usages": [{**asdict(usage), "kept": not usage.over} for usage in reckoning.usages],
    }
