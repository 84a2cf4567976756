"""Idempotence: asking for what is already so writes nothing."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Facts, Toggle
from yardfacts.judges import legible
from yardfacts.mutants import blind, change, drop
from yardfacts.verdict import Finding, Verdict, disproved, merge, proved


@claim(
    "Detaching what is detached, and attaching what is attached, writes nothing.",
    mutants=[
        Mutant(
            name="the second toggle writes",
            edit=change(Toggle, at="again", changed=True),
            verdict=Verdict.DISPROVED,
            reason="wrote_again",
        ),
        Mutant(
            name="nobody asked twice",
            edit=drop(Toggle, at="again"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="the API server is gone",
            edit=blind(Toggle, at="again"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def twice_is_once(facts: Facts) -> Finding:
    """Read the toggles that were asked for again."""
    again = facts.at("again")
    return merge((*map(_toggle, again.of(Toggle)), *legible(again, Toggle)))


def _toggle(toggle: Toggle) -> Finding:
    if toggle.changed:
        return disproved("wrote_again", f"{toggle.layer} was {toggle.wanted} already, and something was written")
    return proved(f"{toggle.layer}: asked twice for {toggle.wanted}, nothing written")
