"""What a person broke is named by the command that the person types next, and is whole again once it is put right."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered, legible
from yardfacts.mutants import blind, change, drop
from yardfacts.verdict import Finding, Verdict, merge

BROKEN = "told-broken"
"""What the command said while it was broken: names and failure."""
WHOLE = "told-whole"
"""What it said after it was put right: success."""


@claim(
    "Where a store cannot start, a volume is full or a credential is wrong, the command that a person types next names "
    "the workload and ends with failure; once it is put right, the same command ends well.",
    mutants=[
        Mutant(
            name="the command does not name it",
            edit=change(Answer, at="told", where=lambda a: a.probe == BROKEN, outcome="wrong", got="nothing; failure"),
            verdict=Verdict.DISPROVED,
            reason="not_named",
        ),
        Mutant(
            name="it stays broken",
            edit=change(Answer, at="told", where=lambda a: a.probe == WHOLE, outcome="wrong", got="failure"),
            verdict=Verdict.DISPROVED,
            reason="not_healed",
        ),
        Mutant(
            name="nobody looked whether it is whole again",
            edit=drop(Answer, at="told", where=lambda a: a.probe == WHOLE),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="nobody looked while it was broken",
            edit=drop(Answer, at="told", where=lambda a: a.probe == BROKEN),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="the command could not be run",
            edit=blind(Answer, at="told"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def trouble_named(facts: Facts) -> Finding:
    """In each environment in which something was broken, both have to have been asked."""
    told = facts.at("told")
    environments = dict.fromkeys(answer.environment for answer in told.of(Answer))
    return merge((
        *legible(told, Answer),
        *(
            finding
            for environment in environments
            for probe, reason in ((BROKEN, "not_named"), (WHOLE, "not_healed"))
            for finding in answered(told, probes=[probe], environments=[environment], reason=reason)
        ),
    ))  # fmt: skip
