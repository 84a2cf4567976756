"""The exit code carries the verdict, and so do the last line and ``verdict.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from proofs.unit.plugin.conftest import Prove

DISPROVING = """
def test_it_answers_wrongly(yard):
    yard.ground.outcome = "wrong"
    yard.observe("now")
    yard.judge("answers")
"""
BLIND = """
def test_nobody_asks(yard):
    yard.judge("answers")
"""
BROKEN = """
def test_it_breaks(yard):
    yard.observe("now")
    yard.judge("answers")
    raise RuntimeError("the test itself broke")
"""
SILENT = """
def test_it_judges_nothing(yard):
    yard.observe("now")
"""
ASSERTING = """
def test_it_asserts(yard):
    yard.observe("now")
    yard.judge("answers")
    assert 1 == 2
"""
KILLED = """
from yardfacts.verdict import Verdict

def test_a_wrong_answer_is_noticed(yard):
    yard.ground.outcome = "wrong"
    yard.observe("now")
    yard.expect("answers", Verdict.DISPROVED, "wrong_answer", broken="the service")
    yard.ground.outcome = "right"
"""
SURVIVING = """
from yardfacts.verdict import Verdict

def test_a_wrong_answer_is_overlooked(yard):
    yard.observe("now")
    yard.expect("answers", Verdict.DISPROVED, "wrong_answer", broken="the service")
"""


def test_proved_is_zero(prove: Prove, proving: str) -> None:
    """A session whose claims hold ends with 0, a sealed bundle, and PROVED in the last line."""
    run = prove("-m", "core_only", test_p20_small=proving)
    assert (run.code, run.last_line) == (0, "verdict   PROVED (exit code 0)")
    assert run.json("verdict.json")["verdict"] == "PROVED"
    assert [claim["verdict"] for claim in run.json("claims.json")["claims"]] == ["PROVED"]


@pytest.mark.parametrize(
    ("body", "code", "word"),
    [
        pytest.param(DISPROVING, 10, "DISPROVED", id="a claim is disproved"),
        pytest.param(BLIND, 11, "INCONCLUSIVE", id="a claim has no evidence"),
        pytest.param(BROKEN, 11, "INCONCLUSIVE", id="a test breaks"),
        pytest.param(SILENT, 12, "DEFECTIVE", id="a test lets nothing be judged"),
        pytest.param(ASSERTING, 12, "DEFECTIVE", id="a test asserts instead of a claim"),
        pytest.param(SURVIVING, 12, "DEFECTIVE", id="a negative control survives"),
    ],
)
def test_anything_else_has_its_code(body: str, code: int, word: str, prove: Prove) -> None:
    """Each way of not being proved has its own exit code; none of them is green."""
    run = prove("-m", "core_only", test_p20_small=body)
    assert (run.code, run.json("verdict.json")["verdict"]) == (code, word), run.stdout
    assert run.last_line == f"verdict   {word} (exit code {code})"


def test_a_state_that_is_not_restored_is_thirteen(prove: Prove, proving: str) -> None:
    """Whatever the claims say: a yard that is not left as it was found ends with 13."""
    run = prove("-m", "core_only", restores=False, test_p20_small=proving)
    assert (run.code, run.json("verdict.json")["verdict"]) == (13, "NOT RESTORED")


def test_a_killed_control_is_no_failure(prove: Prove, proving: str) -> None:
    """A claim that goes red on broken evidence, as declared, leaves the run green."""
    run = prove("-m", "core_only or negative", test_p20_small=proving, test_p90_negative=KILLED)
    assert run.code == 0, run.stdout
    (control,) = run.json("claims.json")["controls"]
    assert control["killed"]
    assert control["got"] == "DISPROVED (wrong_answer)"


def test_an_interruption_is_inconclusive(prove: Prove) -> None:
    """Ctrl-C ends the journal, restores, seals, and proves nothing."""
    body = "def test_it_is_interrupted(yard):\n    raise KeyboardInterrupt\n"
    run = prove("-m", "core_only", own_process=True, test_p20_small=body)
    assert (run.code, run.json("verdict.json")["reason"]) == (11, "not_run"), run.stdout
    assert run.json("COMPLETE")["verdict"] == "INCONCLUSIVE"


def test_a_proof_collects_proofs_alone(prove: Prove, proving: str, pytester: pytest.Pytester) -> None:
    """A unit test that cannot even be imported does not keep a proof from running."""
    pytester.mkdir("trials").joinpath("test_other.py").write_text("import nowhere\n")
    run = prove("-m", "core_only", test_p20_small=proving)
    assert run.code == 0, run.stdout


def test_a_proof_that_cannot_be_imported_is_inconclusive(prove: Prove) -> None:
    """What could not be collected was not proven, and the evidence of that is sealed like any other."""
    run = prove("-m", "core_only", test_p20_broken="import nowhere\n")
    assert (run.code, run.json("verdict.json")["verdict"]) == (11, "INCONCLUSIVE")


def test_tests_outside_of_proofs_keep_pytests_codes(prove: Prove, proving: str, pytester: pytest.Pytester) -> None:
    """A bare pytest leaves live proofs out, makes no bundle, and fails with pytest's own 1."""
    pytester.makepyfile(test_other="def test_fails():\n    assert 0\n")
    run = prove("trials", "test_other.py", test_p20_small=proving)
    assert (run.code, run.folder) == (1, None)
    assert "1 deselected" in run.stdout
