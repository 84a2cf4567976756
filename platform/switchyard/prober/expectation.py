"""An answer held field by field against what was wanted of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from . import pointer
from .plan import Expectation, Wanted

__all__ = ["fault", "shown"]

SHOWN_CHARS: Final = 240
"""Of an answer; evidence is read by people."""


def fault(expect: Expectation, *, status: int, headers: Mapping[str, str], body: bytes) -> str:
    """
    The first thing that is not as wanted; empty when everything is.

    Args:
        expect: What was wanted.

        status: Of the answer.

        headers: Of the answer, names in lower case.

        body: Of the answer, decoded from its transfer encoding.
    """
    if status != expect.status:
        return f"HTTP {status} {shown(_text(body))}"
    for name, value in expect.headers.items():
        if headers.get(name.lower()) != value:
            return f"header {name}: {headers.get(name.lower())!r}"
    if expect.contains and expect.contains.encode() not in body:
        return f"no {expect.contains!r} in {shown(_text(body))}"
    return _wrong_value(expect.values, body) if expect.values else ""


def shown(value: Any) -> str:
    """As much of *value* as evidence keeps."""
    text = str(value)
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…"


def _wrong_value(values: Sequence[Wanted], body: bytes) -> str:
    try:
        document = json.loads(body)
    except ValueError:
        return f"no JSON: {shown(_text(body))}"
    for wanted in values:
        try:
            value = pointer.at(document, wanted.pointer)
        except LookupError as exc:
            return f"{exc} in {shown(_text(body))}"
        if pointer.differs(wanted.value, value, tolerance=wanted.tolerance):
            return f"{wanted.pointer}: {shown(value)}"
    return ""


def _text(body: bytes) -> str:
    return body.decode(errors="replace")
