"""The last lines that a terminal shows: verdict, claims, durations, how to repeat, where the evidence is."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import shorten

from yardfacts.reckoning import Reckoning
from yardfacts.render.bars import bars
from yardfacts.render.tables import table

__all__ = ["banner"]

OVER = "OVER BUDGET"

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
            (bar.phase, f"{bar.took_s:.1f} s", f"{bar.budget_s:g} s" if bar.budget_s else "-",
             "" if bar.kept else OVER)
            for bar in timings
        ]  # fmt: skip
        yield from table(("PHASE", "TOOK", "BUDGET", ""), figures).splitlines()
        yield ""
    for usage in reckoning.usages:
        cpus = f"{usage.cpus:.2f} CPUs" + (f" (limit {usage.cpus_limit:g})" if usage.cpus_limit else "")
        limit_gib = usage.memory_limit_bytes / 2**30
        memory = f"{usage.memory_bytes / 2**30:.2f} GiB" + (f" (limit {limit_gib:g})" if limit_gib else "")
        yield f"{usage.phase}: {cpus}, {memory}" + (f"   {OVER}" if usage.over else "")
    yield f"evidence  {bundle}"
    yield f"repeat    {command}"
    for told in reckoning.exceeded:
        yield f"over      {told}; reported, and no part of the verdict"
    if reckoning.word != "PROVED":
        yield f"because   {shorten(reckoning.detail, DETAIL_CHARS)}"
    yield f"verdict   {reckoning.word} (exit code {reckoning.exit_code})"
