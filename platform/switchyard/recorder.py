"""The one who writes: every fact, step and finding of a run goes through here into the journal, and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from switchyard import narration
from switchyard.judging import outcome_of
from yardfacts.bundle import Bundle
from yardfacts.claims import Claim
from yardfacts.facts import Fact, Facts, Timing, Usage
from yardfacts.journal import Ending, Journal
from yardfacts.verdict import Finding

__all__ = ["Place", "Recorder"]


@dataclass(frozen=True)
class Place:
    """Where in the run something is recorded."""

    test: str = ""
    stage: str = ""


@dataclass
class Recorder:
    """A run while it is being recorded."""

    bundle: Bundle
    journal: Journal
    run_id: str
    tell: Callable[[str], None] = lambda _: None
    """Takes one line of progress for a person."""
    budgets: Mapping[str, float] = field(default_factory=dict)
    """Seconds by phase, instead of the declared ones; from the command line."""
    place: Place = field(default_factory=Place)
    judged: int = 0
    """Findings and controls recorded at the current place."""
    exceeded: list[str] = field(default_factory=list)
    """Budgets that were not kept at the current place, in words."""
    _facts: dict[str, Facts] = field(default_factory=dict)

    @property
    def facts(self) -> Facts:
        """Everything recorded so far in the current stage."""
        return self._facts.get(self.place.stage, Facts())

    def enter(self, place: Place) -> None:
        """A test begins."""
        self.place, self.judged, self.exceeded = place, 0, []

    def record(self, moment: str, facts: Iterable[Fact]) -> None:
        """Record facts under *moment*; the journal has each when this returns."""
        for fact in facts:
            if isinstance(fact, Timing) and fact.phase in self.budgets:
                fact = Timing(phase=fact.phase, took_s=fact.took_s, budget_s=self.budgets[fact.phase])  # noqa: PLW2901
            self.journal.fact(stage=self.place.stage, moment=moment, fact=fact)
            self._facts[self.place.stage] = self.facts.plus(moment, [fact])
            if isinstance(fact, Timing | Usage) and fact.over:
                self.exceeded.append(fact.over)
                narration.tag("over budget")

    def finding(self, claim: Claim, finding: Finding) -> None:
        """Record what a claim says about the stage's facts."""
        self.judged += 1
        self.journal.write(
            "finding",
            **self._here(),
            claim=claim.name,
            sentence=claim.sentence,
            verdict=finding.verdict.name,
            reason=finding.reason,
            detail=finding.detail,
        )

    def control(self, claim: Claim, *, broken: str, wanted: str, finding: Finding) -> None:
        """Record what a claim says about evidence that was broken on purpose."""
        self.judged += 1
        got = f"{finding.verdict.name} ({finding.reason})"
        self.journal.write(
            "control", **self._here(), claim=claim.name, broken=broken, wanted=wanted, got=got, detail=finding.detail
        )

    def test(self, *, outcome: str, detail: str, took_s: float) -> None:
        """Record how the current test ended."""
        self.journal.write("test", **self._here(), outcome=outcome, detail=detail, took_s=round(took_s, 3))

    @contextmanager
    def step(self, title: str, *, told: str = "") -> Iterator[None]:
        """Record a step with its true time, in the journal, in Allure and, as *told*, on the terminal."""
        start_s = time.monotonic()
        error: BaseException | None = None
        try:
            with narration.step(title):
                yield
        except BaseException as exc:
            error = exc
            raise
        finally:
            took_s = round(time.monotonic() - start_s, 3)
            outcome, detail = outcome_of(error)
            self.journal.write("step", **self._here(), title=title, outcome=outcome, detail=detail, took_s=took_s)
            self.tell(f"{took_s:7.1f} s  {told or title}" + ("" if error is None else f": {outcome}"))

    def note(self, line: str) -> None:
        """Record one line of progress that the engine tells."""
        self.journal.write("note", **self._here(), line=line)
        self.tell(f"           {line.strip()}")

    def restored(self, *, layer: str, found: str, left: str, detail: str = "") -> None:
        """Record in which state a layer was found, and in which it is left."""
        self.journal.write("restore", layer=layer, found=found, left=left, detail=detail)

    def end(self, ending: Ending, **body: Any) -> None:
        """Record the end; nothing is recorded afterwards."""
        self.journal.end(ending, **body)

    def _here(self) -> dict[str, str]:
        return {"test": self.place.test, "stage": self.place.stage}
