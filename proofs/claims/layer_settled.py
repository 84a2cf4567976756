"""The attached layer is what git says, and runs."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Application, Barrier, Facts, Root, Workload
from yardfacts.judges import applications_settled, legible, rolled_out
from yardfacts.mutants import blind, change, drop
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

ROOT = "root-optional"
NAMESPACES = ("feature-store-dev", "feature-store-prod")
EXPECTED = (ROOT, "optional-envs-dev", "optional-envs-prod", "feast-dev", "feast-prod")
"""Said a second time, on purpose: a list that is read from the cluster cannot miss anything."""


def _is_store(application: Application) -> bool:
    return application.name == "feast-dev"


def _is_stores(barrier: Barrier) -> bool:
    return barrier.application == "feast-dev"


def _is_layers(workload: Workload) -> bool:
    return workload.namespace in NAMESPACES


def _is_the_layers(root: Root) -> bool:
    return root.name == ROOT


@claim(
    "When the layer is attached, its root and every child answer the barrier, are Synced and Healthy at the served "
    "commit with prune and self-heal, and every workload of the layer is rolled out.",
    mutants=[
        Mutant(
            name="a child drifts",
            edit=change(Application, at="attached", where=_is_store, sync="OutOfSync"),
            verdict=Verdict.DISPROVED,
            reason="out_of_sync",
            collateral=("all_settled",),
        ),
        Mutant(
            name="a child is missing",
            edit=drop(Application, at="attached", where=_is_store),
            verdict=Verdict.DISPROVED,
            reason="application_missing",
        ),
        Mutant(
            name="the root is not there",
            edit=change(Root, at="attached", where=_is_the_layers, http_status=404),
            verdict=Verdict.DISPROVED,
            reason="root_absent",
        ),
        Mutant(
            name="nobody asked for the root",
            edit=drop(Root, at="attached", where=_is_the_layers),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="the online store does not run",
            edit=change(Workload, at="attached", where=_is_layers, ready=0),
            verdict=Verdict.DISPROVED,
            reason="not_rolled_out",
        ),
        Mutant(
            name="the layer has no workload",
            edit=drop(Workload, at="attached", where=_is_layers),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="its controller does not answer",
            edit=change(Barrier, at="attached", where=_is_stores, answered=False),
            verdict=Verdict.INCONCLUSIVE,
            reason="barrier_unanswered",
            collateral=("all_settled",),
        ),
        Mutant(
            name="the API server is gone",
            edit=blind(Root, at="attached"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def layer_settled(facts: Facts) -> Finding:
    """Read the layer's part of what was seen after the attach."""
    on = facts.at("attached").where(Root, _is_the_layers)
    layer = on.where(Application, lambda application: application.layer == "optional").where(Workload, _is_layers)
    return merge((
        *map(_answer, on.of(Root)),
        *legible(on, Root),
        *applications_settled(layer, expected=EXPECTED),
        *rolled_out(layer),
    ))  # fmt: skip


def _answer(root: Root) -> Finding:
    if root.http_status == 200:
        return proved(f"{root.name}: 200")
    if root.http_status == 404:
        return disproved("root_absent", f"{root.name}: 404")
    return inconclusive("no_explicit_answer", f"{root.name}: HTTP {root.http_status} is neither yes nor no")
