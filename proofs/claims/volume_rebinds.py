"""A retained volume outlives its claim: another claim binds it, and the data is there."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered
from yardfacts.mutants import change, drop
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge

ENVIRONMENTS = ("dev", "prod")
MOMENT = "rebound"
WRITTEN, RELEASED, BOUND, READ = "volume-written", "volume-released", "volume-bound-again", "volume-read"


@claim(
    "In both environments a volume of the model repository's kind, whose claim is deleted, is Released, not deleted, "
    "is bound by another claim, and gives back what was written through the first one.",
    mutants=[
        Mutant(
            name="the data is gone",
            edit=change(Answer, at=MOMENT, where=lambda a: a.probe == READ, outcome="wrong", got="no such file"),
            verdict=Verdict.DISPROVED,
            reason="wrong_answer",
        ),
        Mutant(
            name="the volume went with its claim",
            edit=change(Answer, at=MOMENT, where=lambda a: a.probe == RELEASED, outcome="wrong", got="404"),
            verdict=Verdict.DISPROVED,
            reason="not_retained",
        ),
        Mutant(
            name="no claim binds it any more",
            edit=change(Answer, at=MOMENT, where=lambda a: a.probe == BOUND, outcome="wrong", got="Pending"),
            verdict=Verdict.DISPROVED,
            reason="wrong_answer",
        ),
        Mutant(
            name="nothing was written",
            edit=change(Answer, at=MOMENT, where=lambda a: a.probe == WRITTEN, outcome="unanswered"),
            verdict=Verdict.INCONCLUSIVE,
            reason="never_written",
        ),
        Mutant(
            name="nobody read",
            edit=drop(Answer, at=MOMENT, where=lambda a: a.probe == READ),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
    ],
)
def volume_rebinds(facts: Facts) -> Finding:
    """Judge the four looks at the volume, in the order of its life."""
    seen = facts.at(MOMENT)
    return merge((
        *(_named(finding) for finding in answered(seen, probes=(WRITTEN,), environments=ENVIRONMENTS)),
        *(_kept(finding) for finding in answered(seen, probes=(RELEASED,), environments=ENVIRONMENTS)),
        *answered(seen, probes=(BOUND, READ), environments=ENVIRONMENTS),
    ))  # fmt: skip


def _named(finding: Finding) -> Finding:
    """What was never there cannot be lost."""
    if finding.verdict is Verdict.DISPROVED:
        return inconclusive("never_written", finding.detail)
    return finding


def _kept(finding: Finding) -> Finding:
    if finding.verdict is Verdict.DISPROVED:
        return disproved("not_retained", finding.detail)
    return finding
