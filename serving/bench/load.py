"""A closed loop of predictions: every connection sends its next request when the answer to the last one is complete."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import cast

import httptools

__all__ = ["Load", "WrongAnswer", "load"]


class WrongAnswer(RuntimeError):
    """A server that answers anything else is not measured: an error is quick."""


@dataclass
class Load:
    """What one leg gave."""

    took_s: float = 0.0
    latencies_s: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Predictions a second."""
        return len(self.latencies_s) / self.took_s

    @property
    def median_s(self) -> float:
        """Seconds that half of the predictions stayed below."""
        return median(self.latencies_s)


class _Connection(asyncio.Protocol):
    def __init__(self, request: bytes, *, wanted: bytes, until_s: float, load: Load) -> None:
        self._request, self._wanted, self._until_s, self._load = request, wanted, until_s, load
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # a stream's; the base class knows pipes as well
        self._send()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        now = perf_counter()
        self._load.latencies_s.append(now - self._sent_s)
        status = self._parser.get_status_code()
        if status != 200 or self._body != self._wanted:
            self._end(WrongAnswer(f"wanted HTTP 200 and {self._wanted!r}, got HTTP {status} and {self._body!r}"))
        elif now >= self._until_s:
            self._end(None)
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(WrongAnswer("the server closed a connection that was to be kept alive"))

    def _send(self) -> None:
        self._body = b""
        self._parser = httptools.HttpResponseParser(self)
        self._sent_s = perf_counter()
        self._transport.write(self._request)

    def _end(self, error: WrongAnswer | None) -> None:
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)
        self._transport.close()


async def load(port: int, *, path: str, body: bytes, wanted: bytes, connections: int, for_s: float) -> Load:
    """
    Ask the server on *port* over so many *connections* for *for_s* seconds.

    Raises:
        WrongAnswer: An answer was not 200 with the *wanted* body.
    """
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    done, started_s = Load(), perf_counter()
    loop = asyncio.get_running_loop()

    def connection() -> _Connection:
        return _Connection(head.encode() + body, wanted=wanted, until_s=started_s + for_s, load=done)

    made = [await loop.create_connection(connection, "127.0.0.1", port) for _ in range(connections)]
    try:
        await asyncio.gather(*(protocol.ended for _, protocol in made))
    finally:
        for transport, _ in made:
            transport.abort()
    done.took_s = perf_counter() - started_s
    return done
