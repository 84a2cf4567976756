"""A proof says once which claims it lets judge: where it calls ``judge``."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from switchyard.errors import Misconfigured
from switchyard.promises import promised, promises
from yardfacts.catalogue import load_claims

PROOFS = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        pytest.param("yard.judge('a', 'b')", ("a", "b"), id="words"),
        pytest.param("yard.judge(*('a', 'b'), *['c'])", ("a", "b", "c"), id="words in rows"),
        pytest.param("with yard.given('x'):\n        yard.judge('a')", ("a",), id="inside a step"),
        pytest.param("yard.judge('a')\n    yard.judge('a')", ("a",), id="twice"),
        pytest.param("if off:\n        yard.judge('a')", (), id="under a condition"),
        pytest.param("yard.expect('a')", (), id="a control"),
    ],
)
def test_claims_are_read_from_the_text(body: str, wanted: tuple[str, ...]) -> None:
    """Words only, and not those that a condition may skip."""
    assert promises(f"def test_it(yard):\n    {body}\n", where="test_it") == wanted


def test_a_name_that_nobody_can_read_is_refused() -> None:
    """A claim behind a variable could be any claim, or none."""
    with pytest.raises(Misconfigured, match="names"):
        promises("def test_it(yard):\n    yard.judge(*names)\n", where="test_it")


def test_a_function_is_read() -> None:
    """The text of a function is found by the function."""

    def test_it(yard: object) -> None:
        yard.judge("a")  # type: ignore[attr-defined]  # never run

    assert promised(test_it) == ("a",)


def test_every_claim_is_judged_by_a_proof() -> None:
    """A claim that no proof promises, or judges under a condition, would never be asked; a promise has its claim."""
    tests = [
        ast.unparse(node)
        for path in sorted(PROOFS.glob("test_p*.py"))
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    assert {name for text in tests for name in promises(text, where="a proof")} == load_claims(PROOFS / "claims").keys()
