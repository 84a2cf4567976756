"""Argo CD itself has nothing of the layer: the API server says 404 to its root, which is not the same as silence."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Application, Facts, ObjectRef, Root, Sweep
from yardfacts.judges import legible
from yardfacts.mutants import blind, change, drop
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

ROOT = "root-optional"
ARGO_KINDS = ("Application.argoproj.io", "ApplicationSet.argoproj.io")
LEFT = ObjectRef(kind=ARGO_KINDS[1], namespace="argocd", name="feast", uid="0000-left")


def _is_the_layers(root: Root) -> bool:
    return root.name == ROOT


@claim(
    "While the layer is off, the API server answers 404 to its root, and no Application or ApplicationSet of it is "
    "there.",
    mutants=[
        Mutant(
            name="the root is still there",
            edit=change(Root, at="detached", where=_is_the_layers, http_status=200),
            verdict=Verdict.DISPROVED,
            reason="root_present",
        ),
        Mutant(
            name="the answer is no answer",
            edit=change(Root, at="detached", where=_is_the_layers, http_status=503),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_explicit_answer",
        ),
        Mutant(
            name="an application of the layer is still there",
            edit=change(Application, at="detached", layer="optional"),
            verdict=Verdict.DISPROVED,
            reason="application_present",
            collateral=("core_settled",),
        ),
        Mutant(
            name="an ApplicationSet of the layer is still there",
            edit=change(Sweep, at="detached", found=(LEFT,)),
            verdict=Verdict.DISPROVED,
            reason="application_present",
        ),
        Mutant(
            name="the list of applications is empty",
            edit=drop(Application, at="detached"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
            collateral=("core_settled",),
        ),
        Mutant(
            name="nobody asked for the root",
            edit=drop(Root, at="detached", where=_is_the_layers),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="the API server is gone",
            edit=blind(Root, at="detached"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def root_absent(facts: Facts) -> Finding:
    """Read the root's answer, the list of Applications, and what the sweep found of Argo CD's kinds."""
    off = facts.at("detached").where(Root, _is_the_layers)
    return merge((
        *map(_answer, off.of(Root)),
        *(_foreign(application) for application in off.of(Application)),
        *(disproved("application_present", f"{ref} is left")
          for sweep in off.of(Sweep) for ref in sweep.found if ref.kind in ARGO_KINDS),
        *legible(off, Root, Application, Sweep),
    ))  # fmt: skip


def _answer(root: Root) -> Finding:
    if root.http_status == 404:
        return proved(f"{root.name}: 404")
    if root.http_status == 200:
        return disproved("root_present", f"{root.name}: 200")
    return inconclusive("no_explicit_answer", f"{root.name}: HTTP {root.http_status} is neither yes nor no")


def _foreign(application: Application) -> Finding:
    if application.layer == "optional":
        return disproved("application_present", f"{application.name} is there")
    return proved(f"{application.name} belongs to {application.layer or 'nobody'}")
