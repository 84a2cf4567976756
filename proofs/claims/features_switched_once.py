"""The gateway finds out by itself whether the layer is there: once, and without a failed answer on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Facts, Interval, Sampled
from yardfacts.judges import legible
from yardfacts.mutants import Edit, NothingToChange, blind, change, drop
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved
from yardfacts.windows import FAILED, KEPT, NEW, sampled_moments

ENVIRONMENTS = ("dev", "prod")
PROBE = "gateway"
STATES = ("online", "absent")
TRANSITIONS = {"off": ("online", "absent"), "on": ("absent", "online"), "cycle": ("online", "absent", "online")}
"""By the window's name without its number; any other window is steady and allows one value."""

NOTICED_MS = 5000
"""A gateway has replicas, and each finds out within two seconds; new connections, two seconds apart, meet either."""


def _is_gateway(one: Interval | Sampled, environment: str, *connections: str) -> bool:
    return (one.probe, one.environment) == (PROBE, environment) and one.connection in (connections or (NEW, KEPT))


def _flap(connection: str, *, away_ms: int) -> Edit:
    """Behind its only switch the gateway has features once more, for *away_ms*."""

    def edit(facts: Facts) -> Facts:
        for index, (moment, fact) in enumerate(facts.entries):
            if moment == "off" and isinstance(fact, Interval) and _is_gateway(fact, "dev", connection):
                if fact.state != "absent":
                    continue
                half_ms = (fact.start_ms + fact.stop_ms) // 2
                parts = (
                    replace(fact, stop_ms=half_ms, samples=fact.samples - 2),
                    replace(fact, state="online", start_ms=half_ms, stop_ms=half_ms + away_ms, samples=1),
                    replace(fact, start_ms=half_ms + away_ms, samples=1),
                )
                rest = tuple((moment, part) for part in parts)
                return Facts((*facts.entries[:index], *rest, *facts.entries[index + 1 :]))
        raise NothingToChange("the gateway never said absent")

    return edit


@claim(
    "While the layer leaves or comes, each gateway's answers say so with exactly one switch, none of them fails, and "
    "in a window in which nothing leaves or comes they all say the same.",
    mutants=[
        Mutant(
            name="the features come back for a moment",
            edit=_flap(KEPT, away_ms=2000),
            verdict=Verdict.DISPROVED,
            reason="switched_otherwise",
        ),
        Mutant(
            name="the features come back for a while",
            edit=_flap(NEW, away_ms=8000),
            verdict=Verdict.DISPROVED,
            reason="switched_otherwise",
        ),
        Mutant(
            name="nothing is noticed",
            edit=change(
                Interval, at="on", where=lambda one: _is_gateway(one, "dev") and one.state == "absent", state="online"
            ),
            verdict=Verdict.DISPROVED,
            reason="switched_otherwise",
        ),
        Mutant(
            name="an answer fails on the way",
            edit=change(Interval, at="off", where=lambda one: _is_gateway(one, "prod"), outcome="wrong", state=""),
            verdict=Verdict.DISPROVED,
            reason="failed",
            collateral=("nobody_noticed",),
        ),
        Mutant(
            name="an answer says neither",
            edit=change(Interval, at="off", where=lambda one: _is_gateway(one, "prod"), state=""),
            verdict=Verdict.DISPROVED,
            reason="says_neither",
        ),
        Mutant(
            name="nobody asked one gateway",
            edit=drop(Interval, at="on", where=lambda one: _is_gateway(one, "prod", KEPT)),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_sampled",
            collateral=("nobody_noticed",),
        ),
        Mutant(
            name="the prober stood still all the time",
            edit=drop(Interval, at="off", where=lambda one: _is_gateway(one, "dev", NEW) and one.outcome == "right"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_sampled",
            collateral=("nobody_noticed",),
        ),
        Mutant(
            name="the samples could not be fetched",
            edit=blind(Interval, at="off"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
            collateral=("nobody_noticed",),
        ),
    ],
)
def features_switched_once(facts: Facts) -> Finding:
    """Judge every window by its name."""
    moments = sampled_moments(facts)
    return merge((
        *(finding for moment in moments for finding in _window(facts.at(moment), moment)),
        *(() if moments else legible(facts, Interval)),
    ))  # fmt: skip


def _window(window: Facts, moment: str) -> Iterator[Finding]:
    yield from legible(window, Interval)
    wanted = TRANSITIONS.get(re.sub(r"-\d+$", "", moment), ())
    given = sorted(window.of(Interval), key=lambda one: one.start_ms)
    for environment in ENVIRONMENTS:
        for connection in (NEW, KEPT):
            rows = [one for one in given if _is_gateway(one, environment, connection)]
            patience_ms = NOTICED_MS if connection == NEW else 0
            where = f"{moment}: the gateway in {environment} ({connection} connections)"
            yield _switched(rows, wanted=wanted, patience_ms=patience_ms, where=where)


def _switched(rows: list[Interval], *, wanted: tuple[str, ...], patience_ms: int, where: str) -> Finding:
    for one in rows:
        if one.outcome in FAILED:
            return disproved("failed", f"{where}: {one.outcome}: {one.detail}")
    right = [one for one in rows if one.outcome == "right"]
    if not right:
        return inconclusive("not_sampled", f"{where} gave no answer, for nobody asked")
    for one in right:
        if one.state not in STATES:
            return disproved("says_neither", f"{where} says {one.state!r} of its features")
    said = _said(right, patience_ms=patience_ms)
    steady = not wanted and len(said) == 1
    if said == wanted or steady:
        return proved(f"{where}: {', then '.join(said)}")
    return disproved("switched_otherwise", f"{where}: {', '.join(said)}, wanted {', '.join(wanted) or 'one value'}")


def _said(right: list[Interval], *, patience_ms: int) -> tuple[str, ...]:
    """
    What was said, one after another.

    Whatever goes to and fro within *patience_ms* of the first switch, and ends where that led, is one switch.
    """
    turns = [one for last, one in zip([None, *right], right, strict=False) if last is None or last.state != one.state]
    said, index = [turns[0].state], 1
    while index < len(turns):
        begun_ms = turns[index].start_ms
        within = [number for number in range(index, len(turns)) if turns[number].start_ms - begun_ms <= patience_ms]
        settled = max(number for number in within if (number - index) % 2 == 0)
        said.append(turns[settled].state)
        index = settled + 1
    return tuple(said)
