"""What is signed says what the specification's reader expects: in-toto's test-result, with our verdict beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from yardfacts.attest import statement
from yardfacts.facts import Timing
from yardfacts.journal import Ending, Journal, read
from yardfacts.reckoning import reckon
from yardfacts.redact import Redactor

TESTS = ("a", "b")


def _stated(tmp_path: Path, *, verdict: str = "PROVED", outcomes: tuple[str, ...] = ("passed", "passed"),
            took_s: float = 1.0) -> dict[str, Any]:  # fmt: skip
    """Two tests; a duration is measured in the second, against a budget of 2 s."""
    journal = Journal(tmp_path / "journal.jsonl", redactor=Redactor())
    journal.write("begin", format=2, run="r", claims={"claims/x.py": "1" * 64})
    journal.write("plan", tests=[{"test": t, "stage": "p20", "title": t} for t in TESTS], partial=False, left_out=[])
    journal.write("target", commit="c" * 40, dirty="false")
    body = {"claim": "x", "sentence": "s", "verdict": verdict, "reason": "holds", "detail": "d"}
    journal.write("finding", test="a", stage="p20", **body)
    for test, outcome in zip(TESTS, outcomes, strict=False):
        if test == "b":
            journal.fact(stage="p20", moment="m", fact=Timing(phase="detach", took_s=took_s, budget_s=2.0))
        journal.write("test", test=test, stage="p20", outcome=outcome, detail="", took_s=1.0)
    journal.end(Ending.COMPLETED)
    history = read(journal.path)
    plain: dict[str, Any] = json.loads(statement(history, reckon(history), manifest_sha256="2" * 64))
    return plain


def test_it_speaks_of_this_bundle_and_of_this_commit(tmp_path: Path) -> None:
    """Two subjects, each by its digest; the configuration are the claims that judged."""
    plain = _stated(tmp_path)
    assert plain["_type"] == "https://in-toto.io/Statement/v1"
    assert plain["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert [one["digest"] for one in plain["subject"]] == [{"sha256": "2" * 64}, {"gitCommit": "c" * 40}]
    assert plain["predicate"]["configuration"] == [{"name": "claims/x.py", "digest": {"sha256": "1" * 64}}]
    assert plain["predicate"]["switchyard"]["journalHead"] == read(tmp_path / "journal.jsonl").head


@pytest.mark.parametrize(
    ("given", "result", "passed", "warned", "failed", "unknown"),
    [
        pytest.param({}, "PASSED", ["a", "b"], [], [], [], id="proved"),
        pytest.param({"took_s": 3.0}, "WARNED", ["a"], ["b"], [], [], id="a budget was not kept"),
        pytest.param({"outcomes": ("passed", "disproved")}, "FAILED", ["a"], [], ["b"], [], id="disproved"),
        pytest.param({"outcomes": ("passed", "inconclusive")}, "FAILED", ["a"], [], ["b"], ["b"], id="inconclusive"),
        pytest.param({"outcomes": ("passed",)}, "FAILED", ["a"], [], ["b"], ["b"], id="not run"),
        pytest.param({"verdict": "DISPROVED"}, "FAILED", ["a", "b"], [], [], [], id="a claim is disproved"),
        pytest.param({"verdict": "INCONCLUSIVE"}, "FAILED", ["a", "b"], [], [], [], id="a claim is not known"),
    ],
)
def test_unknown_is_failed_and_named(
    tmp_path: Path,
    *,
    given: dict[str, Any],
    result: str,
    passed: list[str],
    warned: list[str],
    failed: list[str],
    unknown: list[str],
) -> None:
    """The predicate has three results and none for what is not known: only PROVED passes."""
    predicate = _stated(tmp_path, **given)["predicate"]
    assert predicate["result"] == result
    assert (predicate["passedTests"], predicate["warnedTests"], predicate["failedTests"]) == (passed, warned, failed)
    assert predicate["switchyard"]["inconclusiveTests"] == unknown
