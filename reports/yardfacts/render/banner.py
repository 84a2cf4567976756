"""The last lines that a terminal shows: verdict, claims, durations, how to repeat, where the evidence is."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator
from dataclasses import replace
from textwrap import shorten

from yardfacts.facts import Usage
from yardfacts.reckoning import Reckoning
from yardfacts.render.bars import bars
from yardfacts.render.tables import table

__all__ = ["banner"]

OVER = "OVER BUDGET"

TOLD = 5
"""Budgets that were not kept; a run of thirty cycles may have as many lines of them."""

DETAIL_CHARS = 400
"""Of a reason in the terminal; the whole of it is in the evidence."""


def banner(reckoning: Reckoning, *, command: str, bundle: str) -> Iterator[str]:
    """Yield the lines; the verdict comes last, because ``make`` hides exit codes."""
    if reckoning.claims:
        rows = [
            (judged.claim, judged.finding.verdict.name, judged.finding.reason, ", ".join(judged.stages))
            for judged in reckoning.claims
        ]
        yield from table(("CLAIM", "VERDICT", "REASON", "JUDGED IN"), rows).splitlines()
        yield ""
    if reckoning.controls:
        controls = [
            (c.broken, c.claim, "as declared" if c.killed else f"SURVIVED: {c.got}") for c in reckoning.controls
        ]
        yield from table(("BROKEN ON PURPOSE", "CLAIM", "IT SAID"), controls).splitlines()
        yield ""
    if reckoning.left_out:
        yield f"{len(reckoning.left_out)} tests of other controls were left out; without --controls all are taken"
        yield ""
    timings = bars(reckoning.timings)
    if timings:
        figures = [
            (bar.phase, bar.took, f"{bar.budget_s:g} s" if bar.budget_s else "-",
             "" if bar.kept else OVER)
            for bar in timings
        ]  # fmt: skip
        yield from table(("PHASE", "TOOK", "BUDGET", ""), figures).splitlines()
        yield ""
    if reckoning.cycles:
        yield from reckoning.cycles.lines()
        yield ""
    for usage in _most(reckoning.usages):
        cpus = f"{usage.cpus:.2f} CPUs" + (f" (limit {usage.cpus_limit:g})" if usage.cpus_limit else "")
        limit_gib = usage.memory_limit_bytes / 2**30
        memory = f"{usage.memory_bytes / 2**30:.2f} GiB" + (f" (limit {limit_gib:g})" if limit_gib else "")
        yield f"{usage.phase}: {cpus}, {memory}" + (f"   {OVER}" if usage.over else "")
    yield f"evidence  {bundle}"
    yield f"repeat    {command}"
    for told in reckoning.exceeded[:TOLD]:
        yield f"over      {told}; reported, and no part of the verdict"
    if len(reckoning.exceeded) > TOLD:
        yield f"over      {len(reckoning.exceeded) - TOLD} times more; all are in verdict.json"
    if reckoning.word != "PROVED":
        yield f"because   {shorten(reckoning.detail, DETAIL_CHARS)}"
    yield f"verdict   {reckoning.word} (exit code {reckoning.exit_code})"


def _most(usages: Iterable[Usage]) -> Iterator[Usage]:
    """Of phases that differ in nothing but their number the one that used most, and how many they were."""
    stems: dict[str, list[Usage]] = {}
    for usage in usages:
        stems.setdefault(usage.phase.rstrip(string.digits), []).append(usage)
    for stem, alike in stems.items():
        worst = max(alike, key=lambda one: one.cpus)
        name = worst.phase if len(alike) == 1 else f"{stem.rstrip('- ')} (the most of {len(alike)})"
        yield replace(worst, phase=name)
