"""What was asked: the parts of a request as the sink understands them, and what of it may be shown."""

from __future__ import annotations

import json
import re
from typing import Final
from urllib.parse import parse_qs

from sink.errors import Malformed

__all__ = ["object_of", "shown", "since"]

SHOWN_CHARS: Final = 200
"""Of a request's first line, which is the caller's to choose."""

# What follows the first segment is cut: under Slack's inbox, and where a sender forgot that inbox, it is a token.
SHOWN: Final = re.compile(r"(?P<first>[A-Z]+ /?[^/?#\s]*)(?P<rest>\S*)(?P<protocol> HTTP/[\d.]+)?")


def object_of(body: bytes) -> dict[str, object]:
    """
    Read a JSON object.

    Raises:
        Malformed: It is none.
    """
    try:
        found = json.loads(body)
    except ValueError as exc:
        raise Malformed(f"wanted a JSON object: {exc}") from exc
    if not isinstance(found, dict):
        raise Malformed(f"wanted a JSON object, got {type(found).__name__}")
    return found


def since(query: str) -> int:
    """
    Read which message was seen last; 0 where nobody says.

    Raises:
        Malformed: It is not the number of a message.
    """
    number = parse_qs(query, keep_blank_values=True).get("since", ["0"])[-1]
    if not number.isdecimal():
        raise Malformed(f"wanted the number of a message in `since`, got {number!r}")
    return int(number)


def shown(line: str) -> str:
    """Return a request's first line as far as the path's first segment."""
    found = SHOWN.fullmatch(line)
    if found is None:
        return "no request"
    cut = "..." if found["rest"] else ""
    return f"{found['first'][:SHOWN_CHARS]}{cut}{found['protocol'] or ''}"
