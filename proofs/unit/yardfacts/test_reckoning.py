"""A run is as bad as the worst thing in its journal; the exit code says which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from yardfacts.journal import History, Record
from yardfacts.reckoning import reckon

TEST = {"test": "t", "stage": "p20", "title": "It holds."}
PLAN = ("plan", {"tests": [TEST], "partial": False})
PASSED = ("test", {**TEST, "outcome": "passed", "detail": "", "took_s": 1.0})
FINDING = ("finding", {**TEST, "claim": "c", "sentence": "C.", "verdict": "PROVED", "reason": "holds", "detail": "d"})
CONTROL = ("control", {**TEST, "claim": "c", "broken": "b", "wanted": "W", "got": "W", "detail": "d"})
RESTORED = ("restore", {"layer": "l", "found": "attached", "left": "attached", "detail": ""})
END = ("end", {"ending": "completed"})


def _but(entry: tuple[str, dict[str, Any]], **fields: Any) -> tuple[str, dict[str, Any]]:
    return entry[0], {**entry[1], **fields}


def _history(entries: Sequence[tuple[str, dict[str, Any]]]) -> History:
    records = (
        Record(seq=n, at="", t_s=float(n), prev="", kind=kind, body=body) for n, (kind, body) in enumerate(entries)
    )
    return History(records=tuple(records), torn=0, head="")


GOOD = (PLAN, FINDING, CONTROL, PASSED, RESTORED, END)


@pytest.mark.parametrize(
    ("entries", "code", "reason"),
    [
        pytest.param(GOOD, 0, "holds", id="good"),
        pytest.param((PLAN, CONTROL, PASSED, END), 0, "holds", id="controls only"),
        pytest.param((PLAN, _but(FINDING, verdict="DISPROVED", reason="r"), PASSED, END), 10, "r", id="disproved"),
        pytest.param((PLAN, _but(FINDING, verdict="INCONCLUSIVE", reason="r"), PASSED, END), 11, "r", id="open"),
        pytest.param((PLAN, FINDING, _but(PASSED, outcome="disproved"), END), 10, "test_disproved", id="an act failed"),
        pytest.param((PLAN, FINDING, _but(PASSED, outcome="blocked"), END), 11, "blocked", id="blocked"),
        pytest.param((PLAN, FINDING, END), 11, "not_run", id="a planned test did not run"),
        pytest.param((_but(PLAN, partial=True), FINDING, PASSED, END), 11, "partial", id="a selection"),
        pytest.param((PLAN, PASSED, END), 11, "nothing_judged", id="nothing judged"),
        pytest.param((PLAN, FINDING, PASSED), 11, "interrupted", id="no end"),
        pytest.param((PLAN, FINDING, PASSED, _but(END, ending="aborted")), 11, "aborted", id="aborted"),
        pytest.param((PLAN, FINDING, _but(PASSED, outcome="defective"), END), 12, None, id="a defective test"),
        pytest.param((PLAN, FINDING, _but(CONTROL, got="other"), PASSED, END), 12, None, id="a control survived"),
        pytest.param((*GOOD[:4], _but(RESTORED, left="unknown"), END), 13, None, id="not restored"),
    ],
)
def test_the_worst_decides(entries: Sequence[tuple[str, dict[str, Any]]], code: int, reason: str | None) -> None:
    """Each shortcoming has its exit code and its reason; only a whole and good run has 0."""
    reckoning = reckon(_history(entries))
    assert reckoning.exit_code == code
    if reason is not None:
        assert reckoning.finding.reason == reason


PROMISED = _but(PLAN, tests=[{**TEST, "claims": ["c"]}])
FACT = ("fact", {"stage": "p20", "moment": "now", "type": "Root", "fact": {"name": "r", "http_status": 404}})
ACCOUNT = ("mutants", {"claim": "c", "stages": ["p20"], "killed": ["m"], "survived": [], "not_applicable": ["n"]})
SURVIVED = [{"stage": "p20", "mutant": "m", "wanted": "DISPROVED (r)", "got": "PROVED (holds)"}]


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        pytest.param((PROMISED, FACT, FINDING, PASSED, ACCOUNT, END), "", id="all accounted for"),
        pytest.param((PLAN, FINDING, PASSED, END), "", id="a plan that names no claims"),
        pytest.param((PROMISED, FACT, PASSED, ACCOUNT, END), "nothing was found about c", id="a result is missing"),
        pytest.param((PROMISED, FINDING, PASSED, ACCOUNT, END), "where nothing was recorded", id="no evidence"),
        pytest.param((PROMISED, FACT, FINDING, PASSED, END), "its mutants were not tried", id="no account"),
        pytest.param(
            (PROMISED, FACT, FINDING, PASSED, _but(ACCOUNT, killed=[]), END),
            "no mutant could be applied",
            id="nothing to kill",
        ),
        pytest.param(
            (PROMISED, FACT, FINDING, PASSED, _but(ACCOUNT, killed=[], survived=SURVIVED), END),
            "had to say DISPROVED (r), and said PROVED (holds)",
            id="a mutant survived",
        ),
    ],
)
def test_a_claim_that_is_not_accounted_for_is_a_defect(
    entries: Sequence[tuple[str, dict[str, Any]]], told: str
) -> None:
    """A claim without result, evidence or killed mutant makes the suite defective."""
    reckoning = reckon(_history(entries))
    assert (reckoning.exit_code == 12) == bool(told)
    assert told in reckoning.detail


def test_mutants_are_counted() -> None:
    """Killed and tried; what could not be applied is neither."""
    reckoning = reckon(_history((PROMISED, FACT, FINDING, PASSED, _but(ACCOUNT, survived=SURVIVED, killed=["k"]), END)))
    assert (reckoning.killed, reckoning.tried) == (1, 2)


def test_a_test_that_fell_owes_no_findings() -> None:
    """What was not judged because the test ended early is no defect of the suite."""
    assert reckon(_history((PROMISED, _but(PASSED, outcome="disproved"), END))).exit_code == 10


def test_a_claim_counts_with_its_worst_finding() -> None:
    """A claim that held once and fell once has fallen."""
    worse = _but(FINDING, stage="p30", verdict="DISPROVED", reason="r")
    (judged,) = reckon(_history((PLAN, FINDING, worse, PASSED, END))).claims
    assert (judged.finding.reason, judged.times, judged.stages) == ("r", 2, ("p20", "p30"))


def test_failing_to_restore_is_worse_than_defects() -> None:
    """Who finds a yard that was not put back has to know that first."""
    entries = (PLAN, FINDING, _but(PASSED, outcome="defective"), _but(RESTORED, left="detached"), END)
    reckoning = reckon(_history(entries))
    assert (reckoning.word, reckoning.detail) == ("NOT RESTORED", "l was found attached and is detached")
