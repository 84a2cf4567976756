"""
Where a neighbour is: its name is asked for once at a time, and not again while the address that it gave answers.

A name server that shares two busy cores with everybody else may take seconds, and users must not wait for it, nor for
those who ask it for another neighbour: all lookups of a process share a few threads.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import TypeVar

__all__ = ["Address"]

P = TypeVar("P", bound=asyncio.BaseProtocol)


class Address:
    """A host by its name, and a port. Used on one event loop alone."""

    def __init__(self, host: str, port: int, *, lasts: bool) -> None:
        """*lasts*: nobody else is ever given the address, so that it is tried before the name is asked for again."""
        self._host, self._port, self._lasts = host, port, lasts
        self._known: str | None = None
        self._lookup: asyncio.Task[list[str]] | None = None

    async def connect(self, protocol: Callable[[], P]) -> P:
        """
        Open a connection.

        Raises:
            OSError: Nobody knows the name (``socket.gaierror``), or nobody answers at any of its addresses.
        """
        if self._known is not None:
            try:
                return await self._open(self._known, protocol)
            except OSError:
                self._known = None
            except asyncio.CancelledError:  # a deadline, most likely: the next one asks for the name
                self._known = None
                raise
        failed: OSError = socket.gaierror(socket.EAI_NODATA, f"{self._host} has no address")
        for found in await self._looked_up():
            try:
                return await self._open(found, protocol)
            except OSError as failure:
                failed = failure
        raise failed

    async def _open(self, found: str, protocol: Callable[[], P]) -> P:
        _, connection = await asyncio.get_running_loop().create_connection(protocol, found, self._port)
        if self._lasts:
            self._known = found
        return connection

    async def _looked_up(self) -> list[str]:
        if self._lookup is None or self._lookup.done():
            self._lookup = asyncio.create_task(self._look_up())
        # Whoever gives up leaves it to those who still wait, and to who comes next.
        return await asyncio.shield(self._lookup)

    async def _look_up(self) -> list[str]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        return [str(address[0]) for *_, address in found]
