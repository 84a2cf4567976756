"""The lowest door, played from a script: what is asked is recorded, what is answered was written down before."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from switchyard.transport import Reply

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

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> Reply:
        """Record, and answer from the script."""
        assert timeout_s > 0
        self.asked.append(Asked(method, path, query, headers, json.loads(body) if body else None))
        return self.reply(self.asked[-1])

    def open(
        self, path: str, *, query: Mapping[str, str], headers: Mapping[str, str], timeout_s: float
    ) -> ScriptedStream:
        """Record, and give the next stream; the last one stays for whoever asks again."""
        assert timeout_s > 0
        self.asked.append(Asked("WATCH", path, query, headers, None))
        return self.streams.pop(0) if len(self.streams) > 1 else self.streams[0]

    def close(self) -> None:
        """Nothing is kept alive here."""


def answer(document: Any, *, status: int = 200) -> Reply:
    """A JSON answer."""
    return Reply(status, json.dumps(document).encode())
