"""Absence is proven object by object, and by a sweep that found a decoy planted for it."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Facts, ObjectRef, Obligation, Sweep
from yardfacts.judges import legible
from yardfacts.mutants import blind, change, drop
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

ORPHAN = ObjectRef(kind="ConfigMap", namespace="feature-store-dev", name="left-behind", uid="0000-orphan")


@claim(
    "When the layer is detached, every object of it is gone and nothing else of it is left in any kind.",
    mutants=[
        Mutant(
            name="an object stays",
            edit=change(Obligation, at="detached", fate="remains", finalizers=("example.org/keep",)),
            verdict=Verdict.DISPROVED,
            reason="remains",
        ),
        Mutant(
            name="an object comes back under its name",
            edit=change(Obligation, at="detached", fate="recreated"),
            verdict=Verdict.DISPROVED,
            reason="recreated",
        ),
        Mutant(
            name="an orphan that nobody owns",
            edit=change(Sweep, at="detached", found=(ORPHAN,), unattributed=(ORPHAN,)),
            verdict=Verdict.DISPROVED,
            reason="left_behind",
        ),
        Mutant(
            name="no object had to go",
            edit=drop(Obligation, at="detached"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="nobody swept",
            edit=drop(Sweep, at="detached"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
            collateral=("root_absent",),
        ),
        Mutant(
            name="the sweep overlooks its decoy",
            edit=change(Sweep, at="detached", decoy_found=False),
            verdict=Verdict.INCONCLUSIVE,
            reason="decoy_missed",
        ),
        Mutant(
            name="no kind was listed",
            edit=change(Sweep, at="detached", kinds_listed=0),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_kinds",
        ),
        Mutant(
            name="a kind is denied",
            edit=change(Sweep, at="detached", kinds_unreadable=("Secret: Forbidden",)),
            verdict=Verdict.INCONCLUSIVE,
            reason="kinds_unreadable",
        ),
        Mutant(
            name="the API server is gone while counting",
            edit=blind(Sweep, at="detached"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
            collateral=("root_absent",),
        ),
    ],
)
def nothing_left(facts: Facts) -> Finding:
    """Read the obligations and the sweeps made after the detach."""
    off = facts.at("detached")
    return merge((
        *map(_fate, off.of(Obligation)),
        *map(_swept, off.of(Sweep)),
        *legible(off, Obligation, Sweep),
    ))  # fmt: skip


def _fate(obligation: Obligation) -> Finding:
    if obligation.fate == "gone":
        return proved(f"{obligation.ref} is gone")
    waits = f", waiting for {', '.join(obligation.finalizers)}" if obligation.finalizers else ""
    if obligation.fate in {"remains", "recreated"}:
        return disproved(obligation.fate, f"{obligation.ref} {obligation.fate}{waits}")
    return inconclusive("unknown_fate", f"{obligation.ref}: fate {obligation.fate!r}")


def _swept(sweep: Sweep) -> Finding:
    if sweep.unattributed:
        return disproved("left_behind", f"nobody explains {', '.join(map(str, sweep.unattributed))}")
    if sweep.kinds_listed == 0:
        return inconclusive("no_kinds", "the sweep listed no kind at all")
    if sweep.kinds_unreadable:
        return inconclusive("kinds_unreadable", f"not listed: {'; '.join(sweep.kinds_unreadable)}")
    if not sweep.decoy_found:
        return inconclusive("decoy_missed", "the sweep did not find the object planted for it")
    return proved(f"{sweep.kinds_listed} kinds swept, decoy found, {len(sweep.found)} attributed objects left")
