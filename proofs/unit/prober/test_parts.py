"""Parts of the prober by themselves: its grid, how it notices a standstill, its plan, and what an answer lacks."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from switchyard import prober
from switchyard.prober.expectation import fault
from switchyard.prober.grid import Grid
from switchyard.prober.plan import KEPT, NEW, Expectation, Plan, Question, Wanted, dump_plan, read_plan
from switchyard.prober.stillness import Stillness

SOURCES = sorted(Path(prober.__file__).parent.glob("*.py"))


def test_a_late_sample_moves_no_other() -> None:
    """The grid follows from the window's start alone."""
    grid = Grid(250, 40)
    assert [grid.due_ms(number) for number in range(3)] == [40, 290, 540]


@pytest.mark.parametrize(("now_ms", "missed"), [(40, False), (290, False), (290.1, True)])
def test_a_sample_more_than_a_period_late_is_missed(now_ms: float, missed: bool) -> None:
    """It would only say what the next one says; it is never caught up."""
    assert Grid(250, 40).is_missed(0, now_ms=now_ms) is missed


def test_one_standstill_is_counted_once() -> None:
    """However many timers find out about it; and a timer that is a little late finds nothing."""
    stillness = Stillness()
    assert stillness.notice(due_s=1.0, now_s=1.05) == 0
    assert stillness.notice(due_s=1.1, now_s=3.1) == 2.0
    assert stillness.notice(due_s=1.2, now_s=3.1) == 0
    assert stillness.notice(due_s=1.3, now_s=3.4) == pytest.approx(0.3)
    assert stillness.notice(due_s=9.0, now_s=3.5) == 0


def _question(**given: Any) -> Question:
    return Question(
        **{
            "probe": "p",
            "environment": "dev",
            "connection": NEW,
            "period_ms": 250,
            "phase_ms": 0,
            "deadline_ms": 5000,
            "host": "10.0.0.1",
            "port": 80,
            "method": "GET",
            "target": "/x?y=1",
            **given,
        }
    )


def test_a_plan_survives_its_way_into_the_pod(tmp_path: Path) -> None:
    """What is read there is what was written here."""
    expect = Expectation(headers={"a": "b"}, values=(Wanted(pointer="/a", value=[1.5, None], tolerance=0.1),))
    plan = Plan((_question(headers={"Host": "a.b:80"}, body='{"ä": 1}', expect=expect, state="x-s"), _question()))
    file = tmp_path / "plan.json"
    file.write_text(dump_plan(plan))
    assert read_plan(file) == plan


def test_a_request_is_what_http_wants() -> None:
    """A body with its length in bytes; a new connection says that it ends."""
    asked = _question(method="POST", headers={"Host": "a.b"}, body="ä")
    head, _, body = asked.request.partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [b"POST /x?y=1 HTTP/1.1", b"Host: a.b", b"Content-Length: 2", b"Connection: close"]
    assert body == "ä".encode()
    assert b"Connection" not in _question(connection=KEPT).request


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({}, ""),
        ({"status": 503}, "HTTP 503"),
        ({"headers": {}}, "header X-Model: None"),
        ({"body": b'{"out": [0.52]}'}, "/out/0: 0.52"),
        ({"body": b'{"in": "out"}'}, "nothing at /out/0"),
        ({"body": b"<html>out"}, "no JSON: <html>out"),
        ({"body": b"\xff"}, "no 'out' in \N{REPLACEMENT CHARACTER}"),
    ],
)
def test_the_first_fault_is_told(answer: dict[str, Any], told: str) -> None:
    """Status, headers, text, then values; a value within its tolerance is right."""
    expect = Expectation(
        headers={"X-Model": "wine"}, values=(Wanted(pointer="/out/0", value=0.5, tolerance=0.01),), contains="out"
    )
    good: dict[str, Any] = {"status": 200, "headers": {"x-model": "wine"}, "body": b'{"out": [0.505]}'}
    found = fault(expect, **{**good, **answer})
    assert found.startswith(told)
    assert bool(found) is bool(told)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_the_prober_needs_nothing_but_python(path: Path) -> None:
    """In the pod is neither the engine nor anything that is installed; its own modules it finds beside itself."""
    assert set(_imported(ast.parse(path.read_text()))) <= {*sys.stdlib_module_names, "."}


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield "." * node.level or (node.module or "").partition(".")[0]
        elif isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
