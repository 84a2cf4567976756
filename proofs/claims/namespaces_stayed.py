"""The layer's namespaces belong to the Core: the toggle empties them and leaves them standing."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Facts, Namespace
from yardfacts.judges import legible, observed
from yardfacts.mutants import LOOK, blind, change, drop
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

NAMESPACES = ("feature-store-dev", "feature-store-prod")


def _is_dev(namespace: Namespace) -> bool:
    return namespace.name == NAMESPACES[0]


@claim(
    "The namespaces of the layer survive the toggle: same name, same UID, Active.",
    mutants=[
        Mutant(
            name="a namespace was made anew",
            edit=change(Namespace, at=LOOK, where=_is_dev, uid="0000-another"),
            verdict=Verdict.DISPROVED,
            reason="replaced",
        ),
        Mutant(
            name="a namespace is gone",
            edit=drop(Namespace, at=LOOK, where=_is_dev),
            verdict=Verdict.DISPROVED,
            reason="vanished",
        ),
        Mutant(
            name="a namespace is terminating",
            edit=change(Namespace, at=LOOK, where=_is_dev, phase="Terminating"),
            verdict=Verdict.DISPROVED,
            reason="not_active",
        ),
        Mutant(
            name="no namespace was read",
            edit=drop(Namespace, at=LOOK),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="the API server is gone",
            edit=blind(Namespace, at=LOOK),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def namespaces_stayed(facts: Facts) -> Finding:
    """Compare every later look with the first."""
    moments = observed(facts)
    if len(moments) < 2:
        return inconclusive("nothing_to_compare", f"looked {len(moments)} times; a comparison needs two")
    first = facts.at(moments[0])
    return merge((
        *legible(first, Namespace),
        *(finding for moment in moments[1:] for finding in _compared(first, facts.at(moment), moment)),
    ))  # fmt: skip


def _compared(first: Facts, later: Facts, moment: str) -> tuple[Finding, ...]:
    blindness = tuple(legible(later, Namespace))
    if blindness:
        return blindness
    before = {namespace.name: namespace for namespace in first.of(Namespace)}
    after = {namespace.name: namespace for namespace in later.of(Namespace)}
    return tuple(_one(name, before.get(name), after.get(name), moment) for name in NAMESPACES)


def _one(name: str, before: Namespace | None, after: Namespace | None, moment: str) -> Finding:
    if before is None:
        return inconclusive("nothing_to_compare", f"{name} was not there at the start")
    if after is None:
        return disproved("vanished", f"{moment}: {name} is gone")
    if after.uid != before.uid:
        return disproved("replaced", f"{moment}: {name} has UID {after.uid} instead of {before.uid}")
    if after.phase != "Active":
        return disproved("not_active", f"{moment}: {name} is {after.phase}")
    return proved(f"{moment}: {name} is the same")
