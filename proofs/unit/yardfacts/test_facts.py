"""What is recorded can be read again, and what cannot be read is an error, not a guess."""

from __future__ import annotations

import json
from dataclasses import is_dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yardfacts import facts as package
from yardfacts.facts import FACT_TYPES, Answer, Criterion, Duration, Fact, Facts, Malformed, ObjectRef, Root
from yardfacts.facts.plain import decode

FACTS = st.one_of([st.from_type(kind) for kind in FACT_TYPES.values()])
PARTS = {Criterion, Duration, ObjectRef}  # records that stand inside facts and are never one themselves
ENTRIES = st.lists(st.tuples(st.text(max_size=10), FACTS), max_size=5).map(tuple)


@given(ENTRIES)
def test_facts_survive_json(entries: tuple[tuple[str, Root], ...]) -> None:
    """Every type of fact comes back from JSON as it was."""
    facts = Facts(entries)
    plain = json.loads(json.dumps(list(facts.to_json())))
    # Infinity and NaN are no JSON; repr tells them apart where equality does not.
    assert repr(Facts.from_json(plain)) == repr(facts)


def test_every_record_can_be_read_again() -> None:
    """A record that a module of facts defines is registered under its own name, and exported."""
    defined = {
        record
        for module in iter_modules(package.__path__, f"{package.__name__}.")
        for record in vars(import_module(module.name)).values()
        if isinstance(record, type) and is_dataclass(record) and record.__module__ == module.name
    }
    assert defined - PARTS - {Facts} == set(get_args(Fact)) == set(FACT_TYPES.values())
    assert all(getattr(package, record.__name__) is record for record in defined)


@pytest.mark.parametrize(
    "record",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"moment": "now", "type": "Root", "fact": None}, id="no object"),
        pytest.param({"moment": "now", "type": "Boot", "fact": {}}, id="an unknown type"),
        pytest.param({"moment": "now", "type": "Root", "fact": {"name": "a"}}, id="a missing field"),
        pytest.param({"moment": "now", "type": "Root", "fact": {"name": "a", "http_status": "404"}}, id="a wrong type"),
        pytest.param({"moment": "now", "type": "Root", "fact": {"name": "a", "http_status": True}}, id="a boolean"),
        pytest.param(
            {"moment": "now", "type": "Root", "fact": {"name": "a", "http_status": 404, "more": 1}}, id="a field more"
        ),
        pytest.param({"moment": "now", "type": "Root", "fact": {"name": None, "http_status": 404}}, id="a null"),
        pytest.param({"moment": 1, "type": "Root", "fact": {"name": "a", "http_status": 404}}, id="no moment"),
    ],
)
def test_a_damaged_record_is_an_error(record: dict[str, object]) -> None:
    """A record of another shape is refused with the place where it differs."""
    with pytest.raises(Malformed):
        Facts.from_json([record])


@pytest.mark.parametrize("met", [True, False, None])
def test_what_may_be_unknown_stays_unknown(met: bool | None) -> None:
    """A field of three values comes back as the one it was; nothing else is taken for one of them."""
    criterion = {"name": "smoke", "met": met, "evidence": ""}
    assert decode(Criterion, criterion, where="here") == Criterion(name="smoke", met=met, evidence="")
    for odd in (0, 1, "true", ""):
        with pytest.raises(Malformed, match="met"):
            decode(Criterion, {**criterion, "met": odd}, where="here")


def test_where_leaves_other_kinds_alone() -> None:
    """Filtering one kind keeps the facts of all others, and their order."""
    facts = Facts().plus("now", [Root(name="a", http_status=404), Root(name="b", http_status=200)])
    facts = facts.plus("now", [Answer(probe="p", environment="dev", outcome="right", wanted="1", got="1", took_s=0.0)])
    left = facts.where(Root, lambda root: root.name == "b")
    assert [type(fact).__name__ for _, fact in left.entries] == ["Root", "Answer"]
