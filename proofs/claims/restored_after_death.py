"""A proof may die at any point: what it found is there again, and what it saw is believed for what it is."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Death, Facts
from yardfacts.judges import legible
from yardfacts.mutants import blind, change, drop
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved


@claim(
    "When a proof is killed, a process of its own restores the layer as the proof found it, ends its journal as "
    "interrupted, leaves its verdict INCONCLUSIVE, and gives the lease back with nothing left to restore.",
    mutants=[
        Mutant(
            name="the layer stays where the kill had it",
            edit=change(Death, at="killed", left="detached"),
            verdict=Verdict.DISPROVED,
            reason="not_restored",
        ),
        Mutant(
            name="the journal of the dead is open",
            edit=change(Death, at="killed", ending="unreadable"),
            verdict=Verdict.DISPROVED,
            reason="journal_lost",
        ),
        Mutant(
            name="half a proof is believed",
            edit=change(Death, at="killed", verdict="PROVED"),
            verdict=Verdict.DISPROVED,
            reason="half_believed",
        ),
        Mutant(
            name="the dead holds the lease",
            edit=change(Death, at="killed", holder="yard/0/1/1/f00f00"),
            verdict=Verdict.DISPROVED,
            reason="lease_kept",
        ),
        Mutant(
            name="it is left to the next command",
            edit=change(Death, at="killed", remembered='{"features": "attached"}'),
            verdict=Verdict.DISPROVED,
            reason="left_to_others",
        ),
        Mutant(
            name="there was nothing to restore",
            edit=change(Death, at="killed", seen="attached"),
            verdict=Verdict.INCONCLUSIVE,
            reason="nothing_to_restore",
        ),
        Mutant(
            name="nobody was killed",
            edit=drop(Death, at="killed"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="nobody could look",
            edit=blind(Death, at="killed"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def restored_after_death(facts: Facts) -> Finding:
    """Read every death, each by itself."""
    killed = facts.at("killed")
    return merge((*map(_death, killed.of(Death)), *legible(killed, Death)))


def _death(death: Death) -> Finding:
    name = f"{death.layer}, killed {death.killed}"
    wrong = (
        (death.left != death.found, "not_restored", f"was found {death.found} and is {death.left}"),
        (death.ending != "interrupted", "journal_lost", f"its journal is {death.ending}"),
        (death.verdict != "INCONCLUSIVE", "half_believed", f"its verdict is {death.verdict}"),
        (bool(death.holder), "lease_kept", f"{death.holder} holds the lease"),
        (bool(death.remembered), "left_to_others", f"the lease still has {death.remembered}"),
    )
    for is_so, reason, detail in wrong:
        if is_so:
            return disproved(reason, f"{name}: {detail}")
    if death.seen == death.found:
        return inconclusive("nothing_to_restore", f"{name}: it was {death.seen} when it was killed, as it was found")
    return proved(f"{name}: {death.left} again after {death.took_s:.1f} s")
