"""Every change starts as a commit: what is committed to the git source is what the cluster gets."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Application, Barrier, Commit, Facts
from yardfacts.judges import answered, applications_settled, legible
from yardfacts.mutants import blind, change, drop
from yardfacts.verdict import Finding, Verdict, inconclusive, merge, proved

APPLICATION = "dev-support"
OBJECT = "committed-object"


def _is_it(application: Application) -> bool:
    return application.name == APPLICATION


@claim(
    "A file that is committed arrives: the object is there with the committed content, and its Application is Synced "
    "and Healthy at that very commit.",
    mutants=[
        Mutant(
            name="the object does not arrive",
            edit=change(Answer, at="committed", where=lambda a: a.probe == OBJECT, outcome="unanswered", got="404"),
            verdict=Verdict.DISPROVED,
            reason="unanswered",
            collateral=("removed_is_pruned",),
        ),
        Mutant(
            name="it arrives with other content",
            edit=change(Answer, at="committed", where=lambda a: a.probe == OBJECT, outcome="wrong", got="older"),
            verdict=Verdict.DISPROVED,
            reason="wrong_answer",
            collateral=("removed_is_pruned",),
        ),
        Mutant(
            name="its application is still at the commit before",
            edit=change(Application, at="committed", where=_is_it, revisions=("0" * 40,)),
            verdict=Verdict.DISPROVED,
            reason="wrong_revision",
            collateral=("core_settled",),
        ),
        Mutant(
            name="there was no new commit",
            edit=lambda facts: change(Commit, at="committed", served=facts.at("before").of(Commit)[0].served)(facts),
            verdict=Verdict.DISPROVED,
            reason="wrong_revision",
            collateral=("core_settled",),
        ),
        Mutant(
            name="nobody looked for the object",
            edit=drop(Answer, at="committed", where=lambda a: a.probe == OBJECT),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
            collateral=("removed_is_pruned",),
        ),
        Mutant(
            name="the git source could not be read",
            edit=blind(Commit, at="committed"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
            collateral=("core_settled",),
        ),
    ],
)
def commit_arrives(facts: Facts) -> Finding:
    """Compare the moment after the commit with the moment before it."""
    before, after = facts.at("before"), facts.at("committed")
    one = after.where(Application, _is_it).where(Barrier, lambda barrier: barrier.application == APPLICATION)
    return merge((
        *answered(after, probes=(OBJECT,), environments=("dev",)),
        *applications_settled(one, expected=(APPLICATION,)),
        *legible(before, Commit),
        _is_new(before, after),
    ))  # fmt: skip


def _is_new(before: Facts, after: Facts) -> Finding:
    old = {commit.served for commit in before.of(Commit)}
    new = {commit.served for commit in after.of(Commit)}
    if old & new:
        return inconclusive("same_commit", "what was served did not change, so nothing arrived")
    return proved("another commit is served than before")
