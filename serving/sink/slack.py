"""
An inbox that answers as Slack's incoming webhooks do, and as a Slack that fails where it is told to.

``POST /slack/<token>`` takes a JSON object with ``text`` or ``blocks`` and answers ``ok``. The token, one to three
segments of the path, is a secret as it is with Slack: it is compared with nothing, and neither kept nor shown.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from http import HTTPStatus
from threading import Lock
from typing import Final

from sink.conduct import Conduct, Mode
from sink.inbox import Inbox

__all__ = ["BURST", "Ending", "Reply", "Slack"]

# https://docs.slack.dev/apis/web-api/rate-limits: one a second for an incoming webhook, "short bursts" allowed; how
# short is not said. Three is a deployment that is told of, rolled back, and told of again.
BURST: Final = 3
PACE_S: Final = 1.0

SEGMENTS_AT_MOST: Final = 3
"""Of a token: ``T…/B…/…``."""


class Ending(StrEnum):
    """How much of an answer is sent."""

    WHOLE = "whole"
    BROKEN = "broken"
    NEVER = "never"


@dataclass(frozen=True)
class Reply:
    """What is answered to one message."""

    status: HTTPStatus
    text: str
    retry_after_s: int | None = None
    ending: Ending = Ending.WHOLE

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says beside its text."""
        return {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}


TAKEN: Final = Reply(HTTPStatus.OK, "ok")
NO_SERVICE: Final = Reply(HTTPStatus.NOT_FOUND, "no_service")
NO_TEXT: Final = Reply(HTTPStatus.BAD_REQUEST, "no_text")
INVALID: Final = Reply(HTTPStatus.BAD_REQUEST, "invalid_payload")
THROTTLED: Final = Reply(HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", retry_after_s=1)

FAULTS: Final[Mapping[Mode, Reply]] = {
    Mode.REFUSE: Reply(HTTPStatus.FORBIDDEN, "action_prohibited"),
    Mode.ERROR: Reply(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error"),
    Mode.THROTTLE: THROTTLED,
    Mode.HANG: Reply(HTTPStatus.OK, "", ending=Ending.NEVER),
    Mode.OTHER: Reply(HTTPStatus.OK, "welcome"),
}


class Slack:
    """
    The webhook in front of an inbox; safe to use from many threads.

    Args:
        inbox: Where messages are kept, reduced to what is said in them.
        clock: Monotonic seconds.
    """

    def __init__(self, inbox: Inbox, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._inbox = inbox
        self._clock = clock
        self._lock = Lock()
        self._conduct = Conduct()
        self._full_at_s: dict[bytes, float] = {}
        """When a token may send a whole burst again, by the token's digest."""

    @property
    def conduct(self) -> Conduct:
        """How the next message is treated."""
        return self._conduct

    def behave(self, conduct: Conduct) -> None:
        """Treat messages like this from now on."""
        with self._lock:
            self._conduct = conduct

    def post(self, token: str, body: bytes) -> Reply:
        """Take a message that came for *token*, the path below the inbox with its slash."""
        segments = token.split("/")[1:]
        if not 1 <= len(segments) <= SEGMENTS_AT_MOST or "" in segments:
            return NO_SERVICE
        with self._lock:
            mode, self._conduct = self._conduct.mode, self._conduct.after_one()
        if mode in FAULTS:
            return FAULTS[mode]
        message = _message(body)
        if isinstance(message, Reply):
            return message
        if not self._admits(token):
            return THROTTLED
        self._inbox.put(message)
        return Reply(TAKEN.status, TAKEN.text, ending=Ending.BROKEN) if mode is Mode.CLOSE else TAKEN

    def _admits(self, token: str) -> bool:
        now_s, key = self._clock(), sha256(token.encode()).digest()
        with self._lock:
            # Who may send a burst again is as good as new, so nobody has to be remembered for long.
            self._full_at_s = {known: full_s for known, full_s in self._full_at_s.items() if full_s > now_s}
            full_at_s = self._full_at_s.get(key, now_s) + PACE_S
            if full_at_s - now_s > BURST * PACE_S:
                return False
            self._full_at_s[key] = full_at_s
        return True


def _message(body: bytes) -> dict[str, object] | Reply:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):  # the answer has one word for whatever was wrong with it
        return INVALID
    if not isinstance(found, dict):
        return INVALID
    said: dict[str, object] = {name: found[name] for name in ("text", "blocks") if found.get(name)}
    return said or NO_TEXT
