"""Core and Baseline work, which no status code shows: a known inference comes out, an object comes back."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered, each_moment
from yardfacts.mutants import LOOK, blind, change, drop
from yardfacts.verdict import Finding, Verdict, merge

ENVIRONMENTS = ("dev", "prod")
PROBES = ("gateway", "minio")
"""An inference through the gateway with golden output and model version; an object written and read back."""
WHILE_OFF = "features-absent"
"""While the layer is off, the same inference, which has to say that it did without features."""


def _is_inference(answer: Answer) -> bool:
    return answer.probe == "gateway" and answer.environment == "prod"


@claim(
    "In both environments the gateway answers a known inference with its known output and model version, saying that "
    "features are absent while the layer is off, and the object store gives back what was written.",
    mutants=[
        Mutant(
            name="a model answers wrongly",
            edit=change(Answer, at=LOOK, where=_is_inference, outcome="wrong", got="class 2"),
            verdict=Verdict.DISPROVED,
            reason="wrong_answer",
        ),
        Mutant(
            name="a gateway does not answer",
            edit=change(Answer, at=LOOK, where=_is_inference, outcome="unanswered", got="connection refused"),
            verdict=Verdict.DISPROVED,
            reason="unanswered",
        ),
        Mutant(
            name="an environment was not asked",
            edit=drop(Answer, at=LOOK, where=_is_inference),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="nobody asked whether it does without features",
            edit=drop(Answer, at="detached", where=lambda answer: answer.probe == WHILE_OFF),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
            collateral=("features_reported",),
        ),
        Mutant(
            name="an outcome that nobody knows",
            edit=change(Answer, at=LOOK, where=_is_inference, outcome="fine"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unknown_outcome",
        ),
        Mutant(
            name="the addresses could not be looked up",
            edit=blind(Answer, at=LOOK),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
            collateral=("services_ready",),
        ),
    ],
)
def core_serves(facts: Facts) -> Finding:
    """Judge every look at the yard."""
    return each_moment(facts, _at_one_moment)


def _at_one_moment(facts: Facts) -> Finding:
    is_off = facts.moments() == ("detached",)
    probes = (*PROBES, WHILE_OFF) if is_off else PROBES
    return merge(answered(facts, probes=probes, environments=ENVIRONMENTS))
