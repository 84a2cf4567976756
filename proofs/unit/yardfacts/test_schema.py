"""The schema is the dataclasses: a validator that knows nothing of ours accepts what our reader accepts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, make_dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from switchyard.cli import main
from yardfacts import schema
from yardfacts.facts import FACT_TYPES, Facts, Malformed, Root
from yardfacts.journal import Ending, Journal
from yardfacts.redact import Redactor
from yardfacts.schema import record_schema

SAMPLE = Path(__file__).parents[3] / "docs/proof/sample/journal.jsonl"

SCHEMA = record_schema()
RECORDS = Draft202012Validator(SCHEMA)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def _places(plain: Any) -> Iterator[tuple[Any, Any]]:
    """Every container of *plain* with each of its keys or indexes."""
    entries = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    for key, value in list(entries):
        yield plain, key
        yield from _places(value)


@st.composite
def _records(draw: Callable[[st.SearchStrategy[Any]], Any]) -> dict[str, Any]:
    """A recorded fact, as it was written or with something in it changed, forgotten or added."""
    name = draw(st.sampled_from(sorted(FACT_TYPES)))
    fact = asdict(draw(st.from_type(FACT_TYPES[name])))
    body = {"stage": "p20", "moment": "now", "type": name, "fact": json.loads(json.dumps(fact))}
    for _ in range(draw(st.integers(0, 2))):
        home, key = draw(st.sampled_from(list(_places(body["fact"])) or [(body, "fact")]))
        match draw(st.sampled_from(["change", "forget", "add"])):
            case "change":
                home[key] = draw(ANYTHING)
            case "forget" if home is not body:
                del home[key]
            case _ if isinstance(home, dict) and home is not body:
                home[draw(st.text(max_size=3))] = draw(ANYTHING)
    return {"seq": 0, "at": "2026-11-21T00:00:00.000Z", "t_s": 0.0, "kind": "fact", "body": body}


def _is_read(body: dict[str, Any]) -> bool:
    try:
        Facts.from_json([{name: body.get(name) for name in ("moment", "type", "fact")}])
    except Malformed:
        return False
    return True


@given(_records())
def test_the_schema_accepts_what_is_read(record: dict[str, Any]) -> None:
    """A fact of whatever shape is valid exactly where the reader takes it."""
    # A record has more fields than those that matter here: they are another test's.
    facts_only = RECORDS.evolve(schema={"$defs": SCHEMA["$defs"], **SCHEMA["then"]["properties"]["body"]})
    assert facts_only.is_valid(record["body"]) == _is_read(record["body"])


def test_the_schema_is_one() -> None:
    """It is valid by the rules of its own dialect, and has every kind of fact."""
    Draft202012Validator.check_schema(SCHEMA)
    assert FACT_TYPES.keys() <= SCHEMA["$defs"].keys()


def test_a_real_journal_is_valid() -> None:
    """Every record of the run that stands in git is."""
    wrong = [
        f"record {number}: {error.message}"
        for number, line in enumerate(SAMPLE.read_text().splitlines())
        for error in RECORDS.iter_errors(json.loads(line))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"seq": "0"}, id="a number that is a word"),
        pytest.param({"more": 1}, id="a field more"),
        pytest.param({"body": []}, id="no body"),
        pytest.param({"body": {"stage": "p20", "moment": "now", "type": "Boot", "fact": {}}}, id="an unknown fact"),
        pytest.param({"body": {"stage": "p20", "moment": "now", "type": "Root", "fact": {}}}, id="an empty fact"),
        pytest.param({"body": {"moment": "now", "type": "Root", "fact": {}}}, id="no stage"),
    ],
)
def test_a_damaged_record_is_invalid(change: dict[str, Any], tmp_path: Path) -> None:
    """What is no record is told, around the facts too."""
    journal = Journal(tmp_path / "journal.jsonl", redactor=Redactor())
    journal.fact(stage="p20", moment="now", fact=Root(name="root", http_status=404))
    journal.end(Ending.COMPLETED)
    written, end = map(json.loads, journal.path.read_text().splitlines())
    assert RECORDS.is_valid(written)
    assert RECORDS.is_valid(end)
    assert not RECORDS.is_valid({**written, **change})


@pytest.mark.parametrize("odd", [complex, complex | None, complex | int])
def test_what_cannot_be_read_again_has_no_schema(monkeypatch: pytest.MonkeyPatch, odd: object) -> None:
    """A field of a type that the reader does not know is a mistake of who wrote it."""
    monkeypatch.setattr(schema, "_told", lambda kind: {})  # a class made here has no source
    monkeypatch.setattr(schema, "FACT_TYPES", {"Odd": make_dataclass("Odd", [("when", odd)])})
    with pytest.raises(TypeError, match="complex"):
        record_schema()


def test_fields_are_described() -> None:
    """What is written below a field in the source is in the schema."""
    assert SCHEMA["$defs"]["Root"]["description"].startswith("The explicit answer")
    assert SCHEMA["$defs"]["Commit"]["properties"]["dirty"]["description"].startswith("Uncommitted changes")


def test_the_command_prints_it() -> None:
    """Whoever wants to validate a journal asks for the schema."""
    done = CliRunner().invoke(main, ["schema"])
    assert json.loads(done.output) == SCHEMA
