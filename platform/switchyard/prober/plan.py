"""What the prober asks: questions as frozen records, and as the JSON that carries them into the pod."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

__all__ = ["KEPT", "NEW", "Expectation", "Plan", "Question", "Wanted", "dump_plan", "read_plan"]

NEW: Final = "new"
"""One connection a sample."""
KEPT: Final = "kept"
"""One connection for all samples, opened again where the server closed it between two of them."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One value that an answer has to carry: at a JSON pointer, equal or near."""

    pointer: str
    value: Any
    tolerance: float = 0.0
    """Absolute; applied to every number below the pointer."""


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What makes an answer ``right``: everything listed here."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    values: tuple[Wanted, ...] = ()
    contains: str = ""
    """Text that the body contains; for answers that are no JSON."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One request, asked again and again over one kind of connection."""

    probe: str
    environment: str
    connection: str
    period_ms: int
    phase_ms: int
    """From the window's start to the first sample, so that not everybody is asked at once."""
    deadline_ms: int
    """From sending to the whole answer."""
    host: str
    """An address: nobody's DNS is asked."""
    port: int
    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    expect: Expectation = field(default_factory=Expectation)
    state: str = ""
    """Header of a right answer in which the service says how it is; none: it says no such thing."""

    @property
    def request(self) -> bytes:
        """The bytes to send."""
        content = self.body.encode()
        lines = [f"{self.method} {self.target} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers.items())]
        lines += [f"Content-Length: {len(content)}"] if content else []
        lines += ["Connection: close"] if self.connection == NEW else []
        return "\r\n".join([*lines, "", ""]).encode() + content


@dataclass(frozen=True)
class Plan:
    """All questions, in the order of their numbers."""

    questions: tuple[Question, ...] = ()


def dump_plan(plan: Plan) -> str:
    """The plan as JSON."""
    return json.dumps(asdict(plan))


def read_plan(path: Path) -> Plan:
    """
    Read what ``dump_plan`` wrote.

    Raises:
        OSError: The file cannot be read.
        ValueError, TypeError, KeyError: It is no plan.
    """
    return Plan(tuple(_question(one) for one in json.loads(path.read_text())["questions"]))


def _question(one: Mapping[str, Any]) -> Question:
    expect = one["expect"]
    values = tuple(Wanted(**wanted) for wanted in expect["values"])
    return Question(**{**one, "expect": Expectation(**{**expect, "values": values})})
