"""Slack's stand-in: what people were told, and how it treats the next message."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, Literal

from .rest import Rest

__all__ = ["Mode", "Slack"]

INBOX: Final = "/slack"
MODE: Final = "/slack/mode"

Mode = Literal["ok", "refuse", "error", "throttle", "hang", "close", "other"]
"""What each does stands in ``sink.conduct``."""


@dataclass(frozen=True)
class Slack:
    """The door to one environment's sink; raises as ``Rest`` does."""

    rest: Rest

    def behave(self, mode: Mode) -> None:
        """Treat messages like this, until somebody says otherwise."""
        self.rest.put(MODE, json.dumps({"mode": mode}).encode())

    def messages(self, text: str) -> tuple[dict[str, Any], ...]:
        """The bodies of the messages that were taken and have *text* in them, the oldest first."""
        page = self.rest.get(INBOX)
        return tuple(one["body"] for one in page["messages"] if text in json.dumps(one["body"]))
