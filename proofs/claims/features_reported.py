"""The gateway finds out by itself whether the feature store is attached, and says so in every answer."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered
from yardfacts.mutants import blind, change, drop
from yardfacts.verdict import Finding, Verdict, merge

ENVIRONMENTS = ("dev", "prod")
WHILE_OFF, WHILE_ON = "features-absent", "features-online"


@claim(
    "In both environments the gateway reports the features absent while the layer is off, and online once it is "
    "attached.",
    mutants=[
        Mutant(
            name="online although it is off",
            edit=change(Answer, at="detached", where=lambda a: a.probe == WHILE_OFF, outcome="wrong", got="online"),
            verdict=Verdict.DISPROVED,
            reason="wrong_answer",
            collateral=("core_serves",),
        ),
        Mutant(
            name="absent although it is attached",
            edit=change(Answer, at="attached", where=lambda a: a.probe == WHILE_ON, outcome="wrong", got="absent"),
            verdict=Verdict.DISPROVED,
            reason="wrong_answer",
        ),
        Mutant(
            name="nobody asked after the attach",
            edit=drop(Answer, at="attached", where=lambda a: a.probe == WHILE_ON),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="the addresses could not be looked up",
            edit=blind(Answer, at="detached"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
            collateral=("core_serves", "data_survives", "services_ready"),
        ),
    ],
)
def features_reported(facts: Facts) -> Finding:
    """Read what the gateways said before and after the attach."""
    return merge((
        *answered(facts.at("detached"), probes=(WHILE_OFF,), environments=ENVIRONMENTS),
        *answered(facts.at("attached"), probes=(WHILE_ON,), environments=ENVIRONMENTS),
    ))  # fmt: skip
