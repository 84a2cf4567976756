"""What a run leaves: sealed, redacted, under the names that people know, and small enough for git where needed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from switchyard.curating import curated
from switchyard.errors import Refused
from switchyard.signing import own_key
from yardfacts.bundle import verify
from yardfacts.journal import read
from yardfacts.keys import SigningKey, make_key
from yardfacts.redact import Redactor
from yardfacts.verification import verification

if TYPE_CHECKING:
    from proofs.unit.plugin.conftest import Prove

PLANTED = "planted-c29tZXRoaW5n-secret"

LEAKING = f"""
from pathlib import Path
from yardfacts.facts import Unreadable
from yardfacts.target import Target

def test_it_leaks(yard, proof_session, tmp_path, caplog):
    \"\"\"A secret is printed, recorded, raised and logged.\"\"\"
    secrets = tmp_path / "secrets.yaml"
    secrets.write_text("dev: {{minio_secret_key: {PLANTED}}}")
    proof_session.meet(Target(name="t", kubeconfig=Path("k"), context="c", git_dir=None, git_branch="", commit="a" * 40,
                              dirty=False, secrets_file=secrets))
    print("stdout {PLANTED}")
    yard.observe("now")
    yard.record("now", Unreadable(what="Pod", error="it said {PLANTED}"))
    yard.recorder.note("a note with {PLANTED}")
    yard.judge("answers")
    raise RuntimeError("raised with {PLANTED}")
"""


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_planted_secret_is_nowhere(prove: Prove, pytester: pytest.Pytester) -> None:
    """Printed, recorded, raised: a generated credential is found in no file of the evidence, nor in its sample."""
    run = prove("-m", "core_only", test_p20_leaking=LEAKING)
    assert run.folder is not None
    verify(run.folder)
    sample = pytester.path / "docs/proof/sample"
    curated(run.folder, sample, redactor=Redactor(), key=make_key(pytester.path / "signing.key"))
    evidence = _files(pytester.path / "docs")
    assert len(evidence) > 20
    assert [str(path) for path in evidence if PLANTED.encode() in path.read_bytes()] == []
    assert any(b"raised with [redacted]" in path.read_bytes() for path in evidence)


def test_every_run_is_sealed_with_a_key_that_stays_outside(
    prove: Prove, proving: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its user's own where none is named; it signs the run, and no file of the evidence holds it."""
    monkeypatch.delenv("SWITCHYARD_SIGNING_KEY", raising=False)
    run = prove("-m", "core_only", test_p20_small=proving)
    assert run.folder is not None
    key = SigningKey.load(own_key())
    claims = pytester.path / "proofs/claims"
    answers = {one.question: one for one in verification(run.folder, claims=claims, key=key.public)}
    assert {name: one.verdict.name for name, one in answers.items()} == dict.fromkeys(answers, "PROVED")
    texts = {path: path.read_bytes() for path in _files(pytester.path / "docs")}
    assert [path for path, text in texts.items() for form in key.secrets() if form.encode() in text] == []


def test_a_key_that_is_none_is_told_before_anything_is_done(
    prove: Prove, proving: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not after a quarter of an hour: no journal is opened, no cluster is asked."""
    monkeypatch.setenv("SWITCHYARD_SIGNING_KEY", "nowhere.key")
    run = prove("-m", "core_only", test_p20_small=proving)
    assert (run.code, run.folder) == (4, None)
    assert "SWITCHYARD_SIGNING_KEY: wanted a private Ed25519 key" in run.stdout


def test_evidence_names_neither_folder_nor_machine(prove: Prove, proving: str, pytester: pytest.Pytester) -> None:
    """The checkout, the home folder and the machine's name stay at home."""
    run = prove("-m", "core_only", test_p20_small=proving)
    assert run.folder is not None
    names = [str(pytester.path), f'hostname="{os.uname().nodename}"']
    texts = {path: path.read_text() for path in _files(run.folder)}
    assert [(str(path), name) for path, text in texts.items() for name in names if name in text] == []


def test_the_bundle_holds_what_the_contract_names(prove: Prove, proving: str) -> None:
    """Journal, outcomes, reports, manifest, what is signed about it; sealed last."""
    run = prove("-m", "core_only", test_p20_small=proving)
    assert run.folder is not None
    names = {path.relative_to(run.folder).as_posix() for path in _files(run.folder)}
    wanted = "journal.jsonl claims.json timings.json verdict.json junit.xml report/pytest.html report/index.html"
    assert {*wanted.split(), "MANIFEST.sha256", "attest/test-result.dsse.json", "COMPLETE"} <= names
    verify(run.folder)


def test_latest_points_at_this_run_and_keeps_older_views(prove: Prove, proving: str, pytester: pytest.Pytester) -> None:
    """A run that makes no view of a kind leaves the one before; the page's links resolve."""
    older = pytester.path / "docs/proof/optional_on/20200101T000000Z"
    older.mkdir(parents=True)
    face = pytester.path / "docs/proof/.faces/old"
    face.mkdir(parents=True)
    (face / "optional_on").symlink_to(older)
    (pytester.path / "docs/proof/latest").symlink_to(face)
    run = prove("-m", "core_only", test_p20_core_only=proving)
    latest = pytester.path / "docs/proof/latest"
    assert (latest / "optional_on").resolve() == older
    assert (latest / "run").resolve() == run.folder
    assert (latest / "core_only" / "root-optional.txt").is_file()
    assert (latest / "index.html").is_file()
    assert not face.exists()


def test_a_sample_is_made_of_sealed_runs_only(prove: Prove, proving: str, pytester: pytest.Pytester) -> None:
    """What was edited afterwards is no example of anything."""
    run = prove("-m", "core_only", test_p20_small=proving)
    assert run.folder is not None
    (run.folder / "verdict.json").write_text("{}")
    with pytest.raises(Refused, match="was changed"):
        curated(run.folder, pytester.path / "sample", redactor=Redactor(), key=make_key(pytester.path / "signing.key"))


def test_a_killed_run_leaves_a_readable_journal(prove: Prove, proving: str, pytester: pytest.Pytester) -> None:
    """After SIGKILL nothing was sealed; the next run ends the journal, as interrupted, and touches nothing else."""
    dying = (
        "import os, signal\n"
        "def test_it_dies(yard):\n    yard.observe('now')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    run = prove("-m", "core_only", own_process=True, test_p20_dying=dying)
    assert run.code == -signal.SIGKILL
    assert run.folder is not None
    assert not read(run.folder / "journal.jsonl").ended
    (pytester.path / "trials/test_p20_dying.py").write_text(
        "import pytest\npytestmark = [pytest.mark.order(20), pytest.mark.core_only]\n" + proving
    )
    subprocess.run([sys.executable, "-m", "pytest", "-m", "core_only"], check=True, capture_output=True)
    history = read(run.folder / "journal.jsonl")
    assert (history.ended, history.ending.value) == (True, "interrupted")
    assert not (run.folder / "COMPLETE").exists()


def test_a_damaged_run_is_left_as_it_is_and_stops_nobody(prove: Prove, proving: str, pytester: pytest.Pytester) -> None:
    """Who proves next is told which one it is, and nothing is written where nobody can read."""
    journal = pytester.path / "docs/proof/runs/damaged/journal.jsonl"
    journal.parent.mkdir(parents=True)
    journal.write_text("no record\n")
    run = prove("-m", "core_only", test_p20_proving=proving)
    assert run.code == 0
    assert "an earlier run is left as it is" in run.stdout
    assert "damaged/journal.jsonl: line 1 is no record" in run.stdout
    assert journal.read_text() == "no record\n"


def test_a_cancelled_run_is_sealed_as_interrupted(prove: Prove) -> None:
    """SIGTERM, as CI sends it, restores and seals like Ctrl-C."""
    body = "import os, signal\ndef test_it_is_cancelled(yard):\n    os.kill(os.getpid(), signal.SIGTERM)\n"
    run = prove("-m", "core_only", own_process=True, test_p20_cancelled=body)
    assert run.code == 11
    assert run.folder is not None
    assert read(run.folder / "journal.jsonl").ending.value == "interrupted"
    assert any(record.kind == "restore" for record in read(run.folder / "journal.jsonl").records)
