"""The table of what is broken on purpose names tests and mutants that exist, and leaves no number out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from yardfacts.catalogue import load_claims

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs/proof/mutants.md"
NUMBERS = range(1, 33)

ROW = re.compile(r"^\| (\d+) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
NAME = re.compile(r"`([^`]+)`")


def _rows() -> dict[int, list[str]]:
    return {int(number): NAME.findall(names) for number, names in ROW.findall(TABLE.read_text())}


def test_every_number_is_there_and_killed() -> None:
    """Every row from first to last, and each names somebody."""
    assert list(_rows()) == list(NUMBERS)
    assert all(_rows().values())


def test_every_name_exists() -> None:
    """A test that was renamed, or a mutant that was taken away, must not stand in a table that promises it."""
    mutants = {
        f"{name}: {mutant.name}"
        for name, claim in load_claims(ROOT / "proofs/claims").items()
        for mutant in claim.mutants
    }
    named = {name for names in _rows().values() for name in names}
    assert {name for name in named if name not in mutants and not _is_a_test(name)} == set()


def _is_a_test(name: str) -> bool:
    file, _, function = name.partition("::")
    path = ROOT / file
    return path.suffix == ".py" and path.is_file() and function in _functions(path)


def _functions(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}
