"""Rounds: what every question was answered last, while a window is still open."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from switchyard.errors import Late, Unmet
from switchyard.prober.lane import RIGHT
from switchyard.prober.plan import Plan
from switchyard.probing.door import Door
from switchyard.waiting import wait_until

__all__ = ["Rounds"]


@dataclass
class Rounds:
    """
    Follows the samples of one window from its start on.

    Every method raises ``Unreachable`` or ``Refused`` where the prober does not answer.
    """

    door: Door
    plan: Plan
    window: str
    _read: int = 0
    _last: dict[int, dict[str, Any]] = field(default_factory=dict)

    def all_right(self, *, within_s: float) -> None:
        """
        Wait until every question was answered right, the last time that it was asked.

        Raises:
            Unmet: Some were not; nothing of it is evidence about a window.
        """

        def wanting() -> dict[str, str]:
            self._follow()
            last = {number: (one["o"], one.get("d", "")) for number, one in self._last.items()}
            answers = {name: last.get(number, ("not asked", "")) for number, name in self._names()}
            return {name: f"{word} {detail}" for name, (word, detail) in answers.items() if word != RIGHT}

        try:
            wait_until(wanting, what="every question is answered", ready=lambda left: not left, within_s=within_s)
        except Late as exc:
            raise Unmet(f"the prober cannot begin, for not everything is answered right: {exc}") from exc

    def one(self, *, since_ms: float, within_s: float) -> None:
        """
        Wait until every question has been asked once, *since_ms* milliseconds after the window's start or later.

        Whatever was answered: that is for the claims.

        Raises:
            Late: Some were not.
        """

        def wanting() -> list[str]:
            self._follow()
            asked = {number for number, one in self._last.items() if one["at"] >= since_ms}
            return [name for number, name in self._names() if number not in asked]

        wait_until(wanting, what="every question is asked", ready=lambda left: not left, within_s=within_s)

    def _names(self) -> list[tuple[int, str]]:
        questions = enumerate(self.plan.questions)
        return [(number, f"{one.probe} in {one.environment} ({one.connection})") for number, one in questions]

    def _follow(self) -> None:
        while chunk := self.door.chunk(self.window, self._read):
            self._read += len(chunk)
            self._last.update((one["q"], one) for one in map(json.loads, chunk.splitlines()))
