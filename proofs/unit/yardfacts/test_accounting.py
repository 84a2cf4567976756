"""Mutants are killed on the facts of the run itself, or the run says that they were not."""

from __future__ import annotations

from pathlib import Path

import pytest

from yardfacts.accounting import Account, account, accounts_of, body_of
from yardfacts.claims import Claim, Mutant
from yardfacts.facts import Facts, Root
from yardfacts.journal import Journal, read
from yardfacts.mutants import LOOK, change, drop
from yardfacts.redact import Redactor
from yardfacts.verdict import Finding, Verdict, inconclusive, proved

GONE = Root(name="root", http_status=404)


def _gone(facts: Facts) -> Finding:
    """Forgets to look at what the root answered."""
    return proved("asked") if facts.of(Root) else inconclusive("no_evidence", "nobody asked")


KILLED = Mutant(name="nobody asked", edit=drop(Root, at="now"), verdict=Verdict.INCONCLUSIVE, reason="no_evidence")
SURVIVES = Mutant(
    name="it is there", edit=change(Root, at="now", http_status=200), verdict=Verdict.DISPROVED, reason="there"
)
IDLE = Mutant(name="later", edit=drop(Root, at="later"), verdict=Verdict.INCONCLUSIVE, reason="no_evidence")
UNSEEN = Mutant(name="unseen", edit=drop(Root, at=LOOK), verdict=Verdict.INCONCLUSIVE, reason="no_evidence")


def _accounts(folder: Path, *mutants: Mutant, stages: tuple[str, ...] = ("p20",)) -> list[Account]:
    journal = Journal(folder / "journal.jsonl", redactor=Redactor())
    for stage in stages:
        journal.fact(stage=stage, moment="now" if stage == "p20" else "later", fact=GONE)
        body = {"claim": "gone", "sentence": "s", "verdict": "PROVED", "reason": "holds", "detail": ""}
        journal.write("finding", test="t", stage=stage, **body)
    claims = {"gone": Claim("gone", "It is gone.", _gone, mutants)}
    found = list(account(read(journal.path), claims))
    for one in found:
        journal.write("mutants", **body_of(one))
    journal.close()
    assert list(accounts_of(read(journal.path))) == found, "an account comes back from the journal as it was"
    return found


def test_a_killed_mutant_is_counted(tmp_path: Path) -> None:
    """The claim said on the run's own facts what the mutant declares; what could not be applied counts for nothing."""
    (one,) = _accounts(tmp_path, KILLED, IDLE, UNSEEN)
    assert (one.killed, one.not_applicable, one.tried, one.defect) == (("nobody asked",), ("later", "unseen"), 1, "")


def test_a_survivor_is_a_defect(tmp_path: Path) -> None:
    """A judge that does not look at what it judges is found out by the run that it deceived."""
    (one,) = _accounts(tmp_path, KILLED, SURVIVES)
    assert "after 'it is there' it had to say DISPROVED (there), and said PROVED (holds)" in one.defect


def test_a_claim_that_nothing_could_break_is_a_defect(tmp_path: Path) -> None:
    """Mutants that find nothing to break kill nothing."""
    (one,) = _accounts(tmp_path, IDLE)
    assert one.defect == "gone: no mutant could be applied to what proved it"


def test_a_mutant_is_tried_wherever_the_claim_was_proved(tmp_path: Path) -> None:
    """One of several stages is enough to kill it, and one is enough to survive."""
    (one,) = _accounts(tmp_path, KILLED, IDLE, SURVIVES, stages=("p20", "p30"))
    assert (one.stages, one.killed) == (("p20", "p30"), ("nobody asked", "later"))
    assert [(left.stage, left.mutant) for left in one.survived] == [("p20", "it is there")]


@pytest.mark.parametrize("claims", [{}, {"gone": Claim("gone", "s", lambda _: inconclusive("r", ""), (KILLED,))}])
def test_a_claim_that_says_something_else_has_no_account(tmp_path: Path, claims: dict[str, Claim]) -> None:
    """One that is no more, or would not be proved again: reckoning misses its account."""
    _accounts(tmp_path, KILLED)
    assert list(account(read(tmp_path / "journal.jsonl"), claims)) == []
