"""A claim carries its mutants, decides whatever the evidence, and stands in a file of its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from yardfacts.catalogue import NotAClaim, load_claims
from yardfacts.claims import Mutant, claim, survivors
from yardfacts.facts import Facts, Root
from yardfacts.mutants import NothingToChange, change, drop, plant
from yardfacts.verdict import Finding, Verdict, disproved, proved

GOOD = Facts().plus("now", [Root(name="r", http_status=404)])


def _mutant(*, reason: str = "there") -> Mutant:
    return Mutant(name="m", edit=change(Root, at="now", http_status=200), verdict=Verdict.DISPROVED, reason=reason)


def absent(facts: Facts) -> Finding:
    """Read the first root."""
    (root,) = facts.of(Root)
    return proved("404") if root.http_status == 404 else disproved("there", "200")


def test_a_claim_without_mutants_is_refused() -> None:
    """A claim that nothing can break proves nothing."""
    with pytest.raises(ValueError, match="declares no mutant"):
        claim("It is absent.", mutants=[])


def test_a_judge_that_stumbles_decides_nothing() -> None:
    """An exception inside a judge is no verdict about the yard."""
    finding = claim("It is absent.", mutants=[_mutant()])(absent).decide(Facts())
    assert (finding.verdict, finding.reason) == (Verdict.INCONCLUSIVE, "judge_stumbled")


def test_a_killed_mutant_leaves_no_survivor() -> None:
    """Verdict and reason as declared: killed."""
    assert survivors([claim("It is absent.", mutants=[_mutant()])(absent)], GOOD) == ()


def test_another_reason_is_a_survivor() -> None:
    """Red for the wrong reason is a defect of the suite."""
    (left,) = survivors([claim("It is absent.", mutants=[_mutant(reason="other")])(absent)], GOOD)
    assert (left.mutant, left.wanted) == ("m", "DISPROVED (other)")


def test_a_claim_that_falls_undeclared_is_a_survivor() -> None:
    """A mutant that takes another claim along has to say so."""
    own = claim("It is absent.", mutants=[_mutant()])(absent)

    def also(facts: Facts) -> Finding:
        return absent(facts)

    other = claim("It is absent, too.", mutants=[_mutant()])(also)
    assert {left.wanted for left in survivors([own, other], GOOD)} == {"absent stays PROVED", "also stays PROVED"}


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(change(Root, at="then", http_status=200), id="change"),
        pytest.param(drop(Root, at="then"), id="drop"),
    ],
)
def test_an_edit_that_finds_nothing_is_an_error(edit: object) -> None:
    """A mutant that changes nothing would survive for a wrong reason."""
    with pytest.raises(NothingToChange):
        edit(GOOD)  # type: ignore[operator]  # a table of edits


def test_edits_leave_everything_else(tmp_path: Path) -> None:
    """Planting adds one fact, changing replaces one, dropping removes those meant."""
    more = plant(Root(name="s", http_status=200), at="now")(GOOD)
    assert len(more.of(Root)) == 2
    changed = change(Root, at="now", where=lambda root: root.name == "s", http_status=404)(more)
    assert [root.http_status for root in changed.of(Root)] == [404, 404]
    assert drop(Root, at="now", where=lambda root: root.name == "s")(more) == GOOD


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("absent.py", "other = 1\n", id="no claim of that name"),
        pytest.param("absent.py", "absent = 1\n", id="not a claim"),
        pytest.param("notes.txt", "", id="no file"),
    ],
)
def test_a_folder_without_its_claims_is_refused(name: str, text: str, tmp_path: Path) -> None:
    """A claim that cannot be found is an error before anything runs, not a claim less."""
    (tmp_path / name).write_text(text)
    with pytest.raises(NotAClaim):
        load_claims(tmp_path)
