"""An inbox: the last messages in the order of their arrival, numbered so that nobody reads one twice or misses one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from threading import Lock

__all__ = ["Inbox", "Message", "Page"]


@dataclass(frozen=True)
class Message:
    """One thing that was sent here."""

    sequence: int
    """From 1, without gaps, until the process ends."""
    received: datetime
    body: Mapping[str, object]

    def document(self) -> dict[str, object]:
        """As JSON carries it."""
        return {"sequence": self.sequence, "received": self.received.isoformat(), "body": self.body}


@dataclass(frozen=True)
class Page:
    """What arrived after the message that a reader saw last."""

    messages: tuple[Message, ...]
    last: int
    """Number of the newest message there is; 0 when none ever came. A reader asks for what follows it next time."""
    missed: int
    """How many the reader asked for that were dropped to make room."""

    def document(self) -> dict[str, object]:
        """As JSON carries it."""
        return {"last": self.last, "missed": self.missed, "messages": [item.document() for item in self.messages]}


def _now() -> datetime:
    return datetime.now(UTC)


class Inbox:
    """
    Messages in memory, the oldest dropped first; safe to use from many threads.

    Args:
        keep: How many messages to hold.
        clock: What tells the time of an arrival.
    """

    def __init__(self, keep: int, *, clock: Callable[[], datetime] = _now) -> None:
        self._messages: deque[Message] = deque(maxlen=keep)
        self._numbers = count(1)
        self._last = 0
        self._clock = clock
        self._lock = Lock()

    def put(self, body: Mapping[str, object]) -> Message:
        """Keep *body* and return it with its number."""
        with self._lock:
            self._last = next(self._numbers)
            message = Message(self._last, self._clock(), body)
            self._messages.append(message)
        return message

    def page(self, *, since: int = 0) -> Page:
        """Return what arrived after message number *since*."""
        with self._lock:
            held = tuple(self._messages)
            last = self._last
        oldest = held[0].sequence if held else last + 1
        return Page(
            messages=tuple(message for message in held if message.sequence > since),
            last=last,
            missed=max(0, oldest - 1 - since),
        )
