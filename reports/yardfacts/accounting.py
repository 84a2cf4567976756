"""
A run's own proof that its claims can fall: each mutant applied to the facts by which the run proved its claim.

``make test`` kills the mutants on evidence that was written for it. Here they are killed on what this very run
recorded, so that a claim that holds for a reason that no mutant touches is found out by the run that it deceived.
Which claims fall together depends on what a stage recorded, so collateral is judged in ``make test`` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from yardfacts.claims import Claim, Mutant
from yardfacts.facts import Fact, Facts
from yardfacts.journal import History
from yardfacts.verdict import Verdict

__all__ = ["RECORD", "Account", "Survival", "account", "accounts_of", "body_of", "shortfalls"]

RECORD: Final = "mutants"
"""Kind of the journal's record that holds one account."""


@dataclass(frozen=True, kw_only=True)
class Survival:
    """A mutant that was not killed as it declares."""

    stage: str
    mutant: str
    wanted: str
    got: str


@dataclass(frozen=True, kw_only=True)
class Account:
    """What became of the mutants of one claim that the run proved."""

    claim: str
    stages: tuple[str, ...]
    """Where it was proved; the mutants were tried on the facts of each."""
    killed: tuple[str, ...]
    """Killed wherever they could be applied, and somewhere they could."""
    survived: tuple[Survival, ...]
    not_applicable: tuple[str, ...]
    """This run recorded nothing that they could break; they count as nothing."""

    @property
    def tried(self) -> int:
        """Mutants that could be applied."""
        return len(self.killed) + len({one.mutant for one in self.survived})

    @property
    def defect(self) -> str:
        """Why the suite cannot be believed about this claim; empty where it can."""
        if self.survived:
            return "; ".join(
                f"{self.claim} in {one.stage}: after {one.mutant!r} it had to say {one.wanted}, and said {one.got}"
                for one in self.survived
            )
        return "" if self.killed else f"{self.claim}: no mutant could be applied to what proved it"


def account(history: History, claims: Mapping[str, Claim]) -> Iterator[Account]:
    """
    Try the mutants of every claim that *history* proves, on the facts that its stage had when it was judged last.

    A claim that says something else now, or is no more, has no account, and is missed by ``shortfalls``.

    Raises:
        Malformed: A recorded fact has not the shape of its type.
    """
    proven: dict[str, dict[str, Facts]] = {}
    for name, stage, evidence in _proven(history):
        proven.setdefault(name, {})[stage] = evidence
    for name, stages in proven.items():
        claim = claims.get(name)
        if claim and all(claim.decide(evidence).verdict is Verdict.PROVED for evidence in stages.values()):
            yield _account(claim, stages)


def _proven(history: History) -> Iterator[tuple[str, str, Facts]]:
    stages: dict[str, list[tuple[str, Fact]]] = {}
    for record in history.records:
        body = record.body
        if record.kind == "fact":
            stages.setdefault(body["stage"], []).append(record.entry)
        elif record.kind == "finding" and body["verdict"] == Verdict.PROVED.name:
            yield body["claim"], body["stage"], Facts(tuple(stages.get(body["stage"], ())))


def _account(claim: Claim, stages: Mapping[str, Facts]) -> Account:
    killed: list[str] = []
    survived: list[Survival] = []
    idle: list[str] = []
    for mutant in claim.mutants:
        said = [(stage, one) for stage, evidence in stages.items() if (one := _said(claim, mutant, evidence))]
        wanted = f"{mutant.verdict.name} ({mutant.reason})"
        left = [Survival(stage=at, mutant=mutant.name, wanted=wanted, got=got) for at, got in said if got != wanted]
        survived += left
        if not said:
            idle.append(mutant.name)
        elif not left:
            killed.append(mutant.name)
    return Account(
        claim=claim.name,
        stages=tuple(stages),
        killed=tuple(killed),
        survived=tuple(survived),
        not_applicable=tuple(idle),
    )


def _said(claim: Claim, mutant: Mutant, evidence: Facts) -> str:
    """Verdict and reason on the broken evidence; empty where there is nothing to break."""
    try:
        broken = mutant.edit(evidence)
    except (LookupError, StopIteration):
        # NothingToChange, or an edit that looks something up in the evidence itself.
        return ""
    finding = claim.decide(broken)
    return f"{finding.verdict.name} ({finding.reason})"


def accounts_of(history: History) -> Iterator[Account]:
    """The accounts that a journal holds."""
    for record in history.of(RECORD):
        body = record.body
        yield Account(
            claim=body["claim"],
            stages=tuple(body["stages"]),
            killed=tuple(body["killed"]),
            survived=tuple(Survival(**one) for one in body["survived"]),
            not_applicable=tuple(body["not_applicable"]),
        )


def shortfalls(history: History, accounts: Iterable[Account]) -> Iterator[str]:
    """
    Yield every claim about which the suite is defective: one that a test that passed had promised and that has no
    finding there, one that was proved without a fact, one without account, and one whose mutants were not killed.

    A journal whose plan says nothing of claims promises none, and owes no account.
    """
    accounts = tuple(accounts)
    yield from (one.defect for one in accounts if one.defect)
    planned = {test["test"]: tuple(test.get("claims", ())) for test in history.first("plan").get("tests", ())}
    if not any(planned.values()):
        return
    passed = {record.body["test"] for record in history.of("test") if record.body["outcome"] == "passed"}
    found = {(record.body["test"], record.body["claim"]) for record in history.of("finding")}
    for test, claims in planned.items():
        for claim in claims:
            if test in passed and (test, claim) not in found:
                yield f"{test} passed, and nothing was found about {claim}, which it lets judge"
    proven = list(_proven(history))
    for claim, stage in dict.fromkeys((claim, stage) for claim, stage, evidence in proven if not evidence.entries):
        yield f"{claim} was proved in {stage}, where nothing was recorded"
    counted = {one.claim for one in accounts}
    if history.ended:
        for claim in dict.fromkeys(claim for claim, _, _ in proven):
            if claim not in counted:
                yield f"{claim} was proved, and its mutants were not tried"


def body_of(one: Account) -> dict[str, Any]:
    """What the journal keeps of an account."""
    return {
        "claim": one.claim,
        "stages": list(one.stages),
        "killed": list(one.killed),
        "survived": [vars(survival) for survival in one.survived],
        "not_applicable": list(one.not_applicable),
    }
