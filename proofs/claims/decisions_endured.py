"""Promotions and rollbacks in a row: each of them happens."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered, presupposed
from yardfacts.mutants import asked, blind, change, drop
from yardfacts.verdict import Finding, Verdict, merge

ENVIRONMENTS = ("dev", "prod")
SWUNG = "swung"
BEGUN, COUNTED, LAYERED = ("deployed", "swung"), ("promotions", "rollbacks"), ("layer-meanwhile",)
"""The optional layer was on, off, or toggled, as whoever proves wants it: the last answer says which."""


@claim(
    "In both environments twenty rollbacks and twenty promotions in a row are all committed.",
    mutants=[
        Mutant(
            name="one of them fails, and ends the row",
            edit=change(Answer, at=SWUNG, where=asked("swung", "prod"), outcome="wrong", got="exit code 1"),
            verdict=Verdict.DISPROVED,
            reason="broken_off",
        ),
        Mutant(
            name="a rollback was not committed",
            edit=change(Answer, at=SWUNG, where=asked("rollbacks", "dev"), outcome="wrong", got="19 committed"),
            verdict=Verdict.DISPROVED,
            reason="not_committed",
        ),
        Mutant(
            name="the row was over before the layer was back",
            edit=change(
                Answer, at=SWUNG, where=asked("layer-meanwhile", "prod"), outcome="wrong", got="detached at the end"
            ),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_meanwhile",
        ),
        Mutant(
            name="nobody counted promotions",
            edit=drop(Answer, at=SWUNG, where=asked("promotions", "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="an outcome that nobody knows",
            edit=change(Answer, at=SWUNG, where=asked("promotions", "dev"), outcome="fine"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unknown_outcome",
        ),
        Mutant(
            name="nothing was recorded",
            edit=drop(Answer, at=SWUNG),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="the ledger could not be read",
            edit=blind(Answer, at=SWUNG),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def decisions_endured(facts: Facts) -> Finding:
    """What users got meanwhile is another claim's; how long each took is reported, and not judged."""
    swung = facts.at(SWUNG)
    return merge((
        *answered(swung, probes=BEGUN, environments=ENVIRONMENTS, reason="broken_off"),
        *answered(swung, probes=COUNTED, environments=ENVIRONMENTS, reason="not_committed"),
        *presupposed(swung, probes=LAYERED, environments=ENVIRONMENTS, reason="not_meanwhile"),
    ))  # fmt: skip
