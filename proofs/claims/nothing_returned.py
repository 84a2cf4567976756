"""Absence that lasts although everybody who could bring the layer back was asked to look."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Facts, Hold, ObjectRef
from yardfacts.judges import legible
from yardfacts.mutants import blind, change, drop
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

SURVIVORS = ("root-apps", "root-baseline")
SHORTEST_S = 10.0
"""Seconds of silence after the stimulus; the embedded node's reconciliation would have had its turn anyway."""

REVENANT = ObjectRef(kind="Deployment.apps", namespace="feature-store-prod", name="redis", uid="0000-revenant")


@claim(
    "After every surviving root and ApplicationSet was refreshed twice, nothing of the layer comes back.",
    mutants=[
        Mutant(
            name="an object comes back",
            edit=change(Hold, at="held", returned=(REVENANT,)),
            verdict=Verdict.DISPROVED,
            reason="returned",
        ),
        Mutant(
            name="a root was not refreshed",
            edit=change(Hold, at="held", refreshed=SURVIVORS[1:]),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_stimulus",
        ),
        Mutant(
            name="the window is too short",
            edit=change(Hold, at="held", window_s=1.0),
            verdict=Verdict.INCONCLUSIVE,
            reason="short_window",
        ),
        Mutant(
            name="nobody held",
            edit=drop(Hold, at="held"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="the watch lost its place",
            edit=blind(Hold, at="held"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def nothing_returned(facts: Facts) -> Finding:
    """Read the holds."""
    held = facts.at("held")
    return merge((*map(_hold, held.of(Hold)), *legible(held, Hold)))


def _hold(hold: Hold) -> Finding:
    if hold.returned:
        return disproved("returned", f"came back: {', '.join(map(str, hold.returned))}")
    asleep = [name for name in SURVIVORS if not _was_refreshed(name, hold)]
    if asleep:
        return inconclusive("no_stimulus", f"not refreshed: {', '.join(asleep)}")
    if hold.window_s < SHORTEST_S:
        return inconclusive("short_window", f"held for {hold.window_s:g} s, wanted {SHORTEST_S:g} s")
    return proved(f"nothing came back in {hold.window_s:g} s after {len(hold.refreshed)} refreshes")


def _was_refreshed(name: str, hold: Hold) -> bool:
    """Entries may carry their kind before the name."""
    return any(entry.split()[-1].rpartition("/")[2] == name for entry in hold.refreshed)
