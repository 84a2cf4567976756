"""What is edited by hand is put back: git decides, not whoever has access."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered
from yardfacts.mutants import blind, change, drop
from yardfacts.verdict import Finding, Verdict, inconclusive, merge

EDITED, OBJECT = "edited-object", "committed-object"


@claim(
    "A hand edit that the API server accepted is reverted to what is committed.",
    mutants=[
        Mutant(
            name="the edit stays",
            edit=change(Answer, at="healed", where=lambda a: a.probe == OBJECT, outcome="wrong", got="edited"),
            verdict=Verdict.DISPROVED,
            reason="wrong_answer",
        ),
        Mutant(
            name="the edit was never accepted",
            edit=change(Answer, at="healed", where=lambda a: a.probe == EDITED, outcome="wrong", got="committed"),
            verdict=Verdict.INCONCLUSIVE,
            reason="never_edited",
        ),
        Mutant(
            name="nobody edited",
            edit=drop(Answer, at="healed", where=lambda a: a.probe == EDITED),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="the API server is gone",
            edit=blind(Answer, at="healed"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def hand_edit_reverted(facts: Facts) -> Finding:
    """Read what the API server said right after the edit, and later."""
    healed = facts.at("healed")
    return merge((
        *(_seen(finding) for finding in answered(healed, probes=(EDITED,), environments=("dev",))),
        *answered(healed, probes=(OBJECT,), environments=("dev",)),
    ))  # fmt: skip


def _seen(finding: Finding) -> Finding:
    """An edit that never took effect cannot be reverted."""
    if finding.verdict is Verdict.DISPROVED:
        return inconclusive("never_edited", finding.detail)
    return finding
