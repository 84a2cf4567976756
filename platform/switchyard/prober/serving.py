"""
The prober's own port: an echo, a clock, windows and their samples. It is asked by the proof, and asks itself.

::

    GET  /echo                                  a word: what controls ask for
    GET  /clock                                 {"process", "now_ms"}
    POST /windows/NAME/start                    {"process", "start_ms"}; 409 while one is open, or was of that name
    POST /windows/NAME/stop                     {"process", "start_ms", "stop_ms", "lines", "size_bytes", "cpu_s", ...}
    GET  /windows/NAME/samples?from=BYTES       whole lines; nothing behind the last one
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from .plan import Plan
from .samples import Samples
from .sampling import Window

__all__ = ["ECHO", "serve"]

ECHO: Final = b"echo"
REQUEST_BYTES: Final = 16 << 10

_ANSWERS: Final = {200: "OK", 400: "Bad Request", 404: "Not Found", 409: "Conflict"}


class _Refused(Exception):
    """A request that is answered with another status than 200."""

    def __init__(self, status: int, said: str) -> None:
        self.status = status
        super().__init__(said)


class _Windows:
    """All windows of this process, one after another."""

    def __init__(self, plan: Plan, *, folder: Path) -> None:
        self._plan, self._folder = plan, folder
        self._process = secrets.token_hex(4)
        """A process that was started anew has lost what it saw; its reader has to notice."""
        self._open: dict[str, Window] = {}
        self._samples: dict[str, Samples] = {}

    async def answer(self, method: str, target: str) -> bytes:
        """
        The body of the answer to one request.

        Raises:
            _Refused: There is no such thing, or not now.
        """
        url = urlsplit(target)
        match method, url.path.strip("/").split("/"):
            case "GET", ["echo"]:
                return ECHO
            case "GET", ["clock"]:
                return self._said(now_ms=time.time() * 1000)
            case "POST", ["windows", name, "start"] if name.replace("-", "").isalnum():
                return self._start(name)
            case "POST", ["windows", name, "stop"] if name in self._open:
                span = await self._open.pop(name).stop()
                memory_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # the kernel counts in KiB
                return self._said(**asdict(span), memory_bytes=memory_bytes)
            case "GET", ["windows", name, "samples"] if name in self._samples:
                start = parse_qs(url.query).get("from", ["0"])[0]
                if not start.isdigit():
                    raise _Refused(400, "from: wanted a number of bytes")
                return self._samples[name].chunk(int(start))
            case _:
                raise _Refused(404, f"nothing at {method} {url.path}")

    def _start(self, name: str) -> bytes:
        if self._open or name in self._samples:
            raise _Refused(409, f"open: {', '.join(self._open) or 'none'}; taken: {', '.join(self._samples)}")
        self._samples[name] = Samples(self._folder / f"{name}.jsonl")
        self._open[name] = Window(self._plan, samples=self._samples[name])
        return self._said(start_ms=self._open[name].start_ms)

    def _said(self, **values: Any) -> bytes:
        return json.dumps({"process": self._process, **values}).encode()


@asynccontextmanager
async def serve(plan: Plan, *, folder: Path, host: str, port: int) -> AsyncIterator[int]:
    """
    Answer until the block ends; gives the port, which is a free one where *port* is 0.

    Raises:
        OSError: The port is taken.
    """
    windows = _Windows(plan, folder=folder)
    visitors: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visitors[writer] = asyncio.current_task()
        try:
            while await _exchange(reader, writer, windows):
                pass
        except (ConnectionError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the other side is gone, or speaks no HTTP: nobody is left to be told
        finally:
            del visitors[writer]
            writer.close()

    def end(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        loop.default_exception_handler(context)
        os._exit(1)  # better no prober than one that goes on with a hole in what it writes

    asyncio.get_running_loop().set_exception_handler(end)
    server = await asyncio.start_server(handle, host, port, limit=REQUEST_BYTES, backlog=128)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        handled = [task for task in visitors.values() if task]
        for writer in list(visitors):
            writer.transport.abort()
        if handled:
            await asyncio.wait(handled)


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, windows: _Windows) -> bool:
    """Read one request, answer it, and tell whether the connection goes on."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.strip().lower(): value.strip().lower() for name, _, value in (line.partition(":") for line in lines)
    }
    await reader.readexactly(int(headers.get("content-length", "0")))
    method, target, *_ = [*first.split(" "), "", ""]
    try:
        status, body = 200, await windows.answer(method, target)
    except _Refused as exc:
        status, body = exc.status, str(exc).encode()
    goes_on = headers.get("connection") != "close"
    answer = f"HTTP/1.1 {status} {_ANSWERS[status]}\r\nContent-Length: {len(body)}\r\n"
    writer.write((answer + ("" if goes_on else "Connection: close\r\n") + "\r\n").encode() + body)
    await writer.drain()
    return goes_on
