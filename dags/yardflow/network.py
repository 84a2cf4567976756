"""
The network of a pod that has just started: whoever enforces network policies knows it only after some seconds.

Until then it is refused everywhere, by neighbours that are well. Who types a command starts such a pod.
"""

from __future__ import annotations

import socket
from collections.abc import Collection
from typing import Final

from yardflow.waiting import wait_until

__all__ = ["await_network"]

OPEN_S: Final = 30.0
"""On an idle node it takes a second or two; on one with a queue of twenty for two processors ten were not enough."""
CONNECT_S: Final = 2.0


def await_network(neighbours: Collection[tuple[str, int]]) -> bool:
    """
    Wait until one of *neighbours*, host and port, accepts a connection; whether one did within ``OPEN_S``.

    One is enough: policies are written for all of them at once. And none is no error of this: a neighbour that is away
    is named by the step that needs it.
    """

    def is_open() -> bool:
        return any(_accepts(host, port) for host, port in neighbours)

    try:
        wait_until(is_open, within_s=OPEN_S, failure=TimeoutError)
    except TimeoutError:
        return False
    return True


def _accepts(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=CONNECT_S).close()
    except OSError:  # refused, silent, or a name that nobody knows yet: the same to a pod that is not let through
        return False
    return True
