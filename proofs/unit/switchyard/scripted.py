"""The lowest door, played from a script: what is asked is recorded, what is answered was written down before."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from switchyard.transport import Reply, Request

__all__ = ["Asked", "Scripted", "ScriptedStream", "answer"]


@dataclass(frozen=True)
class Asked:
    """One request as it arrived at the door."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass
class ScriptedStream:
    """Lines that arrive, then the end, or *error*."""

    events: list[Any] = field(default_factory=list)
    status: int = 200
    error: Exception | None = None

    def lines(self) -> Iterator[bytes]:
        """Each event as one line."""
        for event in self.events:
            yield json.dumps(event).encode()
        if self.error is not None:
            raise self.error

    def interrupt(self) -> None:
        """Nothing hangs here."""

    def close(self) -> None:
        """Nothing is open here."""


@dataclass
class Scripted:
    """A transport: *reply* answers requests, *streams* are opened one after another."""

    reply: Callable[[Asked], Reply] = lambda asked: answer({}, status=404)
    streams: list[ScriptedStream] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    where: str = "https://scripted"

    def send(self, request: Request) -> Reply:
        """Record, and answer from the script."""
        self._record(request, request.method)
        return self.reply(self.asked[-1])

    def open(self, request: Request) -> ScriptedStream:
        """Record, and give the next stream; the last one stays for whoever asks again."""
        self._record(request, "WATCH")
        return self.streams.pop(0) if len(self.streams) > 1 else self.streams[0]

    def _record(self, request: Request, method: str) -> None:
        assert request.timeout_s > 0
        body = json.loads(request.body) if request.body else None
        self.asked.append(Asked(method, request.path, request.query, request.headers, body))

    def close(self) -> None:
        """Nothing is kept alive here."""


def answer(document: Any, *, status: int = 200) -> Reply:
    """A JSON answer."""
    return Reply(status, json.dumps(document).encode())
