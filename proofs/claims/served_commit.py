"""The evidence is about one commit: the one under test, served as it is but for what bring-up generates."""

from __future__ import annotations

import re

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Application, Commit, Facts
from yardfacts.judges import legible, observed
from yardfacts.mutants import LOOK, blind, change, drop
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

GENERATED = tuple(f"gitops/profiles/embedded/{name}.yaml" for name in ("node", "sealed-secrets", "secrets"))
"""What bring-up adds, for no commit can know it: the images it built, the node's addresses, secrets sealed for it."""

SHA = re.compile(r"[0-9a-f]{40}")


@claim(
    "The git source serves the commit under test, and Argo CD compares with what the git source serves.",
    mutants=[
        Mutant(
            name="something else is served",
            edit=change(Commit, at="before", on_top=("gitops/core/charts/triton/values.yaml",)),
            verdict=Verdict.DISPROVED,
            reason="other_content",
        ),
        Mutant(
            name="the root compares with another commit",
            edit=change(Application, at=LOOK, where=lambda a: a.name == "root-apps", revisions=("0" * 40,)),
            verdict=Verdict.DISPROVED,
            reason="other_revision",
            collateral=("core_settled",),
        ),
        Mutant(
            name="the proof does not put the commit back",
            edit=change(Commit, at="returned", on_top=("gitops/core/charts/support/templates/scratch.yaml",)),
            verdict=Verdict.DISPROVED,
            reason="other_content",
        ),
        Mutant(
            name="the commit has no name",
            edit=change(Commit, at=LOOK, sha="main"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_commit",
        ),
        Mutant(
            name="the git source could not be read",
            edit=blind(Commit, at=LOOK),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
            collateral=("core_settled", "commit_arrives"),
        ),
        Mutant(
            name="no application was read",
            edit=drop(Application, at="returned"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
            collateral=("core_settled",),
        ),
    ],
)
def served_commit(facts: Facts) -> Finding:
    """Judge the first and the last look: in between a proof may commit on purpose."""
    moments = observed(facts)
    if not moments:
        return merge(legible(facts, Commit))
    return merge(
        finding for moment in dict.fromkeys((moments[0], moments[-1])) for finding in _at_one_moment(facts.at(moment))
    )


def _at_one_moment(facts: Facts) -> tuple[Finding, ...]:
    served = {commit.served for commit in facts.of(Commit)}
    return (
        *map(_commit, facts.of(Commit)),
        *(_compared(application, served) for application in facts.of(Application) if application.layer == "core"),
        *legible(facts, Commit, Application),
    )


def _commit(commit: Commit) -> Finding:
    if not SHA.fullmatch(commit.sha) or not SHA.fullmatch(commit.served):
        return inconclusive("no_commit", f"under test {commit.sha!r}, served {commit.served!r}")
    foreign = [path for path in commit.on_top if path not in GENERATED]
    if foreign:
        return disproved("other_content", f"{commit.served[:10]} also changes {', '.join(foreign)}")
    note = ", with uncommitted changes" if commit.dirty else ""
    return proved(f"{commit.served[:10]} serves {commit.sha[:10]}{note}")


def _compared(application: Application, served: set[str]) -> Finding:
    if not application.revisions or not set(application.revisions) <= served:
        return disproved("other_revision", f"{application.name}: {', '.join(application.revisions) or 'none'}")
    return proved(f"{application.name} compares with it")
