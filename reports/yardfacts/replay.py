"""
Judging again: a run's facts, in the order of its journal, before the claims as they are now.

Nothing is asked but the journal and the claims' files, so anybody can do it, anywhere, and an edited fact or finding is
found out. What a claim *says* may be put into other words later; its verdict and its reason have to be the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from yardfacts.accounting import RECORD, account, body_of
from yardfacts.claims import Claim
from yardfacts.facts import Fact, Facts
from yardfacts.journal import History, Record
from yardfacts.redact import Redactor
from yardfacts.verdict import Finding, inconclusive

__all__ = ["Again", "Difference", "judged_again", "rejudged", "replay", "reworded"]

REDACTOR: Final = Redactor()
"""Words that are made of redacted facts are redacted as they were when they were recorded."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One place of a journal where a claim, asked again, does not say what is recorded."""

    seq: int
    """Number of the record."""
    stage: str
    claim: str
    recorded: str
    """Verdict and reason; or words."""
    again: str

    def __str__(self) -> str:
        return f"record {self.seq}: {self.claim} in {self.stage} said {self.recorded}, and now says {self.again}"


@dataclass(frozen=True, kw_only=True)
class Again:
    """One recorded finding or negative control, and what the claim says to the same facts now."""

    record: Record
    claim: Claim | None
    """None: there is no such claim any more."""
    finding: Finding

    @property
    def recorded(self) -> str:
        """Verdict and reason that stand in the journal."""
        body = self.record.body
        return str(body["got"]) if self.record.kind == "control" else f"{body['verdict']} ({body['reason']})"

    @property
    def said(self) -> str:
        """Verdict and reason now."""
        if self.claim is None:
            return "nothing: there is no such claim"
        return f"{self.finding.verdict.name} ({self.finding.reason})"

    def differs(self, recorded: str, again: str) -> Difference:
        """This place, where *recorded* stands and it is *again* now."""
        body = self.record.body
        return Difference(seq=self.record.seq, stage=body["stage"], claim=body["claim"], recorded=recorded, again=again)


def judged_again(history: History, claims: Mapping[str, Claim]) -> Iterator[Again]:
    """
    Judge again every finding and every negative control, on the facts that its stage had by then.

    Claims that the journal does not name are not asked: the run made no facts for them.

    Raises:
        Malformed: A recorded fact has not the shape of its type.
    """
    stages: dict[str, list[tuple[str, Fact]]] = {}
    for record in history.records:
        if record.kind == "fact":
            stages.setdefault(record.body["stage"], []).append(record.entry)
        elif record.kind in ("finding", "control"):
            claim = claims.get(record.body["claim"])
            facts = Facts(tuple(stages.get(record.body["stage"], ())))
            absent = inconclusive("no_such_claim", f"there is no claim {record.body['claim']}")
            finding = claim.decide(facts) if claim else absent
            yield Again(record=record, claim=claim, finding=replace(finding, detail=REDACTOR.text(finding.detail)))


def replay(history: History, claims: Mapping[str, Claim]) -> Iterator[Difference]:
    """
    Yield every place where verdict or reason are others now, a claim is no more, or other mutants are killed.

    Raises:
        Malformed: A recorded fact has not the shape of its type.
    """
    for again in judged_again(history, claims):
        if again.said != again.recorded:
            yield again.differs(again.recorded, again.said)
    accounts = _accounts(history, claims)
    for record in history.of(RECORD):
        body = record.body
        now = accounts.get(body["claim"])
        if now != body:
            told = _mutants(now) if now else "nothing of its mutants"
            stage = ", ".join(body["stages"])
            yield Difference(seq=record.seq, stage=stage, claim=body["claim"], recorded=_mutants(body), again=told)


def reworded(history: History, claims: Mapping[str, Claim]) -> Iterator[Difference]:
    """
    Yield every place where the same verdict is given in other words: the claim's sentence, or the finding's.

    Between a journal and the very files that judged it there is none.

    Raises:
        Malformed: A recorded fact has not the shape of its type.
    """
    for again in judged_again(history, claims):
        body = again.record.body
        if again.claim is None or again.said != again.recorded:
            continue
        if "sentence" in body and body["sentence"] != again.claim.sentence:
            yield again.differs(repr(body["sentence"]), repr(again.claim.sentence))
        if body["detail"] != again.finding.detail:
            yield again.differs(repr(body["detail"]), repr(again.finding.detail))


def rejudged(history: History, claims: Mapping[str, Claim]) -> History:
    """
    The journal as it would be had the claims judged now: everything else is as it was recorded.

    Raises:
        Malformed: A recorded fact has not the shape of its type.
    """
    again = {one.record.seq: _body(one) for one in judged_again(history, claims)}
    judged = tuple(replace(one, body=again[one.seq]) if one.seq in again else one for one in history.records)
    accounts = _accounts(replace(history, records=judged), claims)
    records = (
        replace(one, body=accounts[one.body["claim"]]) if one.kind == RECORD else one
        for one in judged
        if one.kind != RECORD or one.body["claim"] in accounts
    )
    return replace(history, records=tuple(records))


def _accounts(history: History, claims: Mapping[str, Claim]) -> Mapping[str, Mapping[str, Any]]:
    """What becomes of the mutants now, by claim; nothing where the run did not try them."""
    if not any(history.of(RECORD)):
        return {}
    return {one.claim: REDACTOR.value(body_of(one)) for one in account(history, claims)}


def _mutants(body: Mapping[str, Any]) -> str:
    survived = [one["mutant"] for one in body["survived"]]
    return f"mutants killed {body['killed']}, survived {survived}, not applicable {body['not_applicable']}"


def _body(again: Again) -> Mapping[str, Any]:
    body, finding = again.record.body, again.finding
    if again.record.kind == "control":
        return {**body, "got": again.said, "detail": finding.detail}
    sentence = again.claim.sentence if again.claim else body["sentence"]
    return {
        **body,
        "sentence": sentence,
        "verdict": finding.verdict.name,
        "reason": finding.reason,
        "detail": finding.detail,
    }
