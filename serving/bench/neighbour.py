"""Stands for Triton in a benchmark: ``python -m bench.neighbour PORT`` answers at once, always with the same bytes."""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import httptools
import uvloop

__all__ = ["ANSWER"]

ANSWER = (
    b'{"model_name":"wine","model_version":"1",'
    b'"outputs":[{"name":"class","datatype":"INT64","shape":[1,1],"data":[0]}]}'
)
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ANSWER)


class _Connection(asyncio.Protocol):
    """One kept-alive connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # a stream's; the base class knows pipes as well
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._transport.write(_HEAD + ANSWER)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
