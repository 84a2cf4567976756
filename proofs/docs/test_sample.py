"""The sample that a reader sees first is no picture: it is sealed, and judged again by the claims as they are now."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from yardfacts.bundle import COMPLETE, JOURNAL, Bundle, Damaged, verify
from yardfacts.catalogue import load_claims
from yardfacts.chain import GENESIS, link
from yardfacts.journal import read
from yardfacts.reckoning import reckon
from yardfacts.redact import Redactor
from yardfacts.replay import replay

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "docs/proof/sample"
CLAIMS = load_claims(ROOT / "proofs/claims")

REMAKE = "make a run, then: switchyard curate docs/proof/runs/RUN docs/proof/sample"


def _told(run: Path) -> dict[str, Any]:
    """What the files for people say: verdict, tests and claims."""
    verdict = json.loads((run / "verdict.json").read_text())
    claims = json.loads((run / "claims.json").read_text())
    return {
        "verdict": verdict["verdict"],
        "exit code": verdict["exit_code"],
        "tests": {test["test"]: test["outcome"] for test in verdict["tests"]},
        "claims": {one["claim"]: f"{one['verdict']} ({one['reason']})" for one in claims["claims"]},
        "controls": [(one["claim"], one["broken"], one["got"]) for one in claims["controls"]],
    }


def _reckoned(run: Path) -> dict[str, Any]:
    """The same, computed from the journal alone."""
    reckoning = reckon(read(run / JOURNAL))
    return {
        "verdict": reckoning.word,
        "exit code": reckoning.exit_code,
        "tests": {test.test: test.outcome for test in reckoning.tests},
        "claims": {one.claim: f"{one.finding.verdict.name} ({one.finding.reason})" for one in reckoning.claims},
        "controls": [(control.claim, control.broken, control.got) for control in reckoning.controls],
    }


def _faults(run: Path) -> list[str]:
    """Everything that is wrong with a run, from the outside inwards."""
    try:
        verify(run)
    except Damaged as damage:
        return [str(damage)]
    told, reckoned = _told(run), _reckoned(run)
    return [
        *(f"{name}: told {told[name]}, reckoned {reckoned[name]}" for name in told if told[name] != reckoned[name]),
        *map(str, replay(read(run / JOURNAL), CLAIMS)),
    ]


def test_the_sample_is_judged_the_same_again() -> None:
    """The seal holds, every claim that the sample lists still says the same, and what is told follows from it."""
    assert _faults(SAMPLE) == [], REMAKE


def test_the_sample_shows_a_whole_run() -> None:
    """It is PROVED, with findings of claims and with controls: judging nothing again would find nothing wrong."""
    told = _told(SAMPLE)
    assert told["verdict"] == "PROVED"
    assert told["claims"]
    assert told["controls"]


def _edit_record(kind: str, matching: str, edit: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    """Edit the first record of *kind* whose line holds *matching*, and make the chain behind it anew."""

    def apply(run: Path) -> None:
        lines = (run / JOURNAL).read_text().splitlines()
        records = [json.loads(line) for line in lines]
        chosen = next(
            number for number, record in enumerate(records) if record["kind"] == kind and matching in lines[number]
        )
        edit(records[chosen]["body"])
        for number, record in enumerate(records):
            record["prev"] = link(lines[number - 1].encode()) if number else GENESIS
            lines[number] = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        (run / JOURNAL).write_text("\n".join(lines) + "\n")

    return apply


def _tell_otherwise(run: Path) -> None:
    told = json.loads((run / "claims.json").read_text())
    told["claims"][0]["verdict"] = "DISPROVED"
    (run / "claims.json").write_text(json.dumps(told))


def _sealed(run: Path) -> None:
    """Sealed anew, but for the signature, which nobody here asks about."""
    bundle = Bundle(run, redactor=Redactor())
    complete = {**json.loads((run / COMPLETE).read_text()), "manifest_sha256": bundle.manifest()}
    bundle.complete(json.dumps(complete))


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        pytest.param(
            _edit_record("fact", '"http_status":404', lambda body: body["fact"].update(http_status=200)),
            "root_absent in p20_core_only said PROVED (holds), and now says DISPROVED",
            id="a fact",
        ),
        pytest.param(
            _edit_record("finding", '"core_settled"', lambda body: body.update(claim="core_sleeps")),
            "core_sleeps in p10_audit said PROVED (holds), and now says nothing: there is no such claim",
            id="a claim that is no more",
        ),
        pytest.param(
            _edit_record("finding", '"core_settled"', lambda body: body.update(verdict="DISPROVED")),
            "verdict: told PROVED, reckoned DISPROVED",
            id="a finding",
        ),
        pytest.param(
            _edit_record("control", "", lambda body: body.update(got=body["wanted"] + "!")),
            "verdict: told PROVED, reckoned DEFECTIVE",
            id="a control",
        ),
        pytest.param(_tell_otherwise, "claims: told", id="what is told"),
    ],
)
def test_an_edited_copy_is_found(tmp_path: Path, edit: Callable[[Path], None], found: str) -> None:
    """Whoever edits the evidence breaks its seal; whoever seals it again is given away by the claims."""
    copy = tmp_path / "sample"
    shutil.copytree(SAMPLE, copy)
    edit(copy)
    assert "was changed" in _faults(copy)[0]
    _sealed(copy)
    assert any(found in fault for fault in _faults(copy)), _faults(copy)
