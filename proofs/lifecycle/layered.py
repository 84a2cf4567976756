"""How the optional layer is while a proof of the life cycle goes on: there, away, or leaving and returning."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from switchyard.errors import SwitchyardError, Unmet
from switchyard.judging import Inconclusive, verdict_of
from switchyard.scenario import Scenario
from switchyard.toggled import ATTACHED, DETACHED
from yardfacts.facts import Answer, Fact

__all__ = ["OFF", "ON", "PROBE", "TOGGLED", "Layered"]

ON, OFF, TOGGLED = "on", "off", "toggled"
PROBE: Final = "layer-meanwhile"
PAUSE_S: Final = 2.0
"""Between two toggles, and until one that is refused is tried again: the gateways look for features every second."""


@dataclass
class Layered:
    """The layer while a test goes on; *how* is what ``--layer`` takes."""

    yard: Scenario
    layer: str
    environments: Sequence[str]
    how: str
    toggles: list[str] = field(default_factory=list)
    """What the layer became while the block ran, one after the other."""
    facts: list[Fact] = field(default_factory=list)
    """What was found while it was toggled."""
    _end: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def throughout(self, moment: str) -> Iterator[None]:
        """
        Keep the layer as it is wanted while the block runs; record under *moment* whether it was.

        Raises:
            Disproved, Inconclusive: The engine could not toggle.
        """
        with self.yard.given(f"the optional layer is {self.how}"):
            self._bring(OFF if self.how == OFF else ON)
        if self.how == TOGGLED:
            with ThreadPoolExecutor(1, thread_name_prefix="toggles") as threads:
                toggling = threads.submit(self._toggle_on)
                try:
                    yield
                finally:
                    self._end.set()
            self._ended(toggling.exception())
        else:
            yield
        self.yard.record(moment, *self._said())

    def _bring(self, how: str) -> None:
        is_off = self.yard.is_detached(self.layer)
        if how == OFF and not is_off:
            self.yard.detach(self.layer, moment="prepared")
        elif how == ON and is_off:
            self.yard.attach(self.layer, moment="prepared")

    def _toggle_on(self) -> None:
        """Toggle until the end. A toggle that is refused has written nothing: something is away, as the proof wants."""
        ground = self.yard.ground
        while not self._end.wait(PAUSE_S):
            is_on = self.toggles[-1:] != [DETACHED]
            try:
                done = ground.detach(self.layer) if is_on else ground.attach(self.layer)
            except Unmet:
                continue
            self.facts += done.facts
            if not self._end.is_set():  # what ends later happened beside nothing
                self.toggles.append(DETACHED if is_on else ATTACHED)

    def _ended(self, exc: BaseException | None) -> None:
        if isinstance(exc, SwitchyardError):
            raise verdict_of(exc) from exc
        if exc is not None:
            raise Inconclusive(f"the layer could not be toggled: {exc!r}") from exc
        self.yard.record(PROBE, *self.facts)
        self._bring(ON)

    def _said(self) -> Iterator[Answer]:
        wanted = "detached and attached again, while it went on" if self.how == TOGGLED else f"{self.how} to the end"
        if self.how == TOGGLED:
            got = wanted if ATTACHED in self.toggles else f"{', '.join(self.toggles) or 'never toggled'} at the end"
        else:
            got = f"{OFF if self.yard.is_detached(self.layer) else ON} to the end"
        for environment in self.environments:
            yield Answer(
                probe=PROBE,
                environment=environment,
                outcome="right" if got == wanted else "wrong",
                wanted=wanted,
                got=got,
                took_s=0.0,
            )
