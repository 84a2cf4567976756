"""
The one door to Slack: Airflow's own hook and connection, and one attempt.

The webhook's address ends in a secret, and what the hook, its client and Python's own library say of a failure may
repeat it. So none of their words get out of here: no text of theirs, no chained error, no line of the client's log.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException, InvalidURL
from typing import Any, Final
from urllib.error import URLError

from yardflow.errors import NotDelivered, Undelivered

__all__ = ["Delivery", "Slack"]

ANSWER_S: Final = 10
"""For the connection, and again for each part of the answer; whole seconds, as the hook counts them."""
TAKEN: Final = (200, "ok")
THROTTLED: Final = 429

# Slack's refusals are words like `action_prohibited`. Whatever else is answered may repeat the address it was asked at.
WORD: Final = re.compile(r"[a-z][a-z_]{1,39}")


@dataclass(frozen=True)
class Delivery:
    """What was answered to a message that was taken."""

    status: int
    body: str


@dataclass(frozen=True)
class Slack:
    """The webhook behind Airflow's connection *conn_id*: its host, and a password that is the rest of the address."""

    conn_id: str

    def send(self, text: str, blocks: Sequence[Mapping[str, Any]]) -> Delivery:
        """
        Send one message, once.

        Args:
            text: What a notification shows.
            blocks: What the channel shows.

        Raises:
            NotDelivered: The answer was not 200 with the body ``ok``, or there was none.
        """
        # Airflow takes seconds to import, and the rest of the life cycle runs without it.
        from airflow.providers.slack.hooks.slack_webhook import SlackWebhookHook  # noqa: PLC0415

        try:
            hook = SlackWebhookHook(
                slack_webhook_conn_id=self.conn_id,
                timeout=ANSWER_S,
                retry_handlers=[],  # the client's own would send again after an error, and nobody would know
                logger=_mute(),
            )
            # Not the hook's own `send`: that one turns a refusal into text, and Retry-After is lost with it.
            response = hook.client.send(text=text, blocks=list(blocks))
        except Exception as failure:  # noqa: BLE001  whatever it is, its text may carry the address; raised below
            trouble = self._trouble(failure)
        else:
            return self._delivery(response.status_code, response.body, response.headers)
        # Out here, so that the original is no part of it: a traceback shows what an error was raised from, or during.
        raise trouble

    def _delivery(self, status: int, body: str, headers: Mapping[str, str]) -> Delivery:
        if (status, body) == TAKEN:
            return Delivery(status, body)
        got = f"{status} {body}" if WORD.fullmatch(body) else f"{status} and {len(body)} characters"
        if status == THROTTLED:
            after_s = _seconds(headers.get("Retry-After"))
            when = f"{after_s:g} s" if after_s is not None else "a while"
            raise self._error(got, reason="throttled", hint=f"send again after {when}", retry_after_s=after_s)
        if status == TAKEN[0]:
            raise self._error(got, reason="odd-answer", hint="is it Slack that stands at the connection's host?")
        raise self._error(got, reason="refused", hint="look at the webhook that the connection names")

    def _trouble(self, failure: Exception) -> NotDelivered:
        got = _cause(failure)
        if isinstance(failure, TimeoutError):
            hint = "it may have arrived all the same: sending again may send it twice"
            return self._error(f"nothing within {ANSWER_S} s", reason="silent", hint=hint)
        # After the connection stood: an answer that breaks off, or is no HTTP, or no text.
        broke_off = isinstance(failure, HTTPException | OSError | UnicodeDecodeError)
        if broke_off and not isinstance(failure, URLError | InvalidURL):
            hint = "it may have arrived all the same: sending again may send it twice"
            return self._error(f"no whole answer ({got})", reason="odd-answer", hint=hint)
        hint = "look at the connection's host and password, and at who may reach that host"
        return self._error(f"no connection ({got})", reason="unreachable", hint=hint)

    def _error(self, got: str, *, reason: Undelivered, hint: str, retry_after_s: float | None = None) -> NotDelivered:
        message = f"wanted 200 ok from the webhook of connection {self.conn_id!r}, got {got}; {hint}"
        return NotDelivered(message, reason=reason, retry_after_s=retry_after_s)


def _mute() -> logging.Logger:
    """A logger of nobody's that writes nothing: the client logs the address, at error level where it is malformed."""
    return logging.Logger("yardflow.slack.client", level=logging.CRITICAL + 1)


def _cause(failure: Exception) -> str:
    """The kind of an error, and what the system says of it: neither was made from the address."""
    inner = failure.reason if isinstance(failure, URLError) else failure
    said = inner.strerror if isinstance(inner, OSError) else None
    return f"{type(inner).__name__}: {said}" if said else type(failure).__name__


def _seconds(header: str | None) -> float | None:
    """What ``Retry-After`` says; None where it says nothing, or a date, which Slack never sends."""
    return float(header) if header is not None and header.isdecimal() else None
