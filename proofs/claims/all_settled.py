"""After the attach nothing at all is out of order, whoever it belongs to."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Application, Barrier, Facts
from yardfacts.judges import applications_settled
from yardfacts.mutants import blind, change, drop, plant
from yardfacts.verdict import Finding, Verdict, merge

STRANGER = Application(
    name="stranger",
    uid="0000-stranger",
    layer="",
    project="default",
    sync="OutOfSync",
    health="Missing",
    revisions=(),
    operation="",
    error_conditions=(),
    compared_to_spec=True,
    automated=False,
    prune=False,
    self_heal=False,
    finalizers=(),
    deleting=False,
    parent="",
)


@claim(
    "After the attach every Application that exists answers the barrier, and is Synced and Healthy at the served "
    "commit.",
    mutants=[
        Mutant(
            name="an application that nobody expected is broken",
            edit=lambda facts: plant(
                Barrier(application="stranger", answered=True, refreshes_consumed=2, waited_s=0.1), at="attached"
            )(plant(STRANGER, at="attached")(facts)),
            verdict=Verdict.DISPROVED,
            reason="out_of_sync",
        ),
        Mutant(
            name="a child of the layer is degraded",
            edit=change(
                Application, at="attached", where=lambda application: application.layer == "optional", health="Degraded"
            ),
            verdict=Verdict.DISPROVED,
            reason="unhealthy",
            collateral=("layer_settled",),
        ),
        Mutant(
            name="there is no application",
            edit=drop(Application, at="attached"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
            collateral=("core_settled", "layer_settled"),
        ),
        Mutant(
            name="the API server is gone",
            edit=blind(Application, at="attached"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
            collateral=("core_settled", "layer_settled"),
        ),
    ],
)
def all_settled(facts: Facts) -> Finding:
    """Read every Application seen after the attach."""
    return merge(applications_settled(facts.at("attached"), expected=()))
