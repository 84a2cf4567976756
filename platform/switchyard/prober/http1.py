"""
One HTTP/1.1 connection, as little of it as a probe needs: a request goes out as bytes, an answer comes back whole.

Written by hand because a prober asks some 150 times a second on a machine that has other things to do: a client
library spends more on a request than most services do on the answer.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import Final

__all__ = ["Broken", "Connection", "Reply", "connect"]

REPLY_BYTES: Final = 1 << 20
"""No answer that is worth asking for twice a second is longer."""


class Broken(Exception):
    """The connection gave no answer, or something that is none."""


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


class Connection:
    """One connection; one request at a time."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket, self._loop = connected, asyncio.get_running_loop()
        self._waiting: asyncio.Future[Reply] | None = None
        self._held = bytearray()
        self._closed = False
        self._answered_s = self._loop.time()
        # All the time: a server that closes what is idle is noticed when it does.
        self._loop.add_reader(connected, self._read)

    @property
    def is_open(self) -> bool:
        """Whether another request may be sent: neither side has closed it."""
        return not self._closed

    @property
    def idle_s(self) -> float:
        """Seconds since the last answer."""
        return self._loop.time() - self._answered_s

    def send(self, request: bytes) -> asyncio.Future[Reply]:
        """
        Send a request; the future has the answer, or ``Broken``.

        Raises:
            Broken: The connection does not take it.
        """
        self._held.clear()
        self._waiting = self._loop.create_future()
        try:
            taken = self._socket.send(request)
        except OSError as exc:
            raise Broken(_told(exc)) from exc
        if taken < len(request):
            # Nothing was under way, so the kernel had all of its buffer for it; no question is that long.
            raise Broken(f"only {taken} of {len(request)} bytes could be sent")
        return self._waiting

    def close(self) -> None:
        """Close without waiting for anything."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._socket)
            self._socket.close()

    def _read(self) -> None:
        try:
            data = self._socket.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError as exc:
            self._end(Broken(_told(exc)))
            return
        if self._waiting is None or self._waiting.done():
            self.close()  # nobody asked: closed while idle, or something that is not the next request's answer
            return
        self._held += data
        try:
            found = _parsed(bytes(self._held), ended=not data)
        except (ValueError, IndexError) as exc:
            self._end(Broken(f"no HTTP: {bytes(self._held[:80])!r} ({exc})"))
            return
        if found is not None:
            reply, goes_on = found
            if not goes_on or not data:
                self.close()
            self._answered_s = self._loop.time()
            self._waiting.set_result(reply)
        elif not data:
            self._end(Broken(f"closed after {len(self._held)} bytes of an answer"))
        elif len(self._held) > REPLY_BYTES:
            self._end(Broken(f"an answer of more than {REPLY_BYTES} bytes"))

    def _end(self, why: Broken) -> None:
        self.close()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(why)


async def connect(host: str, port: int) -> Connection:
    """
    Open a connection to an address.

    Raises:
        Broken: Refused, reset or unreachable.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(made, (host, port))
    except OSError as exc:
        made.close()
        raise Broken(_told(exc)) from exc
    except asyncio.CancelledError:
        made.close()
        raise
    return Connection(made)


def _told(error: OSError) -> str:
    return f"{type(error).__name__}: {error}"


def _parsed(held: bytes, *, ended: bool) -> tuple[Reply, bool] | None:
    """The answer, and whether the connection goes on after it; None while it is not whole."""
    head, end, rest = held.partition(b"\r\n\r\n")
    if not end:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    version, status, *_ = first.split(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError("another protocol")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    goes_on = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = _unchunked(rest)
    elif "content-length" in headers:
        size = int(headers["content-length"])
        body = rest[:size] if len(rest) >= size else None
    elif status in ("204", "304"):
        body = b""
    else:
        body, goes_on = (rest if ended else None), False
    return None if body is None else (Reply(int(status), headers, body), goes_on)


def _unchunked(rest: bytes) -> bytes | None:
    parts: list[bytes] = []
    while True:
        line, end, rest = rest.partition(b"\r\n")
        if not end:
            return None
        size = int(line.partition(b";")[0], 16)
        if len(rest) < size + 2:
            return None
        if size == 0:
            return b"".join(parts)
        parts.append(rest[:size])
        rest = rest[size + 2 :]
