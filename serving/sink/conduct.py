"""
How Slack's inbox behaves, which whoever tries a sender may change.

What a mode does to each message that comes, until it is changed or its ``times`` are over:

========  ==================================================================================================
ok        the contract, and nothing else
refuse    403 ``action_prohibited``
error     500 ``internal_error``
throttle  429 ``rate_limited`` with ``Retry-After: 1``
hang      no answer, until the client goes or has been silent for as long as the server lets it
close     the message is kept, and the connection closed in the middle of ``ok``: the sender cannot know
other     200 with another body, as something answers that stands where Slack should
========  ==================================================================================================

Of these only ``ok`` and ``close`` keep the message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sink.errors import Malformed

__all__ = ["Conduct", "Mode"]

REFUSAL_CHARS: Final = 300
"""Of a refusal that repeats what was sent."""


class Mode(StrEnum):
    """How the inbox behaves; see above."""

    OK = "ok"
    REFUSE = "refuse"
    ERROR = "error"
    THROTTLE = "throttle"
    HANG = "hang"
    CLOSE = "close"
    OTHER = "other"


@dataclass(frozen=True)
class Conduct:
    """A mode, and for how many messages more; None: until it is changed."""

    mode: Mode = Mode.OK
    times: int | None = None

    @classmethod
    def read(cls, document: Mapping[str, object]) -> Conduct:
        """
        Read ``{"mode": ..., "times": ...}``.

        Raises:
            Malformed: There is no such mode, its times are no positive number, or there is more in it.
        """
        mode, times = document.get("mode"), document.get("times")
        if mode not in list(Mode):
            raise Malformed(f"wanted one of {', '.join(Mode)} in `mode`, got {mode!r}"[:REFUSAL_CHARS])
        if document.keys() - {"mode", "times"}:
            raise Malformed(f"wanted `mode` and perhaps `times`, got {sorted(document)}"[:REFUSAL_CHARS])
        if times is not None and (type(times) is not int or times < 1):
            raise Malformed(f"wanted a positive number of messages in `times`, got {times!r}"[:REFUSAL_CHARS])
        return cls(Mode(str(mode)), times)

    def after_one(self) -> Conduct:
        """What holds after one message more."""
        if self.times is None:
            return self
        return Conduct(self.mode, self.times - 1) if self.times > 1 else Conduct()

    def document(self) -> dict[str, object]:
        """As JSON carries it."""
        return {"mode": self.mode.value, "times": self.times}
