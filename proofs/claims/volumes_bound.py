"""Storage stands: claims are bound, and the model repository is retained whatever is deleted."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Facts, Volume
from yardfacts.judges import each_moment, legible
from yardfacts.mutants import LOOK, blind, change, drop
from yardfacts.verdict import Finding, Verdict, disproved, merge, proved

USERS = ("airflow", "triton", "fastapi")
"""One who writes and two who read."""
REPOSITORIES = tuple((f"{user}-{env}", "model-repo") for env in ("dev", "prod") for user in USERS)
"""Namespace and claim of the model repository, in each environment."""


def _is_repository(volume: Volume) -> bool:
    return (volume.namespace, volume.claim) in REPOSITORIES


@claim(
    "Every volume claim is bound to its volume, and the model repository's volumes are retained.",
    mutants=[
        Mutant(
            name="a claim is pending",
            edit=change(Volume, at=LOOK, claim_phase="Pending"),
            verdict=Verdict.DISPROVED,
            reason="unbound",
        ),
        Mutant(
            name="a volume is released",
            edit=change(Volume, at=LOOK, volume_phase="Released"),
            verdict=Verdict.DISPROVED,
            reason="unbound",
        ),
        Mutant(
            name="models would be deleted with their claim",
            edit=change(Volume, at=LOOK, where=_is_repository, reclaim_policy="Delete"),
            verdict=Verdict.DISPROVED,
            reason="not_retained",
        ),
        Mutant(
            name="the model repository has no claim",
            edit=drop(Volume, at=LOOK, where=lambda v: v.namespace == "triton-prod"),
            verdict=Verdict.DISPROVED,
            reason="claim_missing",
        ),
        Mutant(
            name="the gateway has no claim on the ledger",
            edit=drop(Volume, at=LOOK, where=lambda v: v.namespace == "fastapi-prod"),
            verdict=Verdict.DISPROVED,
            reason="claim_missing",
        ),
        Mutant(
            name="no claim was read",
            edit=drop(Volume, at=LOOK),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="the API server is gone",
            edit=blind(Volume, at=LOOK),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def volumes_bound(facts: Facts) -> Finding:
    """Judge every look at the yard."""
    return each_moment(facts, _at_one_moment)


def _at_one_moment(facts: Facts) -> Finding:
    volumes = facts.of(Volume)
    present = {(volume.namespace, volume.claim) for volume in volumes}
    missing = [place for place in REPOSITORIES if volumes and place not in present]
    return merge((
        *map(_bound, volumes),
        *(disproved("claim_missing", f"{namespace} has no claim {name}") for namespace, name in missing),
        *legible(facts, Volume),
    ))  # fmt: skip


def _bound(volume: Volume) -> Finding:
    name = f"{volume.namespace}/{volume.claim}"
    if (volume.claim_phase, volume.volume_phase) != ("Bound", "Bound"):
        return disproved("unbound", f"{name} is {volume.claim_phase}, its volume {volume.volume_phase or 'missing'}")
    if _is_repository(volume) and volume.reclaim_policy != "Retain":
        return disproved("not_retained", f"{name}: reclaim policy {volume.reclaim_policy}")
    return proved(f"{name} is bound to {volume.volume}")
