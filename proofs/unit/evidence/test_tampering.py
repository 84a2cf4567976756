"""Whatever is done to a sealed run is found, and named: the file, the line, what is wrong with it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yardfacts.bundle import COMPLETE, ENVELOPE, JOURNAL, MANIFEST, Bundle, digest
from yardfacts.keys import SigningKey
from yardfacts.redact import Redactor
from yardfacts.verdict import Verdict
from yardfacts.verification import verification, verified

from .run import COMMIT, SAMPLES, Run, edited, relinked, resealed, stored


def _faults(run: Run, *, key: SigningKey | None = None, commit: str = "") -> list[str]:
    """Question and text of everything that is not well; the honest key is the reader's."""
    public = (key or run.key).public
    answers = verification(run.folder, claims=run.claims, key=public, commit=commit)
    return [f"{a.question}: {f.detail}" for a in answers for f in a.findings if f.verdict is not Verdict.PROVED]


def _verdict(run: Run) -> Verdict:
    return verified(verification(run.folder, claims=run.claims, key=run.key.public)).verdict


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_an_honest_run_is_genuine(honest: Run) -> None:
    """Six questions, each answered well: nothing below fails for another reason than what was done."""
    answers = list(verification(honest.folder, claims=honest.claims, key=honest.key.public, commit=COMMIT))
    assert [answer.question for answer in answers] == ["sealed", "journal", "derived", "raw files", "claims", "origin"]
    assert _faults(honest, commit=COMMIT) == []
    assert {"journal.jsonl", SAMPLES, "report/index.html", MANIFEST, COMPLETE, ENVELOPE} <= set(_files(honest.folder))


def test_without_a_key_it_is_integrity_only(honest: Run) -> None:
    """Everything fits, and nobody knows who made it fit."""
    answers = tuple(verification(honest.folder, claims=honest.claims))
    assert verified(answers).verdict is Verdict.INCONCLUSIVE
    assert "integrity only" in verified(answers).detail


def test_a_byte_flipped_in_any_file_is_found_and_the_file_named(honest: Run, tmp_path: Path) -> None:
    """One byte in the middle of every file there is, one file at a time."""
    for name in _files(honest.folder):
        folder = tmp_path / "copy"
        shutil.copytree(honest.folder, folder)
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)
        answers = verification(folder, claims=honest.claims, key=honest.key.public)
        told = [f.detail for a in answers for f in a.findings if f.verdict is Verdict.DISPROVED]
        assert any(fault.startswith(name) for fault in told), (name, told)
        shutil.rmtree(folder)


@settings(max_examples=150)
@given(data=st.data())
def test_any_single_byte_that_is_changed_anywhere_is_found(data: st.DataObject, honest: Run) -> None:
    """Whatever file, whatever place in it, whatever other value."""
    name = data.draw(st.sampled_from(_files(honest.folder)))
    path = honest.folder / name
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda value: value != whole[place]))
    path.write_bytes(whole[:place] + bytes([other]) + whole[place + 1 :])
    try:
        assert _verdict(honest) is Verdict.DISPROVED
    finally:
        path.write_bytes(whole)


# ── The journal, by somebody who knows nothing of its chain ──────────────────────────────────────────────────────────


def _dropped(lines: list[bytes]) -> None:
    del lines[4]


def _swapped(lines: list[bytes]) -> None:
    lines[4], lines[5] = lines[5], lines[4]


def _doubled(lines: list[bytes]) -> None:
    lines.insert(4, lines[3])


def _moved(lines: list[bytes]) -> None:
    lines.insert(7, lines.pop(4))


def _changed(lines: list[bytes]) -> None:
    lines[4] = lines[4].replace(b'"kind":"fact"', b'"kind":"fart"')


def _cut(lines: list[bytes]) -> None:
    del lines[-1]


def _cut_twice(lines: list[bytes]) -> None:
    del lines[-2:]


def _torn(lines: list[bytes]) -> None:
    lines[-1] = lines[-1][:-9]


def _removed(lines: list[bytes]) -> None:
    lines.remove(next(line for line in lines if b'"kind":"finding"' in line))


def _lengthened(lines: list[bytes]) -> None:
    lines.append(b'{"more":1}\n')


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        pytest.param(_dropped, "line 5 is missing: wanted record 4, got record 5", id="line dropped"),
        pytest.param(_swapped, "lines 5 and 6 were swapped", id="lines swapped"),
        pytest.param(_doubled, "line 5 was added: wanted record 4, got record 3 again", id="line doubled"),
        pytest.param(_moved, "line 5 was moved: wanted record 4, which stands in line 8", id="line moved"),
        pytest.param(_changed, "line 5 was changed", id="line changed"),
        pytest.param(_cut, "its tail was cut off behind line {last}", id="tail cut at a record's end"),
        pytest.param(_cut_twice, "its tail was cut off behind line {before}", id="tail cut at another record's end"),
        pytest.param(_torn, "bytes of a torn line stand at its end; the last whole one is line {last}", id="tail torn"),
        pytest.param(_removed, "line {finding} is missing", id="result removed"),
        pytest.param(_lengthened, "line {behind} is no record", id="line added behind the end"),
    ],
)
def test_an_edited_journal_is_found_and_the_line_named(
    run: Run, edit: Callable[[list[bytes]], None], found: str
) -> None:
    """By the manifest, which names the file, and by the chain, which names the line."""
    path = run.folder / JOURNAL
    lines = path.read_bytes().splitlines(keepends=True)
    finding = next(number for number, line in enumerate(lines, start=1) if b'"kind":"finding"' in line)
    names = {"last": len(lines) - 1, "before": len(lines) - 2, "finding": finding, "behind": len(lines) + 1}
    edit(lines)
    path.write_bytes(b"".join(lines))
    faults = _faults(run)
    assert f"sealed: {JOURNAL} was changed" in faults
    assert any(fault.startswith(f"journal: {JOURNAL}") and found.format(**names) in fault for fault in faults), faults


# ── Somebody who makes parts of the seal anew ────────────────────────────────────────────────────────────────────────


def _listed_anew(run: Run) -> None:
    """The manifest alone: it no longer is the one that COMPLETE and the statement speak of."""
    Bundle(run.folder, redactor=Redactor()).manifest()


def _sealed_anew(run: Run) -> None:
    """The manifest, and COMPLETE with its digest."""
    _listed_anew(run)
    complete = json.loads((run.folder / COMPLETE).read_text())
    complete["manifest_sha256"] = digest(run.folder / MANIFEST)
    (run.folder / COMPLETE).write_text(json.dumps(complete, indent=2) + "\n")


def _told_otherwise(run: Run) -> None:
    path = run.folder / "verdict.json"
    path.write_text(path.read_text().replace("PROVED", "APPROVED"))


def test_a_manifest_made_anew_is_found(run: Run) -> None:
    """Whoever changes a file and lists it anew has changed the manifest."""
    _told_otherwise(run)
    _listed_anew(run)
    faults = _faults(run)
    assert f"sealed: {MANIFEST} is not the one that was sealed" in faults
    assert "derived: verdict.json does not follow from the journal" in faults


def test_a_seal_made_anew_is_found_by_what_was_signed(run: Run) -> None:
    """The envelope goes on speaking of the manifest that was."""
    _told_otherwise(run)
    _sealed_anew(run)
    faults = _faults(run)
    assert not any(fault.startswith("sealed") for fault in faults)
    assert "derived: verdict.json does not follow from the journal" in faults
    assert any(fault.startswith(f"derived: {ENVELOPE} speaks of another bundle") for fault in faults)


def test_an_envelope_of_another_commits_run_is_found(run: Run, elsewhere: Run) -> None:
    """A genuine signature, by the right key, of something else."""
    shutil.copy(elsewhere.folder / ENVELOPE, run.folder / ENVELOPE)
    assert f"sealed: {ENVELOPE} is not the one that was sealed" in _faults(run)
    complete = json.loads((run.folder / COMPLETE).read_text())
    complete["envelope_sha256"] = digest(run.folder / ENVELOPE)
    (run.folder / COMPLETE).write_text(json.dumps(complete, indent=2) + "\n")
    (fault,) = _faults(run)
    assert fault.startswith(f"derived: {ENVELOPE} speaks of another bundle: it says")
    assert digest(run.folder / MANIFEST) in fault


def test_a_genuine_run_of_another_commit_is_no_evidence_for_this_one(elsewhere: Run) -> None:
    """Everything fits; it was another commit that was tested."""
    assert _faults(elsewhere) == []
    assert _faults(elsewhere, commit=COMMIT[:10]) == [
        f"origin: wanted a run of commit {COMMIT[:10]}, got one of {'d' * 40}"
    ]


def test_another_key_is_found(run: Run, stranger: SigningKey) -> None:
    """The reader believes somebody else."""
    (fault,) = _faults(run, key=stranger)
    assert fault.startswith(f"origin: {ENVELOPE} is not signed by {stranger.public.text}")
    assert run.key.public.keyid in fault


def test_everything_made_anew_without_the_key_is_found(run: Run, stranger: SigningKey) -> None:
    """The attacker's evidence is flawless, only not ours: whoever gives no key learns no more than that."""
    edited(run, "fact", lambda body: body["fact"].update(took_s=0.001), where='"Answer"')
    relinked(run)
    resealed(run, key=stranger)
    (fault,) = _faults(run)
    assert fault.startswith(f"origin: {ENVELOPE} is not signed by {run.key.public.text}")
    assert verified(verification(run.folder, claims=run.claims)).verdict is Verdict.INCONCLUSIVE


def test_a_result_that_is_removed_before_sealing_anew_is_missed(run: Run, stranger: SigningKey) -> None:
    """Without its only finding the run proves nothing any more; the signature is the stranger's besides."""
    path = run.folder / JOURNAL
    lines = [line for line in path.read_text().splitlines(keepends=True) if '"kind":"finding"' not in line]
    path.write_text("".join(lines))
    relinked(run)
    resealed(run, key=stranger)
    assert any("is not signed by" in fault for fault in _faults(run))
    told = json.loads((run.folder / "claims.json").read_text())
    assert told["claims"] == []


# ── Samples ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _thinned(run: Run) -> None:
    path = run.folder / SAMPLES
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-5]))


def test_thinned_samples_are_found_and_the_file_named(run: Run) -> None:
    """The manifest names the file, and the fact that was made of it carries its digest."""
    _thinned(run)
    faults = _faults(run)
    assert f"sealed: {SAMPLES} was changed" in faults
    line = _line_of(run, "Sampled")
    wanted = f"raw files: {SAMPLES}: Sampled in line {line} of the journal was made of another file of this name"
    assert any(fault.startswith(wanted) for fault in faults), faults


def test_thinned_samples_are_found_behind_a_new_seal(run: Run, stranger: SigningKey) -> None:
    """Whoever lists the thinner file anew, digest and all, still tells more samples than there are."""
    _thinned(run)
    edited(run, "fact", lambda body: body["fact"].update(sha256=digest(run.folder / SAMPLES)), where='"Sampled"')
    relinked(run)
    resealed(run, key=stranger)
    faults = [fault for fault in _faults(run) if fault.startswith("raw files")]
    assert any(f"{SAMPLES}: its samples do not give the recorded Sampled(" in fault for fault in faults), faults
    assert stored(run)["right"] == 20


def test_samples_that_nobody_speaks_of_are_found(run: Run, stranger: SigningKey) -> None:
    """A raw file without a fact was put there, or its fact was taken away."""
    (run.folder / "probes" / "more.jsonl").write_text("{}\n")
    resealed(run, key=stranger)
    assert "raw files: probes/more.jsonl: no fact of the journal was made of it" in _faults(run)


# ── Claims ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_claim_that_was_reworded_is_found_and_its_file_named(run: Run) -> None:
    """By other claims nothing is judged again: that tells nothing about the evidence, and is INCONCLUSIVE."""
    path = run.claims / "answers.py"
    path.write_text(path.read_text().replace("never failed", "hardly failed"))
    assert _faults(run) == ["claims: claims/answers.py is not the file that judged, so nothing was judged again"]
    assert _verdict(run) is Verdict.INCONCLUSIVE


def test_a_claim_that_was_reworded_together_with_its_digest_is_found(run: Run, stranger: SigningKey) -> None:
    """Whoever edits the claim and its digest in the journal has edited what was signed."""
    path = run.claims / "answers.py"
    path.write_text(path.read_text().replace("never failed", "hardly failed"))
    edited(run, "begin", lambda body: body["claims"].update({"claims/answers.py": digest(path)}))
    relinked(run)
    resealed(run, key=stranger)
    faults = _faults(run)
    line = _line_of(run, "never failed")
    assert any(fault.startswith(f"claims: {JOURNAL} line {line}: ") and "never failed" in fault for fault in faults)
    assert any("is not signed by" in fault for fault in faults)


@pytest.mark.parametrize(
    ("kind", "edit", "found"),
    [
        pytest.param(
            "finding", {"sentence": "The service is perfect."}, "said 'The service is perfect.'", id="its sentence"
        ),
        pytest.param("finding", {"detail": "perfect"}, "said 'perfect'", id="its words"),
        pytest.param("finding", {"reason": "shines"}, "said PROVED (shines), and now says PROVED (holds)", id="reason"),
        pytest.param("finding", {"claim": "shines"}, "now says nothing: there is no such claim", id="its name"),
        pytest.param("mutants", {"killed": ["all"]}, "said mutants killed ['all']", id="its mutants"),
        pytest.param("control", {"got": "PROVED (holds)"}, "said PROVED (holds), and now says DISPROVED", id="control"),
    ],
)
def test_an_edited_finding_is_found_behind_a_new_seal(
    run: Run, stranger: SigningKey, kind: str, edit: dict[str, object], found: str
) -> None:
    """The claim, asked again, says something else; the line is named."""
    edited(run, kind, lambda body: body.update(edit))
    relinked(run)
    resealed(run, key=stranger)
    line = _line_of(run, f'"kind":"{kind}"')
    faults = _faults(run)
    assert any(fault.startswith(f"claims: {JOURNAL} line {line}: ") and found in fault for fault in faults), faults


# ── Files that do not belong, or are not there ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        pytest.param(lambda run: (run / "more.txt").write_text("x"), "more.txt is not in the manifest", id="added"),
        pytest.param(lambda run: (run / "attest/b.json").write_text("{}"), "attest/b.json is not in", id="envelope"),
        pytest.param(lambda run: (run / "junit.xml").unlink(), "junit.xml is missing", id="removed"),
        pytest.param(lambda run: (run / ENVELOPE).unlink(), f"{ENVELOPE} is missing", id="unsigned"),
        pytest.param(lambda run: (run / MANIFEST).unlink(), f"{MANIFEST} is missing", id="unlisted"),
        pytest.param(lambda run: (run / COMPLETE).unlink(), f"no {COMPLETE}", id="unsealed"),
        pytest.param(lambda run: (run / JOURNAL).unlink(), f"{JOURNAL} is missing", id="no journal"),
        pytest.param(lambda run: (run / "link").symlink_to(run), "link is a link or no file", id="link"),
    ],
)
def test_a_file_too_many_or_too_few_is_named(run: Run, harm: Callable[[Path], object], found: str) -> None:
    """A bundle holds what was sealed and nothing else."""
    harm(run.folder)
    assert any(found in fault for fault in _faults(run)), _faults(run)
    assert _verdict(run) is Verdict.DISPROVED


def test_a_journal_of_another_format_is_not_judged(run: Run, stranger: SigningKey) -> None:
    """It is said so, plainly; nothing is guessed of what it means."""
    path = run.folder / JOURNAL
    records = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps({k: v for k, v in r.items() if k != "prev"}) + "\n" for r in records))
    _sealed_anew(run)
    (fault,) = [fault for fault in _faults(run) if fault.startswith("journal")]
    assert "wanted a journal of format 2, got format 1" in fault


def _line_of(run: Run, text: str) -> int:
    """Number of the first line of the journal that holds *text*."""
    lines = (run.folder / JOURNAL).read_text().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)
