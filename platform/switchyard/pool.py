"""Bytes to an API server over urllib3, the connection pool that the ``kubernetes`` package itself uses."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urlencode

import urllib3

from switchyard.errors import TimedOut, Unreachable
from switchyard.transport import Reply, Request, Stream

__all__ = ["Pool"]

CONNECT_S: Final = 3.0


class _Lines:
    def __init__(self, response: urllib3.BaseHTTPResponse, *, where: str) -> None:
        self._response, self._where, self._closed = response, where, False
        self.status = response.status

    def lines(self) -> Iterator[bytes]:
        held = b""
        try:
            for chunk in self._response.stream(1 << 16):
                *whole, held = (held + chunk).split(b"\n")
                yield from whole
        except urllib3.exceptions.HTTPError as exc:
            if not self._closed:
                raise Unreachable(f"{self._where}: the watch broke off: {exc}") from exc
            return
        if held and not self._closed:
            yield held

    def interrupt(self) -> None:
        self._closed = True
        try:
            self._response.shutdown()
        except (RuntimeError, ValueError):
            # urllib3 says so of an answer that was read to its end: there is nothing left to interrupt.
            return
        except OSError as exc:
            # The server ended the watch in this very moment, and whoever reads it has closed it.
            if exc.errno not in (errno.EBADF, errno.ENOTCONN):
                raise

    def close(self) -> None:
        self._closed = True
        self._response.close()


class Pool:
    """The transport: requests over a pool that already knows TLS, client certificates and proxies."""

    def __init__(
        self, pool: urllib3.PoolManager, *, host: str, authorise: Callable[[dict[str, str]], None] = lambda _: None
    ) -> None:
        self._pool, self.where, self._authorise = pool, host, authorise

    def send(self, request: Request) -> Reply:
        response = self._answer(request, whole=True)
        return Reply(response.status, response.data)

    def open(self, request: Request) -> Stream:
        return _Lines(self._answer(request, whole=False), where=f"{self.where}{request.path}")

    def _answer(self, request: Request, *, whole: bool) -> urllib3.BaseHTTPResponse:
        sent = dict(request.headers)
        self._authorise(sent)
        url, timeout_s = self.where + request.path, request.timeout_s
        asked = f"{request.method} {url}"
        try:
            response: urllib3.BaseHTTPResponse = self._pool.request(
                request.method,
                f"{url}?{urlencode(request.query)}" if request.query else url,
                body=request.body,
                headers=sent,
                timeout=urllib3.Timeout(connect=min(CONNECT_S, timeout_s), read=timeout_s),
                retries=False,
                preload_content=whole,
            )
        except urllib3.exceptions.ReadTimeoutError as exc:
            raise TimedOut(f"{asked}: no answer within {timeout_s:g} s; the API server hangs or is overloaded") from exc
        except urllib3.exceptions.HTTPError as exc:
            raise Unreachable(f"{asked}: {exc}. Is the cluster up? Start it, or name another with --context") from exc
        return response

    def close(self) -> None:
        self._pool.clear()
