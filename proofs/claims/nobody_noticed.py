"""Whoever used Core or Baseline through the whole window got the right answer every time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Fact, Facts, Interval, Sampled
from yardfacts.judges import legible
from yardfacts.mutants import Edit, NothingToChange, asked, blind, change, drop
from yardfacts.verdict import Finding, Verdict, inconclusive, merge
from yardfacts.windows import sampled_moments, watched

T = TypeVar("T", Sampled, Interval)

ENVIRONMENTS = ("dev", "prod")
SERVICES = ("gateway", "triton", "mlflow", "airflow", "minio", "loki", "prometheus", "alertmanager")
PATHS = tuple(f"{service}-path" for service in SERVICES)
PATH_S, FUNCTIONAL_S = 0.5, 4.0
"""How often at least a service is asked, on each kind of connection, for a sign of life and for what it is for."""

CONTROL = "control"
"""Stands for an environment where the prober asks itself (loopback), or its own kind through a Service (echo)."""
PODS = ("prober-pod", "echo-pod")


def _of(probe: str, environment: str = CONTROL) -> Callable[[Sampled | Interval], bool]:
    return lambda fact: (fact.probe, fact.environment) == (probe, environment)


def _first(given: tuple[T, ...], fits: Callable[[T], bool]) -> T:
    for one in given:
        if fits(one):
            return one
    raise NothingToChange("there was no such window, or that question was not asked in it")


def _turned(probe: str, environment: str, *, at: str = "off", **outcomes: int) -> Edit:
    """So many samples of the first question that fits came to other outcomes, in its count and in its intervals."""

    def edit(facts: Facts) -> Facts:
        count = _first(facts.at(at).of(Sampled), _of(probe, environment))
        row = _first(
            facts.at(at).of(Interval),
            lambda one: _of(probe, environment)(one) and one.connection == count.connection,
        )
        turned, missed = sum(outcomes.values()), outcomes.get("missed", 0)
        counted = replace(
            count,
            right=count.right - turned,
            wrong=outcomes.get("wrong", 0),
            unanswered=outcomes.get("unanswered", 0),
            sent=count.sent - missed,
            missed_in_a_row=missed,
        )
        rest = [
            replace(row, outcome=name, state="", samples=number, detail="refused", start_ms=row.start_ms + turned)
            for name, number in outcomes.items()
        ]
        instead: dict[Fact, tuple[Fact, ...]] = {
            count: (counted,),
            row: (replace(row, samples=row.samples - turned), *rest),
        }
        return Facts(
            tuple(
                (moment, one)
                for moment, fact in facts.entries
                for one in (instead.get(fact, (fact,)) if moment == at else (fact,))
            )
        )

    return edit


def _thinned(probe: str, environment: str, *, left: int) -> Edit:
    """Of the samples of the first question that fits, all were missed but *left*."""

    def edit(facts: Facts) -> Facts:
        count = _first(facts.at("off").of(Sampled), _of(probe, environment))
        return _turned(probe, environment, missed=count.right - left)(facts)

    return edit


def _without(at: str, left_out: Callable[[Sampled | Interval], bool]) -> Edit:
    return _all(drop(Sampled, at=at, where=left_out), drop(Interval, at=at, where=left_out))


def _all(*edits: Edit) -> Edit:
    def edit(facts: Facts) -> Facts:
        for one in edits:
            facts = one(facts)
        return facts

    return edit


@claim(
    "Through the whole window every service of Core and Baseline gives every answer right, in both environments, on "
    "new and on kept connections by turns: a sign of life four times a second, what it is there for every two seconds.",
    mutants=[
        Mutant(
            name="one wrong answer",
            edit=_turned("mlflow", "prod", wrong=1),
            verdict=Verdict.DISPROVED,
            reason="noticed",
        ),
        Mutant(
            name="one answer that did not come",
            edit=_turned("loki-path", "dev", at="on", unanswered=1),
            verdict=Verdict.DISPROVED,
            reason="noticed",
        ),
        Mutant(
            name="Services lead nowhere",
            edit=_turned("echo", CONTROL, unanswered=2),
            verdict=Verdict.DISPROVED,
            reason="network",
        ),
        Mutant(
            name="Services lead nowhere, and a service is not reached",
            edit=_all(_turned("echo", CONTROL, unanswered=1), _turned("mlflow", "prod", unanswered=1)),
            verdict=Verdict.DISPROVED,
            reason="network",
        ),
        Mutant(
            name="the echo's own pod fell",
            edit=_all(
                _turned("echo", CONTROL, unanswered=1),
                change(Answer, at="off", where=asked("echo-pod", CONTROL), outcome="wrong", got="gone"),
            ),
            verdict=Verdict.INCONCLUSIVE,
            reason="control_gone",
        ),
        Mutant(
            name="the prober does not reach itself, and no service either",
            edit=_all(_turned("loopback", CONTROL, unanswered=1), _turned("mlflow", "prod", unanswered=1)),
            verdict=Verdict.INCONCLUSIVE,
            reason="prober_failed",
        ),
        Mutant(
            name="nobody knows what became of the prober",
            edit=drop(Answer, at="off", where=asked("prober-pod", CONTROL)),
            verdict=Verdict.INCONCLUSIVE,
            reason="prober_failed",
        ),
        Mutant(
            name="the prober stood still",
            edit=_turned("loopback", CONTROL, missed=4),
            verdict=Verdict.INCONCLUSIVE,
            reason="prober_failed",
        ),
        Mutant(
            name="a question stood still",
            edit=_turned("minio-path", "prod", missed=4),
            verdict=Verdict.INCONCLUSIVE,
            reason="too_few",
        ),
        Mutant(
            name="all samples but ten were missed",
            edit=_thinned("triton-path", "dev", left=10),
            verdict=Verdict.INCONCLUSIVE,
            reason="too_few",
        ),
        Mutant(
            name="a count that the intervals do not bear out",
            edit=change(Interval, at="off", where=_of("triton-path", "dev"), samples=10),
            verdict=Verdict.INCONCLUSIVE,
            reason="contradiction",
        ),
        Mutant(
            name="all samples but ten were missed, and no more are said to have been planned",
            edit=_all(
                change(Sampled, at="off", where=_of("triton-path", "dev"), planned=10, sent=10, right=10),
                change(Interval, at="off", where=_of("triton-path", "dev"), samples=10),
            ),
            verdict=Verdict.INCONCLUSIVE,
            reason="too_few",
        ),
        Mutant(
            name="no samples at all",
            edit=_all(
                change(Sampled, at="off", where=_of("airflow", "dev"), planned=0, sent=0, right=0, window_s=0.0),
                drop(Interval, at="off", where=_of("airflow", "dev")),
            ),
            verdict=Verdict.INCONCLUSIVE,
            reason="too_few",
        ),
        Mutant(
            name="a question is asked every half minute",
            edit=change(Sampled, at="off", where=_of("prometheus", "dev"), period_s=30.0),
            verdict=Verdict.INCONCLUSIVE,
            reason="too_seldom",
        ),
        Mutant(
            name="a service was left out",
            edit=_without("off", lambda one: one.probe == "alertmanager"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_sampled",
        ),
        Mutant(
            name="an environment was left out",
            edit=_without("on", lambda one: one.environment == "prod"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_sampled",
            collateral=("features_switched_once",),
        ),
        Mutant(
            name="nothing was kept open",
            edit=_without("on", lambda one: one.connection == "kept" and one.environment != CONTROL),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_sampled",
            collateral=("features_switched_once",),
        ),
        Mutant(
            name="the samples could not be fetched",
            edit=blind(Sampled, at="on"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
            collateral=("cycles_hold",),
        ),
    ],
)
def nobody_noticed(facts: Facts) -> Finding:
    """Judge every window by itself; its controls go first, for without them the rest says nothing."""
    found = [(moment, _window(facts.at(moment))) for moment in sampled_moments(facts)]
    return merge((
        *(Finding(one.verdict, one.reason, f"{moment}: {one.detail}") for moment, one in found),
        *(() if found else legible(facts, Sampled)),
    ))  # fmt: skip


def _window(window: Facts) -> Finding:
    unread = [finding for finding in legible(window, Sampled, Interval) if finding.reason == "unreadable"]
    if unread:
        return merge(unread)
    intact = {name: _intact(window, name) for name in PODS}
    own = merge(watched(window, probes=("loopback",), environments=(CONTROL,), at_most_s=PATH_S, reason="loopback"))
    for finding in (intact["prober-pod"], own):
        if finding.verdict is not Verdict.PROVED:
            return inconclusive("prober_failed", finding.detail)
    echo = merge(watched(window, probes=("echo",), environments=(CONTROL,), at_most_s=PATH_S, reason="network"))
    found = merge((
        intact["echo-pod"] if intact["echo-pod"].verdict is not Verdict.PROVED else echo,
        *watched(window, probes=PATHS, environments=ENVIRONMENTS, at_most_s=PATH_S, reason="noticed"),
        *watched(window, probes=SERVICES, environments=ENVIRONMENTS, at_most_s=FUNCTIONAL_S, reason="noticed"),
        *legible(window, Sampled, Interval, Answer),
    ))  # fmt: skip
    if found.verdict is not Verdict.PROVED:
        return found
    counts = [one for one in window.of(Sampled) if one.environment in ENVIRONMENTS]
    seen_s = max(one.blind_s for one in counts if one.probe in PATHS)
    right = sum(one.right for one in counts)
    return Finding(
        found.verdict, found.reason, f"{right} answers, all right; an outage of {seen_s:g} s would have shown"
    )


def _intact(window: Facts, name: str) -> Finding:
    given = [one for one in window.of(Answer) if (one.probe, one.environment) == (name, CONTROL)]
    if not given:
        return inconclusive("control_gone", f"nobody looked at the {name}")
    return merge(
        Finding(Verdict.PROVED, "holds", one.got)
        if one.outcome == "right"
        else inconclusive("control_gone", f"the {name} is not intact: {one.got}")
        for one in given
    )
