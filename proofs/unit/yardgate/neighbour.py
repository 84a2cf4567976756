"""
A neighbour of the gateway on loopback: a real HTTP server whose answers a test decides.

It stands where Triton's and the feature server's HTTP ports stand; nothing above the socket is replaced.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

__all__ = ["Asked", "Neighbour", "answering", "running"]


@dataclass(frozen=True)
class Asked:
    """One request as it arrived; names of headers are lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Script = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


async def answering(
    writer: asyncio.StreamWriter,
    document: object,
    *,
    status: int = 200,
    headers: str = "",
    close: bool = False,
    encode: Callable[[bytes], bytes] = bytes,
) -> None:
    """Send *document* as JSON, *encode*d; with *close* the connection ends after it, without having been announced."""
    body = encode(json.dumps(document).encode())
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    if close:
        writer.close()


@dataclass
class Neighbour:
    """A server, what it was asked, and the script that it answers by."""

    script: Script
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, one after the other."""
        self.connections += 1
        self._writers.add(writer)
        try:
            # Whoever asks may go at any moment: reset, or a pipe that is broken when the answer is on its way.
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while not writer.is_closing():
                    asked = await self._read(reader)
                    self.asked.append(asked)
                    await self.script(asked, writer)
        finally:
            writer.close()
            self._writers.discard(writer)

    def hang_up(self) -> None:
        """Drop every connection, as a process that ends does."""
        for writer in self._writers:
            writer.transport.abort()

    async def _read(self, reader: asyncio.StreamReader) -> Asked:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        method, path, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Asked(method=method, path=path, headers=headers, body=body)


@contextmanager
def running(neighbour: Neighbour) -> Iterator[Neighbour]:
    """Serve in a thread of its own while the block runs."""
    listening = threading.Event()
    stop: list[Callable[[], object]] = []

    async def main() -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(ended.set))
        async with await asyncio.start_server(neighbour.serve, "127.0.0.1", neighbour.port) as server:
            neighbour.port = server.sockets[0].getsockname()[1]
            listening.set()
            await ended.wait()
            neighbour.hang_up()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    assert listening.wait(timeout=5)
    try:
        yield neighbour
    finally:
        stop[0]()
        thread.join(timeout=5)
