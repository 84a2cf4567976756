"""The suite proves itself: good evidence is proved, and every mutant of it is killed exactly as its claim declares."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from proofs.claims.trials_watched import NAMED

from yardfacts.catalogue import load_claims
from yardfacts.claims import Claim, Mutant, survivors
from yardfacts.facts import Fact, Facts, Served, Traffic, Unreadable
from yardfacts.verdict import Verdict

CLAIMS = Path(__file__).parents[2] / "claims"
PARTS = [
    pytest.param(claim, mutant, id=f"{name}-{mutant.name}")
    for name, claim in load_claims(CLAIMS).items()
    for mutant in claim.mutants
]


def test_good_evidence_is_proved(claims: Mapping[str, Claim], evidence: Facts) -> None:
    """Every claim holds for an honest run; else its mutants would be killed for nothing."""
    found = {name: claim.decide(evidence) for name, claim in claims.items()}
    assert {name: str(finding) for name, finding in found.items() if finding.verdict is not Verdict.PROVED} == {}


@pytest.mark.parametrize(("claim", "mutant"), PARTS)
def test_mutant_is_killed(claim: Claim, mutant: Mutant, claims: Mapping[str, Claim], evidence: Facts) -> None:
    """The claim reaches the declared verdict for the declared reason, and no claim falls that is not named."""
    alone = Claim(claim.name, claim.sentence, claim.judge, (mutant,))
    others = [Claim(other.name, other.sentence, other.judge, ()) for other in claims.values() if other != claim]
    assert survivors([alone, *others], evidence) == ()


@pytest.mark.parametrize("name", sorted(load_claims(CLAIMS)))
def test_mutants_are_killed_however_much_was_asked(name: str, claims: Mapping[str, Claim], evidence: Facts) -> None:
    """No mutant rests on a number of the evidence that stands here: a live run has other ones, and judges itself."""
    # Callers who name themselves ask as often as they are told to, and not as long as it lasts.
    busier = Facts(tuple((at, fact if at == NAMED else _busier(fact)) for at, fact in evidence.entries))
    assert survivors([claims[name]], busier) == ()


def _busier(fact: Fact) -> Fact:
    if isinstance(fact, Traffic):
        return replace(fact, sent=3 * fact.answered + fact.failed, answered=3 * fact.answered, new=3 * fact.new)
    return replace(fact, answers=3 * fact.answers) if isinstance(fact, Served) else fact


def test_no_evidence_proves_nothing(claims: Mapping[str, Claim]) -> None:
    """Every claim is INCONCLUSIVE when nothing was recorded: emptiness is not absence."""
    assert {claim.decide(Facts()).verdict for claim in claims.values()} == {Verdict.INCONCLUSIVE}


@pytest.mark.parametrize("name", sorted(load_claims(CLAIMS)))
def test_what_could_not_be_read_is_never_proved(name: str, claims: Mapping[str, Claim], evidence: Facts) -> None:
    """An observation that failed, of whatever kind, leaves no claim PROVED at its moment."""
    blinded = evidence
    for moment in evidence.moments():
        blinded = blinded.plus(moment, [Unreadable(what="everything", error="HTTP 503")])
    assert claims[name].decide(blinded).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("name", sorted(load_claims(CLAIMS)))
def test_every_claim_can_be_disproved_and_left_open(name: str, claims: Mapping[str, Claim]) -> None:
    """A claim has mutants of both kinds: one that shows the opposite, one that shows nothing."""
    assert {mutant.verdict for mutant in claims[name].mutants} == {Verdict.DISPROVED, Verdict.INCONCLUSIVE}


@pytest.mark.parametrize("path", sorted(CLAIMS.glob("*.py")), ids=lambda path: path.stem)
def test_claims_import_only_facts(path: Path) -> None:
    """A claim imports the standard library and yardfacts, so that anybody can replay it without a cluster."""
    imported = {name.partition(".")[0] for node in ast.walk(ast.parse(path.read_text())) for name in _names(node)}
    assert imported <= {"__future__", "collections", "dataclasses", "re", "typing", "yardfacts"}


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return []
