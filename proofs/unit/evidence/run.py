"""A small run, made and sealed by the code that makes and seals the large ones; and what an attacker would do to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from switchyard.publishing import Places
from switchyard.recorder import Place
from switchyard.session import open_session
from yardfacts.accounting import RECORD, account, body_of
from yardfacts.bundle import ENVELOPE, JOURNAL, Bundle, digest, json_text
from yardfacts.catalogue import load_claims
from yardfacts.chain import GENESIS, link
from yardfacts.facts import Answer, Commit, Sampled, Timing
from yardfacts.folding import Head, Lane, fold, head_line
from yardfacts.journal import read
from yardfacts.keys import SigningKey
from yardfacts.redact import Redactor
from yardfacts.sealing import seal
from yardfacts.summary import outcome
from yardfacts.target import Target

__all__ = ["COMMIT", "SAMPLES", "Run", "edited", "make_run", "relinked", "resealed", "stored"]

COMMIT = "c" * 40
SAMPLES = "probes/off.jsonl"

CLAIM = '''"""The service answers."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts, Sampled
from yardfacts.judges import answered, legible
from yardfacts.mutants import drop
from yardfacts.verdict import Finding, Verdict, disproved, merge, proved


@claim(
    "The service answers, and never failed meanwhile.",
    mutants=[
        Mutant(name="nobody asked", edit=drop(Answer, at="off"), verdict=Verdict.INCONCLUSIVE, reason="no_evidence"),
    ],
)
def answers(facts: Facts) -> Finding:
    """Read every answer and every count."""
    counts = facts.of(Sampled)
    failed = [f"{one.probe}: {one.wrong + one.unanswered} failed" for one in counts if one.wrong + one.unanswered]
    return merge([
        *answered(facts, probes=["service"], environments=["dev"]),
        *(disproved("failed", told) for told in failed),
        *(proved(f"{one.probe}: {one.right} of {one.planned}") for one in counts),
    ])  # fmt: skip
'''


@dataclass(frozen=True, kw_only=True)
class Run:
    """A sealed run, and what a reader has besides it."""

    folder: Path
    claims: Path
    key: SigningKey


def make_run(home: Path, *, key: Path, commit: str = COMMIT) -> Run:
    """
    Prove something small in the new folder *home*, and seal it with the key in the file *key*.

    ``SWITCHYARD_SIGNING_KEY`` has to name that file: a session finds its key by itself.
    """
    claims = home / "proofs" / "claims"
    claims.mkdir(parents=True)
    (claims / "answers.py").write_text(CLAIM)
    places = Places(proof=home / "proof", audit=home / "audit", recipe=home / "none", cache=home / "cache")
    session = open_session(checkout=home, places=places, budgets={}, arguments=["-m", "core_only"], tell=lambda _: None)
    recorder = session.recorder
    test, stage = "trials/test_p20_small.py::test_it_answers", "p20_core_only"
    session.plan([{"test": test, "stage": stage, "title": "It answers."}], partial=False, left_out=[])
    session.meet(_target(home, commit=commit))
    recorder.enter(Place(test=test, stage=stage))
    path = session.bundle.text(SAMPLES, _samples())
    answer = Answer(probe="service", environment="dev", outcome="right", wanted="1", got="1", took_s=0.125)
    recorder.record("off", [Commit(sha=commit, served=commit, dirty=False), answer])
    recorder.record("off", [*fold(SAMPLES, path.read_bytes()), Timing(phase="detach", took_s=3.0, budget_s=8.0)])
    (claim,) = load_claims(claims).values()
    recorder.finding(claim, claim.decide(recorder.facts))
    recorder.test(outcome="passed", detail="", took_s=0.5)
    recorder.enter(Place(test=test, stage="p90_negative.broken"))
    recorder.record("off", [replace(answer, outcome="wrong", got="2")])
    wanted = "DISPROVED (wrong_answer)"
    recorder.control(claim, broken="the service lies", wanted=wanted, finding=claim.decide(recorder.facts))
    for one in account(read(session.bundle.journal), load_claims(claims)):
        recorder.journal.write(RECORD, **body_of(one))
    recorder.restored(layer="features", found="attached", left="attached")
    session.bundle.text("junit.xml", "<testsuites><testsuite/></testsuites>\n")
    session.close()
    return Run(folder=session.bundle.folder, claims=claims, key=SigningKey.load(key))


def _target(home: Path, *, commit: str) -> Target:
    return Target(
        name="small",
        kubeconfig=home / "kubeconfig",
        context="small",
        git_dir=None,
        git_branch="yard",
        commit=commit,
        dirty=False,
        secrets_file=None,
    )


def _samples() -> str:
    lane = Lane(probe="service", environment="dev", connection="new", period_ms=250, phase_ms=0)
    head = Head(window="off", process="p", start_ms=1_000_000, stop_ms=1_005_000, skew_ms=0, questions=(lane,))
    lines = [{"q": 0, "n": number, "at": 250.0 * number + 1, "o": "right", "c": 1} for number in range(20)]
    return head_line(head) + "".join(json.dumps(line) + "\n" for line in lines)


def edited(run: Run, kind: str, edit: Callable[[dict[str, Any]], object], *, where: str = "") -> None:
    """Edit the body of the first record of *kind* whose line holds *where*, and nothing else."""
    path = run.folder / JOURNAL
    records = [json.loads(line) for line in path.read_text().splitlines()]
    chosen = next(one for one in records if one["kind"] == kind and where in json.dumps(one))
    edit(chosen["body"])
    path.write_text("".join(_line(record) + "\n" for record in records))


def relinked(run: Run) -> None:
    """Number the records anew and make the chain anew: what the chain can tell is gone then."""
    path, prev, lines = run.folder / JOURNAL, GENESIS, []
    for number, line in enumerate(path.read_text().splitlines()):
        record = {**json.loads(line), "seq": number, "prev": prev}
        lines.append(_line(record))
        prev = link(lines[-1].encode())
    path.write_text("".join(line + "\n" for line in lines))


def resealed(run: Run, *, key: SigningKey) -> None:
    """Derive everything from the journal anew, and seal it with *key*: the attacker's own."""
    bundle = Bundle(run.folder, redactor=Redactor())
    made = outcome(read(bundle.journal), journal_sha256=digest(bundle.journal))
    for name, plain in made.files.items():
        bundle.text(name, json_text(plain, redactor=Redactor()))
    (run.folder / ENVELOPE).unlink()
    seal(bundle, made, key=key)


def stored(run: Run) -> Mapping[str, Any]:
    """What the journal says of the raw file of samples."""
    (record,) = (one for one in read(run.folder / JOURNAL).of("fact") if one.body["type"] == Sampled.__name__)
    body: Mapping[str, Any] = record.body["fact"]
    return body


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
