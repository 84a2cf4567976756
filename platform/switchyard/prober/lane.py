"""One question and its connections: a sample goes out, and becomes an outcome."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from .expectation import fault, shown
from .http1 import Broken, Connection, connect
from .plan import KEPT, Question

__all__ = ["MISSED", "RIGHT", "UNANSWERED", "WRONG", "Lane", "Outcome"]

RIGHT: Final = "right"
WRONG: Final = "wrong"
UNANSWERED: Final = "unanswered"
MISSED: Final = "missed"

LATE_S: Final = 0.5
"""Idle for so much longer than its period, a connection was kept by a prober that stood still."""


@dataclass(frozen=True)
class Outcome:
    """What became of one sample."""

    word: str
    detail: str = ""
    """What came instead of what was wanted."""
    state: str = ""
    opened: bool = False
    """A connection had to be opened for it."""


class Lane:
    """
    Asks one question.

    A kept connection that the server closed between two samples is opened again, and the sample says so: servers may
    close what is idle. One that breaks while an answer is awaited is that sample's failure; nothing is asked twice.
    Behind a standstill a new one is opened: a server that stood still as well closes what was idle too long in the very
    moment in which it is asked, and client libraries let such connections go for that reason.
    A sample that is due while the one before still waits gets a connection of its own: how slow a service is must not
    decide how often it is asked.
    """

    def __init__(self, question: Question) -> None:
        self.question = question
        self._request = question.request
        self._idle: list[Connection] = []

    async def ask(self) -> Outcome:
        """Ask once. A cancellation closes the connection: what comes late on it is no later sample's answer."""
        connection, opened = None, False
        try:
            connection = self._kept()
            if connection is None:
                opened = True
                connection = await connect(self.question.host, self.question.port)
            reply = await connection.send(self._request)
        except Broken as exc:
            self._drop(connection)
            return Outcome(UNANSWERED, shown(exc), opened=opened)
        except asyncio.CancelledError:
            self._drop(connection)
            raise
        if self.question.connection == KEPT and connection.is_open:
            self._idle.append(connection)
        else:
            connection.close()
        wrong = fault(self.question.expect, status=reply.status, headers=reply.headers, body=reply.body)
        if wrong:
            return Outcome(WRONG, wrong, opened=opened)
        state = reply.headers.get(self.question.state.lower(), "") if self.question.state else ""
        return Outcome(RIGHT, state=state, opened=opened)

    def close(self) -> None:
        """Close what is kept."""
        while self._idle:
            self._idle.pop().close()

    def _kept(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and connection.idle_s <= self.question.period_ms / 1000 + LATE_S:
                return connection
            connection.close()
        return None

    @staticmethod
    def _drop(connection: Connection | None) -> None:
        if connection is not None:
            connection.close()
