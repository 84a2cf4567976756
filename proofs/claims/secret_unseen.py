"""Evidence is for everybody: a secret that the proof comes across is not in it."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered
from yardfacts.mutants import asked, blind, change, drop
from yardfacts.verdict import Finding, Verdict, inconclusive, merge

MOMENT = "planted"
PLANTED = ("secret-in-pod", "secret-in-log")
"""The secret is where a proof looks: in a pod's environment, and in a line that a pod wrote."""
KEPT_OUT = "secret-in-evidence"


@claim(
    "A secret that stands in a pod's environment and in what a pod wrote stands in no file of the evidence, although "
    "the proof looked at both and nobody told it that this is a secret.",
    mutants=[
        Mutant(
            name="a file has it",
            edit=change(Answer, at=MOMENT, where=asked(KEPT_OUT, "dev"), outcome="wrong", got="journal.jsonl"),
            verdict=Verdict.DISPROVED,
            reason="leaked",
        ),
        Mutant(
            name="it never was in the pod",
            edit=change(Answer, at=MOMENT, where=asked("secret-in-pod", "dev"), outcome="wrong", got="not there"),
            verdict=Verdict.INCONCLUSIVE,
            reason="never_planted",
        ),
        Mutant(
            name="it never was in the log",
            edit=change(Answer, at=MOMENT, where=asked("secret-in-log", "dev"), outcome="unanswered", got="refused"),
            verdict=Verdict.INCONCLUSIVE,
            reason="never_planted",
        ),
        Mutant(
            name="nobody searched the evidence",
            edit=drop(Answer, at=MOMENT, where=asked(KEPT_OUT, "dev")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="the API server is gone",
            edit=blind(Answer, at=MOMENT),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def secret_unseen(facts: Facts) -> Finding:
    """Read where the secret was found, and where not."""
    planted = facts.at(MOMENT)
    return merge((
        *(_needed(finding) for finding in answered(planted, probes=PLANTED, environments=("dev",))),
        *answered(planted, probes=(KEPT_OUT,), environments=("dev",), reason="leaked"),
    ))  # fmt: skip


def _needed(finding: Finding) -> Finding:
    """What is nowhere cannot be kept out."""
    return inconclusive("never_planted", finding.detail) if finding.verdict is Verdict.DISPROVED else finding
