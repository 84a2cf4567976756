"""How bytes go to an API server and back, and what each error answer means. Tests put their own transport here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from switchyard.errors import Conflict, Forbidden, Gap, NotFound, Refused, Unauthorised

__all__ = ["Reply", "Request", "Stream", "Transport", "raise_for"]

MESSAGE_MAX_CHARS = 600
"""An error answer may be a page of HTML from a proxy; a person reads its beginning."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One question, as it goes over the line."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes | None = None
    timeout_s: float
    """The longest silence on the line."""


@dataclass(frozen=True)
class Reply:
    """One answer, read to its end."""

    status: int
    body: bytes


class Stream(Protocol):
    """An open answer, read line by line."""

    status: int

    def lines(self) -> Iterator[bytes]:
        """Lines as they arrive; ends when the server or ``close`` ends it."""

    def interrupt(self) -> None:
        """End ``lines`` from another thread."""

    def close(self) -> None:
        """Give the connection up; by the thread that reads."""


class Transport(Protocol):
    """The lowest door. Raises ``Unreachable`` and ``TimedOut``; every HTTP status is an answer."""

    where: str
    """Whom it talks to, for messages."""

    def send(self, request: Request) -> Reply:
        """Send one request and read the whole answer."""

    def open(self, request: Request) -> Stream:
        """Send one request whose answer is read as it comes."""

    def close(self) -> None:
        """Close every connection that is kept alive."""


def raise_for(status: int, body: bytes, *, asked: str) -> None:
    """
    Return for a success; raise what the error answer means.

    Raises:
        NotFound, Conflict, Gap, Forbidden, Unauthorised, Refused: By status; the message is the server's own.
    """
    if status < 400:
        return
    said = _message(body)
    text = f"{asked}: HTTP {status}: {said}"
    match status:
        case 404:
            raise NotFound(text)
        case 409:
            raise Conflict(text)
        case 410:
            raise Gap(text)
        case 401:
            raise Unauthorised(f"{text}. The kubeconfig's credentials are not accepted; renew them or name --context")
        case 403:
            raise Forbidden(f"{text}. Grant the right to this identity, or use another context")
        case _:
            raise Refused(text, status=status)


def _message(body: bytes) -> str:
    text = body[: 4 * MESSAGE_MAX_CHARS].decode(errors="replace").strip()
    try:
        parsed = json.loads(body)
    except ValueError:
        return text[:MESSAGE_MAX_CHARS]
    said = parsed.get("message") if isinstance(parsed, dict) else None
    return str(said or text)[:MESSAGE_MAX_CHARS]
