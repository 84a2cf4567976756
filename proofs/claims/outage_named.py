"""
What is away is named where a person looks first.

That the command ends with failure is no part of it: a store is taken away while Argo CD is silenced, and then the
command ends with failure whatever it has seen.
"""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered
from yardfacts.mutants import asked, blind, change, drop
from yardfacts.verdict import Finding, Verdict, merge


@claim(
    "While a store is away, `switchyard status` names it.",
    mutants=[
        Mutant(
            name="it is not named",
            edit=change(
                Answer,
                at="broken",
                where=asked("status", "dev"),
                outcome="wrong",
                got="baseline-dev/loki-dev not named",
            ),
            verdict=Verdict.DISPROVED,
            reason="not_named",
        ),
        Mutant(
            name="nobody asked",
            edit=drop(Answer, at="broken"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="the command could not be run",
            edit=blind(Answer, at="broken"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def outage_named(facts: Facts) -> Finding:
    """Read what the command said while something was away."""
    return merge(answered(facts.at("broken"), probes=("status",), environments=("dev",), reason="not_named"))
