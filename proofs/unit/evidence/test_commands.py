"""What a reader types: replay, verify, key, and pytest over a bundle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from switchyard.cli import main
from yardfacts.bundle import COMPLETE, ENVELOPE, JOURNAL
from yardfacts.keys import PublicKey, SigningKey, public_file

from .run import COMMIT, Run, edited, relinked, resealed


def _said(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def _contents(folder: Path) -> Mapping[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_replay_computes_what_is_recorded_and_writes_nothing(run: Run) -> None:
    """The same bytes, the verdict's exit code, and how long it took."""
    before = _contents(run.folder)
    result = _said("replay", run.folder, "--claims", run.claims)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "2 judgements again, in " in result.stdout
    assert result.stdout.endswith("verdict   PROVED (exit code 0)\n")
    assert _contents(run.folder) == before


def test_replay_finds_a_fact_that_speaks_against_the_record(run: Run, stranger: SigningKey) -> None:
    """Sealed anew or not: the claim, asked again, says otherwise, and every file that follows differs."""
    edited(run, "fact", lambda body: body["fact"].update(outcome="wrong"), where='"Answer"')
    relinked(run)
    resealed(run, key=stranger)
    result = _said("replay", run.folder, "--claims", run.claims)
    assert result.exit_code == 12
    assert "said PROVED (holds), and now says DISPROVED (wrong_answer)" in result.stderr
    assert "verdict.json is not what follows from the journal" in result.stderr
    assert "claims.json is not what follows from the journal" in result.stderr
    assert "timings.json" not in result.stderr
    assert result.stdout.endswith("verdict   DISPROVED (exit code 10), not as recorded\n")


def test_replay_names_a_file_that_was_edited(run: Run) -> None:
    """The journal says what it said; what was made of it does not."""
    path = run.folder / "timings.json"
    path.write_text(path.read_text().replace("3.0", "2.0"))
    result = _said("replay", run.folder, "--claims", run.claims)
    assert result.exit_code == 12
    assert result.stderr == "differs   timings.json is not what follows from the journal\n"


def test_replay_of_a_damaged_journal_is_inconclusive(run: Run) -> None:
    """Nothing is computed of what cannot be read; the line is named, and who says more."""
    path = run.folder / JOURNAL
    path.write_bytes(path.read_bytes().replace(b'"seq":3', b'"seq":4', 1))
    result = _said("replay", run.folder, "--claims", run.claims)
    assert result.exit_code == 11
    assert "line 4" in result.stderr
    assert "`switchyard verify` says what is damaged" in result.stderr


def test_replay_asks_nobody(run: Run) -> None:
    """A process of which every connection would be its end comes to the same verdict."""
    guard = (
        "import sys\n"
        # Before the guard: a library of the engine's tries at its import whether this machine has IPv6.
        "from switchyard.cli import main\n"
        "def hook(event, arguments):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.bind'):\n"
        "        raise SystemExit(f'asked somebody: {event}')\n"
        "sys.addaudithook(hook)\n"
        "main(['replay', *sys.argv[1:]])\n"
    )
    command = [sys.executable, "-c", guard, str(run.folder), "--claims", str(run.claims)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_verify_says_who_sealed_it(honest: Run) -> None:
    """By the public key in a file or in a line, and for the commit that was asked for."""
    public = public_file(honest.claims.parents[1] / "signing.key")
    for key in (public, honest.key.public.text):
        result = _said("verify", honest.folder, "--key", key, "--claims", honest.claims, "--commit", COMMIT[:7])
        assert (result.exit_code, result.stderr) == (0, "")
        assert f"is signed by {honest.key.public.text}" in result.stdout
        assert result.stdout.splitlines()[-1].startswith("GENUINE")


def test_verify_without_a_key_is_integrity_only(honest: Run) -> None:
    """It could not be found out who sealed it: 11, and it says so."""
    result = _said("verify", honest.folder, "--claims", honest.claims)
    assert result.exit_code == 11
    assert "integrity only" in result.stderr
    assert result.stdout.splitlines()[-1].startswith("NOT KNOWN TO BE GENUINE")


def test_verify_names_what_was_changed(run: Run) -> None:
    """Not what was sealed: 10, and the file."""
    (run.folder / "junit.xml").write_text("<testsuites/>")
    result = _said("verify", run.folder, "--key", run.key.public.text, "--claims", run.claims)
    assert result.exit_code == 10
    assert "sealed     DISPROVED    junit.xml was changed" in result.stderr
    assert result.stdout.splitlines()[-1].startswith("NOT GENUINE")


@pytest.mark.parametrize("key", ["ed25519:AAAA", "nowhere.pub"])
def test_verify_refuses_what_is_no_key(run: Run, key: str) -> None:
    """A usage error, with what was wanted."""
    result = _said("verify", run.folder, "--key", key, "--claims", run.claims)
    assert result.exit_code == 2
    assert "--key: wanted a public Ed25519 key" in result.stderr


def test_claims_have_to_be_claims(run: Run, tmp_path: Path) -> None:
    """An empty folder judges nothing: a usage error, not a verdict."""
    empty = tmp_path / "empty"
    empty.mkdir()
    for command in ("replay", "verify"):
        result = _said(command, run.folder, "--claims", empty)
        assert (result.exit_code, "wanted one file a claim" in result.stderr) == (2, True)


def test_the_evidence_names_no_secret_half(honest: Run) -> None:
    """The private key is in no file of the run, in no form."""
    secrets = list(honest.key.secrets())
    held = [(name, secret) for name, text in _contents(honest.folder).items() for secret in secrets
            if secret.encode() in text]  # fmt: skip
    assert held == []
    assert "claims/answers.py" in (honest.folder / JOURNAL).read_text()
    assert json.loads((honest.folder / COMPLETE).read_text())["envelope_sha256"]
    assert (honest.folder / ENVELOPE).is_file()


def test_a_new_key_is_made_once(tmp_path: Path) -> None:
    """Its public half is printed; a second time is refused, and nothing changes."""
    path = tmp_path / "mine.key"
    made = _said("key", "new", "--out", path)
    assert made.exit_code == 0
    assert PublicKey.of(made.stdout.splitlines()[-1]) == SigningKey.load(path).public
    before = _contents(tmp_path)
    again = _said("key", "new", "--out", path)
    assert (again.exit_code, "wanted a path where nothing is yet" in again.stderr) == (2, True)
    assert _contents(tmp_path) == before


# ── pytest --evidence ────────────────────────────────────────────────────────────────────────────────────────────────


def _pytest(run: Run, *options: str) -> subprocess.CompletedProcess[str]:
    checkout = run.claims.parents[1]
    (checkout / "pyproject.toml").write_text('[tool.pytest.ini_options]\nfilterwarnings = ["error"]\n')
    (checkout / "test_other.py").write_text("def test_other():\n    raise AssertionError('collected')\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--evidence={run.folder}", *options]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, cwd=checkout, env={**os.environ}
    )


def test_pytest_lets_the_claims_judge_a_bundle(run: Run) -> None:
    """One test for the seal, one for every judgement, and nothing else; nothing is written."""
    before = _contents(run.folder)
    done = _pytest(run, "-v")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the bundle is what was sealed PASSED" in done.stdout
    assert "The service answers, and never failed meanwhile [p20_core_only] PASSED" in done.stdout
    assert "[p90_negative.broken] is noticed: the service lies PASSED" in done.stdout
    assert "3 passed" in done.stdout
    assert _contents(run.folder) == before


def test_pytest_finds_what_replay_finds(run: Run) -> None:
    """The fact speaks against the record, the seal is broken, and the exit code says that the suite is defective."""
    edited(run, "fact", lambda body: body["fact"].update(outcome="wrong"), where='"Answer"')
    relinked(run)
    done = _pytest(run)
    assert done.returncode == 12, done.stdout + done.stderr
    assert f"{JOURNAL} was changed" in done.stdout
    assert "said PROVED (holds), and now says DISPROVED (wrong_answer)" in done.stdout
    assert "2 failed, 1 passed" in done.stdout


def test_pytest_wants_a_run(run: Run) -> None:
    """A folder without a journal is a usage error."""
    (run.folder / JOURNAL).unlink()
    done = _pytest(run)
    assert done.returncode == 4
    assert "--evidence: wanted the folder of a run" in done.stderr
