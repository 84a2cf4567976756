"""
Whether a bundle is the evidence that was sealed, whether what it says follows from it, and who sealed it.

Six questions, each answered as everything here is: PROVED, DISPROVED, or INCONCLUSIVE where it could not be found out.
Only a public key that came from outside the bundle answers the last one; whoever edits the evidence can seal it anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from yardfacts.attest import PAYLOAD_TYPE, statement
from yardfacts.bundle import COMPLETE, ENVELOPE, JOURNAL, MANIFEST, damages, digest, json_text, sealed_as
from yardfacts.catalogue import digests, load_claims
from yardfacts.dsse import Envelope
from yardfacts.facts import Malformed
from yardfacts.journal import History, OtherFormat, read
from yardfacts.keys import PublicKey
from yardfacts.raw import raw_faults
from yardfacts.replay import replay, reworded
from yardfacts.sealing import PLAIN, completion
from yardfacts.summary import Outcome, outcome
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

__all__ = ["Answered", "verification", "verified"]

UNTOLD = (Malformed, LookupError, TypeError, ValueError, AttributeError)
"""How evidence that has not its shape shows, wherever it is read."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One question, and what came of it."""

    question: str
    findings: tuple[Finding, ...]
    """At least one; of a question that is answered well, exactly one."""

    @property
    def verdict(self) -> Verdict:
        """The worst of them."""
        return max(finding.verdict for finding in self.findings)


def verified(answers: Iterable[Answered]) -> Finding:
    """All answers as one."""
    return merge(finding for answer in answers for finding in answer.findings)


def verification(
    folder: Path, *, claims: Path | None = None, key: PublicKey | None = None, commit: str = ""
) -> Iterator[Answered]:
    """
    Ask everything about the bundle in *folder*; all faults that can be told apart are named, not the first alone.

    Args:
        claims: Folder of the claims' files; None: nothing is judged again, which is INCONCLUSIVE.
        key: Public key of who is believed; None: the origin is INCONCLUSIVE.
        commit: Full SHA, or its beginning, of the commit that is to be under test; empty: any.
    """
    yield _answered("sealed", damages(folder), good="every file is the one that was sealed, and no other is there")
    try:
        history = read(folder / JOURNAL)
        result = outcome(history, journal_sha256=digest(folder / JOURNAL))
    except OtherFormat as exc:
        yield Answered(question="journal", findings=(inconclusive("other_format", _within(folder, exc)),))
        return
    except (OSError, *UNTOLD) as exc:
        yield Answered(question="journal", findings=(disproved("damaged", _within(folder, exc)),))
        return
    records = len(history.records)
    good = f"{records} records, each with the digest of the one before; ended, as {history.ending}"
    yield _answered("journal", _unended(folder, history), good=good)
    yield _answered("derived", _underived(folder, result), good="verdict, claims and timings follow from the journal")
    yield _answered("raw files", raw_faults(folder, history), good="are those that the facts were made of")
    yield _claims(history, claims)
    yield _origin(folder, result, key=key, commit=commit)


def _answered(question: str, faults: Iterable[str], *, good: str) -> Answered:
    try:
        found = tuple(disproved("differs", fault) for fault in faults)
    except (OSError, *UNTOLD) as exc:
        found = (disproved("damaged", f"{type(exc).__name__}: {exc}"),)
    return Answered(question=question, findings=found or (proved(good),))


def _within(folder: Path, error: BaseException) -> str:
    """The error with names as they are in the bundle."""
    text = str(error) if isinstance(error, Malformed | OSError) else f"{JOURNAL}: {type(error).__name__}: {error}"
    return text.replace(f"{folder}/", "")


def _unended(folder: Path, history: History) -> Iterator[str]:
    if history.torn:
        yield f"{JOURNAL}: {history.torn} bytes of a torn line stand at its end; the last whole one is {_last(history)}"
    if not history.ended:
        yield f"{JOURNAL}: its tail was cut off behind {_last(history)}: there is no record of the run's end"
    sealed = sealed_as(folder).get("journal_head")
    if sealed != history.head:
        yield f"{JOURNAL}: {_last(history)} is not the last one that was sealed: sha256 {history.head}, sealed {sealed}"


def _last(history: History) -> str:
    return f"line {len(history.records)}"


def _underived(folder: Path, result: Outcome) -> Iterator[str]:
    """Everything that follows from the journal, made again and compared byte by byte."""
    for name, plain in result.files.items():
        if not (folder / name).is_file():
            yield f"{name} is missing"
        elif (folder / name).read_bytes() != json_text(plain, redactor=PLAIN).encode():
            yield f"{name} does not follow from the journal"
    sealed = sealed_as(folder)
    complete = completion(
        result,
        manifest_sha256=digest(folder / MANIFEST),
        envelope_sha256=digest(folder / ENVELOPE),
        sample=sealed.get("sample") is True,
    )
    if (folder / COMPLETE).read_bytes() != complete.encode():
        yield f"{COMPLETE} does not follow from the bundle"
    yield from _unspoken(folder, result)


def _unspoken(folder: Path, result: Outcome) -> Iterator[str]:
    """What the signed statement says of another bundle, whoever signed it."""
    envelope = Envelope.parse((folder / ENVELOPE).read_bytes(), where=ENVELOPE)
    if envelope.payload_type != PAYLOAD_TYPE:
        yield f"{ENVELOPE}: wanted the payload {PAYLOAD_TYPE}, got {envelope.payload_type}"
        return
    wanted = statement(result.history, result.reckoning, manifest_sha256=digest(folder / MANIFEST))
    if envelope.payload == wanted:
        return
    told = [line.strip() for line in envelope.payload.decode(errors="replace").splitlines()]
    meant = [line.strip() for line in wanted.decode().splitlines()]
    differs = next(((a, b) for a, b in zip(told, meant, strict=False) if a != b), ("another number of lines", ""))
    yield f"{ENVELOPE} speaks of another bundle: it says {differs[0]}; of this one it would say {differs[1]}"


def _claims(history: History, folder: Path | None) -> Answered:
    """Judge again, by the files that judged; by other files it would tell nothing about the evidence."""
    question = "claims"
    if folder is None:
        return Answered(question=question, findings=(inconclusive("not_judged", "no claims were given to judge by"),))
    recorded: Mapping[str, str] = history.first("begin").get("claims", {})
    here = digests(folder)
    others = tuple(
        inconclusive("other_claims", f"{name} {_missing(name, recorded, here)}, so nothing was judged again")
        for name in sorted(recorded.keys() | here.keys())
        if recorded.get(name) != here.get(name)
    )
    if others:
        return Answered(question=question, findings=others)
    loaded = load_claims(folder)
    faults = (f"{JOURNAL} line {one.seq + 1}: {one}" for again in (replay, reworded) for one in again(history, loaded))
    times = sum(record.kind in ("finding", "control") for record in history.records)
    return _answered(question, faults, good=f"judged {times} times again, by the files that judged: the same each time")


def _missing(name: str, recorded: Mapping[str, str], here: Mapping[str, str]) -> str:
    if name not in recorded:
        return "judged nothing then, and is here now"
    return "judged, and is not here" if name not in here else "is not the file that judged"


def _origin(folder: Path, result: Outcome, *, key: PublicKey | None, commit: str) -> Answered:
    question = "origin"
    tested = str(result.history.first("target").get("commit", ""))
    found: list[Finding] = []
    if commit and not tested.startswith(commit.lower()):
        found.append(disproved("other_commit", f"wanted a run of commit {commit}, got one of {tested or 'none'}"))
    if key is None:
        found.append(inconclusive("integrity_only", "integrity only: without --key nobody knows who sealed it"))
        return Answered(question=question, findings=tuple(found))
    try:
        envelope = Envelope.parse((folder / ENVELOPE).read_bytes(), where=ENVELOPE)
    except (OSError, Malformed) as exc:
        found.append(disproved("no_envelope", _within(folder, exc)))
        return Answered(question=question, findings=tuple(found))
    if not envelope.signed_by(key):
        by = ", ".join(envelope.keyids) or "none"
        found.append(disproved("other_key", f"{ENVELOPE} is not signed by {key.text} (keyid {key.keyid}), but by {by}"))
    good = f"{ENVELOPE} is signed by {key.text}; commit under test: {tested or 'none'}"
    return Answered(question=question, findings=tuple(found) or (proved(good),))
