"""What a journal amounts to: claims, controls, timings, the run's verdict and its exit code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yardfacts.accounting import Account, accounts_of, shortfalls
from yardfacts.cycles import Statistics, statistics
from yardfacts.facts import Commit, Receipt, Timing, Usage
from yardfacts.journal import Ending, History
from yardfacts.verdict import DEFECTIVE, UNRESTORED, Finding, Verdict, inconclusive, merge, proved

__all__ = ["BLOCKED", "Control", "Judged", "Reckoning", "TestRun", "reckon"]

BLOCKED = "blocked"
"""Outcome of a test that did not run because one before it failed."""


@dataclass(frozen=True, kw_only=True)
class TestRun:
    """One test and how it ended."""

    __test__ = False  # pytest would take the class for a test by its name

    test: str
    stage: str
    title: str
    outcome: str
    """``passed``, ``disproved``, ``inconclusive``, ``defective``, ``blocked`` or ``not run``."""
    detail: str
    start_s: float
    """Seconds after the run began."""
    took_s: float


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One claim, over all places where it was judged."""

    claim: str
    sentence: str
    finding: Finding
    stages: tuple[str, ...]
    times: int


@dataclass(frozen=True, kw_only=True)
class Control:
    """One negative control: what was broken, what the claim had to say, and what it said."""

    test: str
    claim: str
    broken: str
    wanted: str
    got: str

    @property
    def killed(self) -> bool:
        """The claim said exactly what was declared."""
        return self.wanted == self.got


@dataclass(frozen=True, kw_only=True)
class Reckoning:
    """The outcome of one run."""

    finding: Finding
    defects: tuple[str, ...]
    unrestored: str
    """Why the state found at the start is not there again; empty when it is, or was never changed."""
    claims: tuple[Judged, ...]
    controls: tuple[Control, ...]
    tests: tuple[TestRun, ...]
    timings: tuple[Timing, ...]
    usages: tuple[Usage, ...]
    commit: Commit | None
    left_out: tuple[str, ...] = ()
    """Tests of negative controls that this run did not take."""
    accounts: tuple[Account, ...] = ()
    """What became of the mutants of each proved claim, on this run's own facts."""
    cycles: Statistics | None = None
    """Of the repetitions that this run made; None where it made none."""
    receipts: tuple[Receipt, ...] = ()
    """Of the deployments whose end was read, in the order of reading."""

    @property
    def tried(self) -> int:
        """Mutants that were applied to this run's own facts."""
        return sum(one.tried for one in self.accounts)

    @property
    def killed(self) -> int:
        """Those of them that were killed as they declare, wherever they were applied."""
        return sum(len(one.killed) for one in self.accounts)

    @property
    def exceeded(self) -> tuple[str, ...]:
        """Budgets that were not kept, in words. The verdict does not count them: a machine may be slow."""
        return tuple(told for told in (*(one.over for one in self.timings), *(one.over for one in self.usages)) if told)

    @property
    def exit_code(self) -> int:
        """0 proved, 10 disproved, 11 inconclusive, 12 the suite is defective, 13 could not restore."""
        if self.unrestored:
            return UNRESTORED
        return DEFECTIVE if self.defects else self.finding.verdict.exit_code

    @property
    def word(self) -> str:
        """The verdict in one word."""
        if self.unrestored:
            return "NOT RESTORED"
        return "DEFECTIVE" if self.defects else self.finding.verdict.name

    @property
    def detail(self) -> str:
        """Why, in one sentence."""
        return self.unrestored or "; ".join(self.defects) or f"{self.finding.reason}: {self.finding.detail}"


def reckon(history: History) -> Reckoning:
    """
    Compute the outcome of a run from its journal alone.

    A claim counts with the worst of its findings; the run with the worst of its claims and tests. Negative controls
    count only as defects of the suite, when a claim did not say what it had to.

    Raises:
        Malformed: A recorded fact has not the shape of its type.
    """
    facts = history.facts()
    claims = tuple(_judged(history))
    controls = tuple(_control(record.body) for record in history.of("control"))
    tests = tuple(_tests(history))
    accounts = tuple(accounts_of(history))
    commits = facts.of(Commit)
    return Reckoning(
        finding=merge((
            *(Finding(j.finding.verdict, j.finding.reason, f"{j.claim}: {j.finding.detail}") for j in claims),
            *_shortcomings(history, tests),
            *_substance(claims, controls),
        )),
        defects=(
            *(f"{test.title}: {test.detail}" for test in tests if test.outcome == "defective"),
            *(f"{c.broken}: {c.claim} said {c.got} instead of {c.wanted}" for c in controls if not c.killed),
            *shortfalls(history, accounts),
        ),
        unrestored="; ".join(
            f"{record.body['layer']} was found {record.body['found']} and is {record.body['left']}"
            for record in history.of("restore")
            if record.body["left"] != record.body["found"]
        ),
        claims=claims,
        controls=controls,
        tests=tests,
        timings=facts.of(Timing),
        usages=facts.of(Usage),
        commit=commits[0] if commits else None,
        left_out=tuple(history.first("plan").get("left_out", ())),
        accounts=accounts,
        cycles=statistics(facts),
        receipts=facts.of(Receipt),
    )  # fmt: skip


def _substance(claims: Sequence[Judged], controls: Sequence[Control]) -> Iterator[Finding]:
    """A run that judged nothing proved nothing; one of controls alone proved that they are noticed."""
    if controls:
        yield proved(f"{len(controls)} negative controls were judged")
    elif not claims:
        yield inconclusive("nothing_judged", "no claim was judged")


def _shortcomings(history: History, tests: Iterable[TestRun]) -> Iterator[Finding]:
    """What keeps a run from being proved, whatever its claims say."""
    for test in tests:
        if test.outcome == "disproved":
            yield Finding(Verdict.DISPROVED, "test_disproved", f"{test.title}: {test.detail}")
        elif test.outcome != "passed":
            yield inconclusive(test.outcome.replace(" ", "_"), f"{test.title}: {test.detail}")
    if history.first("plan").get("partial"):
        yield inconclusive("partial", "only a selection of the proof was run")
    if history.ending is not Ending.COMPLETED:
        torn = f"; {history.lost} bytes of a line that was not finished were dropped" if history.lost else ""
        yield inconclusive(history.ending.value, f"the run was {history.ending.value}{torn}")


def _judged(history: History) -> Iterator[Judged]:
    by_claim: dict[str, list[Mapping[str, Any]]] = {}
    for record in history.of("finding"):
        by_claim.setdefault(record.body["claim"], []).append(record.body)
    for claim, bodies in by_claim.items():
        yield Judged(
            claim=claim,
            sentence=bodies[0]["sentence"],
            finding=merge(Finding(Verdict[body["verdict"]], body["reason"], body["detail"]) for body in bodies),
            stages=tuple(dict.fromkeys(body["stage"] for body in bodies)),
            times=len(bodies),
        )


def _control(body: Mapping[str, Any]) -> Control:
    return Control(**{name: body[name] for name in ("test", "claim", "broken", "wanted", "got")})


_NOT_RUN: Mapping[str, Any] = {"outcome": "not run", "detail": "the run ended before it", "took_s": 0.0}


def _tests(history: History) -> Iterator[TestRun]:
    ran = {record.body["test"]: record for record in history.of("test")}
    planned = {test["test"]: test for test in history.first("plan").get("tests", ())}
    for name, plan in planned.items():
        record = ran.get(name)
        body: Mapping[str, Any] = record.body if record else _NOT_RUN
        took_s = float(body["took_s"])
        yield TestRun(
            test=name,
            stage=plan["stage"],
            title=plan["title"],
            outcome=body["outcome"],
            detail=body["detail"],
            start_s=round(record.t_s - took_s, 3) if record else 0.0,
            took_s=took_s,
        )
