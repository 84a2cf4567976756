"""Whatever the evidence, a claim decides; and it never holds without the facts that it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from random import Random
from typing import Any, TypeVar, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yardfacts.catalogue import load_claims
from yardfacts.claims import Claim
from yardfacts.facts import Answer, Facts, Unreadable
from yardfacts.verdict import Verdict

NAMES = sorted(load_claims(Path(__file__).parents[2] / "claims"))

F = TypeVar("F")
Entry = tuple[str, Any]
Edit = Callable[[list[Entry]], list[Entry]]

EXAMPLES = 40
"""A claim; each judges some hundreds of facts, and all claims together take seconds."""


def _changed(entry: Entry, data: st.DataObject) -> Entry:
    """The same fact with one field of another value of its type; or with a moment that nobody knows."""
    moment, fact = entry
    name = data.draw(st.sampled_from([field.name for field in fields(fact)]))
    known = data.draw(st.booleans())
    value = data.draw(st.from_type(get_type_hints(type(fact))[name]))
    return (moment, replace(fact, **{name: value})) if known else (data.draw(st.text(max_size=3)), fact)


def _some(entries: list[Entry], data: st.DataObject) -> int:
    return data.draw(st.integers(0, len(entries) - 1))


def _edited(evidence: Facts, data: st.DataObject) -> Facts:
    """Evidence with facts removed, doubled, mixed up, altered or moved to another moment; or no evidence at all."""
    entries = list(evidence.entries)
    for edit in data.draw(st.lists(st.sampled_from(["drop", "kind", "moment", "double", "mix", "change"]), max_size=6)):
        if not entries:
            break
        index = _some(entries, data)
        match edit:
            case "drop":
                del entries[index]
            case "kind":
                entries = [entry for entry in entries if type(entry[1]) is not type(entries[index][1])]
            case "moment":
                other = data.draw(st.sampled_from(["", "attached", "detached"]))
                entries = [(other if entry[0] == entries[index][0] else entry[0], entry[1]) for entry in entries]
            case "double":
                entries.insert(_some(entries, data), entries[index])
            case "mix":
                Random(index).shuffle(entries)  # noqa: S311 - an order, not a secret
            case _:
                entries[index] = _changed(entries[index], data)
    return Facts(tuple(entries))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_claim_decides_whatever_the_evidence(
    name: str, claims: Mapping[str, Claim], evidence: Facts, data: st.DataObject
) -> None:
    """No evidence makes a judge stumble: each of its answers was thought of."""
    finding = claims[name].decide(_edited(evidence, data))
    assert finding.reason != "judge_stumbled", str(finding)


@pytest.mark.parametrize(
    ("name", "what"),
    [("nothing_changed", "Watched"), ("nobody_noticed", "Sampled"), ("features_switched_once", "Interval")],
)
def test_a_window_that_nobody_saw_is_not_outvoted(
    name: str, what: str, claims: Mapping[str, Claim], evidence: Facts
) -> None:
    """Of one window there is nothing but that it could not be read; others that are whole do not make up for it."""
    others = Facts(tuple(entry for entry in evidence.entries if entry[0] != "off"))
    assert claims[name].decide(others).verdict is Verdict.PROVED
    unseen = others.plus("off", (Unreadable(what=f"{what} of window off", error="nobody answered"),))
    finding = claims[name].decide(unseen)
    assert (finding.verdict, finding.reason) == (Verdict.INCONCLUSIVE, "unreadable")


@pytest.mark.parametrize("name", NAMES)
def test_a_claim_needs_everything_that_it_reads(
    name: str, claims: Mapping[str, Claim], evidence: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever kind of fact a claim reads, without those of one moment, or of all, it is not PROVED."""
    read: set[tuple[str, type]] = set()
    of = Facts.of

    def observed(self: Facts, kind: type[F]) -> tuple[F, ...]:
        read.update((moment, kind) for moment, fact in self.entries if isinstance(fact, kind))
        return of(self, kind)

    with monkeypatch.context() as patch:
        patch.setattr(Facts, "of", observed)
        claims[name].decide(evidence)
    assert read, f"{name} asked for no fact"
    parts = [*read, *(("", kind) for kind in {kind for _, kind in read})]
    held = [
        f"{kind.__name__} at {moment or 'every moment'}"
        for moment, kind in parts
        if claims[name].decide(_without(evidence, kind, moment)).verdict is Verdict.PROVED
    ]
    assert held == []


def _without(evidence: Facts, kind: type, at: str) -> Facts:
    left = (entry for entry in evidence.entries if not isinstance(entry[1], kind) or entry[0] != (at or entry[0]))
    return Facts(tuple(left))


STRANGER = "targets of stranger"
"""Judged because it is there; nobody knows that it should be."""


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_that_could_disprove_must_be_there(name: str, claims: Mapping[str, Claim], evidence: Facts) -> None:
    """Where a wrong answer makes a claim fall, nobody having asked leaves it open."""
    judge = claims[name]
    asked = dict.fromkeys(
        (moment, fact.probe, fact.environment)
        for moment, fact in evidence.entries
        if isinstance(fact, Answer) and fact.probe != STRANGER
    )
    decisive = [
        one for one in asked if judge.decide(_answers(evidence, *one, wrong=True)).verdict is not Verdict.PROVED
    ]
    held = [one for one in decisive if judge.decide(_answers(evidence, *one, wrong=False)).verdict is Verdict.PROVED]
    assert held == []


def _answers(evidence: Facts, *place: str, wrong: bool) -> Facts:
    """Every answer to one question is wrong, or forgotten."""
    found = [
        (at, fact, isinstance(fact, Answer) and (at, fact.probe, fact.environment) == place)
        for at, fact in evidence.entries
    ]
    return Facts(
        tuple(
            (at, replace(fact, outcome="wrong") if meant and isinstance(fact, Answer) else fact)
            for at, fact, meant in found
            if wrong or not meant
        )
    )
