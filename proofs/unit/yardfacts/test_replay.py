"""Judging again reads a journal as it was written: each finding on the facts that its stage had by then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from yardfacts.claims import Claim
from yardfacts.facts import Facts, Root
from yardfacts.journal import Journal, read
from yardfacts.redact import Redactor
from yardfacts.replay import replay
from yardfacts.verdict import Finding, disproved, inconclusive, proved

GONE, THERE = Root(name="root", http_status=404), Root(name="root", http_status=200)


def _gone(facts: Facts) -> Finding:
    seen = facts.of(Root)
    if not seen:
        return inconclusive("no_evidence", "nobody asked")
    return proved("404") if seen[-1].http_status == 404 else disproved("there", "200")


CLAIMS = {"gone": Claim("gone", "It is gone.", _gone, ())}

Write = Callable[[Journal], object]


def _finding(verdict: str, reason: str, *, stage: str = "p20", claim: str = "gone") -> Write:
    body = {"claim": claim, "sentence": "s", "verdict": verdict, "reason": reason, "detail": "in other words"}
    return lambda journal: journal.write("finding", test="t", stage=stage, **body)


def _fact(root: Root, *, stage: str = "p20") -> Write:
    return lambda journal: journal.fact(stage=stage, moment="now", fact=root)


def _control(got: str) -> Write:
    body = {"claim": "gone", "broken": "b", "wanted": got, "got": got, "detail": "d"}
    return lambda journal: journal.write("control", test="t", stage="p90", **body)


@pytest.mark.parametrize(
    ("writes", "found"),
    [
        pytest.param([_fact(GONE), _finding("PROVED", "holds")], [], id="the same"),
        pytest.param([_finding("INCONCLUSIVE", "no_evidence"), _fact(GONE)], [], id="facts come after it"),
        pytest.param(
            [_fact(THERE, stage="p10"), _fact(GONE), _finding("PROVED", "holds")], [], id="facts of another stage"
        ),
        pytest.param(
            [_fact(THERE), _finding("PROVED", "holds")],
            ["record 1: gone in p20 said PROVED (holds), and now says DISPROVED (there)"],
            id="another verdict",
        ),
        pytest.param(
            [_fact(THERE), _finding("DISPROVED", "remains")],
            ["record 1: gone in p20 said DISPROVED (remains), and now says DISPROVED (there)"],
            id="another reason",
        ),
        pytest.param([_fact(THERE, stage="p90"), _control("DISPROVED (there)")], [], id="a control"),
        pytest.param(
            [_fact(GONE, stage="p90"), _control("DISPROVED (there)")],
            ["record 1: gone in p90 said DISPROVED (there), and now says PROVED (holds)"],
            id="a control that was not broken",
        ),
        pytest.param(
            [_finding("PROVED", "holds", claim="went")],
            ["record 0: went in p20 said PROVED (holds), and now says nothing: there is no such claim"],
            id="no such claim",
        ),
    ],
)
def test_a_journal_is_judged_again(tmp_path: Path, writes: list[Write], found: list[str]) -> None:
    """Verdict and reason have to be the same; the words may be others."""
    journal = Journal(tmp_path / "journal.jsonl", redactor=Redactor())
    for write in writes:
        write(journal)
    journal.close()
    assert list(map(str, replay(read(journal.path), CLAIMS))) == found
