"""A file removed from git takes its object with it."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts, Obligation
from yardfacts.judges import answered, legible
from yardfacts.mutants import blind, change, drop
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

OBJECT = "committed-object"


@claim(
    "When a file is removed from git, the object that it made is pruned.",
    mutants=[
        Mutant(
            name="the object stays",
            edit=change(Obligation, at="pruned", fate="remains"),
            verdict=Verdict.DISPROVED,
            reason="remains",
        ),
        Mutant(
            name="the object comes back",
            edit=change(Obligation, at="pruned", fate="recreated"),
            verdict=Verdict.DISPROVED,
            reason="recreated",
        ),
        Mutant(
            name="the object was never there",
            edit=drop(Answer, at="committed", where=lambda a: a.probe == OBJECT),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
            collateral=("commit_arrives",),
        ),
        Mutant(
            name="nobody looked",
            edit=drop(Obligation, at="pruned"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="the API server is gone",
            edit=blind(Obligation, at="pruned"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def removed_is_pruned(facts: Facts) -> Finding:
    """Read that the object was there, and what became of it."""
    pruned = facts.at("pruned")
    was_there = answered(facts.at("committed"), probes=(OBJECT,), environments=("dev",))
    return merge((
        *(_fate(obligation) for obligation in pruned.of(Obligation)),
        *(inconclusive("never_there", f.detail) if f.verdict is Verdict.DISPROVED else f for f in was_there),
        *legible(pruned, Obligation),
    ))  # fmt: skip


def _fate(obligation: Obligation) -> Finding:
    if obligation.fate == "gone":
        return proved(f"{obligation.ref} is gone")
    if obligation.fate in {"remains", "recreated"}:
        return disproved(obligation.fate, f"{obligation.ref} {obligation.fate}")
    return inconclusive("unknown_fate", f"{obligation.ref}: fate {obligation.fate!r}")
