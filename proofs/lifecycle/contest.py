"""
One environment in which versions are on trial: what is typed, who asks meanwhile, and what has to be so then.

The rows themselves stand in ``contenders``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from proofs.lifecycle.aftermath import BECAUSE, Aftermath
from proofs.lifecycle.attempt import REFUSED, Attempt
from proofs.lifecycle.callers import NOBODY, Calls, call, said_by
from proofs.lifecycle.delays import Span, delays
from proofs.lifecycle.forged import contrary
from proofs.lifecycle.replicas import replicas
from proofs.lifecycle.shadows import REPLICAS, compared, disagreed, said_compared
from proofs.lifecycle.traffic import Client
from proofs.services.inquiry import Inquiry
from proofs.services.rest import Rest

from switchyard.judging import Inconclusive
from yardfacts.facts import Fact, Generation

__all__ = ["Contest"]

TRIALS: Final = ("challenger", "shadow")
CALLS: Final = 60
"""Of callers without a name, at each replica."""
ANSWERS: Final = 100
"""Of that client, with a shadow and without: five of them are slower than the p95."""
SEEN_S: Final = 60.0
"""Until it has so many, which takes ten seconds, or as many copies are compared: two busy cores take longer."""


@dataclass
class Contest:
    """One environment's. Facts of questions are in the inquiry of each chapter."""

    after: Aftermath
    client: Client = field(init=False)
    """Asks through the Service, without a name, as long as the proof lets it."""
    now: Generation = field(init=False)
    """What has to be the truth, as far as this has come."""
    contrary: int = field(init=False)
    sound: int = field(init=False)
    rival: int = field(init=False)
    """The versions on trial: one that contradicts, one that agrees, and one that gets a share."""
    named: Calls | None = None
    """What callers got who named themselves, while there was a challenger."""
    shadowed: list[Span] = field(default_factory=list)
    alone: list[Span] = field(default_factory=list)
    """When the same was asked with a shadow, and without one."""

    @property
    def inquiry(self) -> Inquiry:
        """Of the chapter that is on."""
        return self.after.inquiry

    @property
    def doors(self) -> tuple[Rest, ...]:
        """The replicas that are ready now, each by itself."""
        hands = self.after.story.hands
        return tuple(Rest(hands.kube, url) for url in replicas(hands))

    def begin(self) -> tuple[Fact, ...]:
        """Let everything follow, remember who is the champion, and register three versions; raises as ``Rest`` does."""
        facts, hands = self.after.begin(), self.after.story.hands
        self.now = self.after.home
        self.client = Client(hands.kube, hands.environment, hands.trace().inference)
        self.contrary, self.sound, self.rival = self.after.forge(contrary), self.after.forge(), self.after.forge()
        return facts

    def command(self, *words: str) -> Attempt:
        """Type one of the operator's commands that want a reason; how it ended."""
        code, lines = self.after.story.command(*words, *BECAUSE)
        return Attempt(code, tuple(lines))

    def refused(self, name: str, *words: str, error: str, said: str) -> None:
        """Type what must not be obeyed: it says why, takes no number, and the truth is what it was."""
        taken = self.after.next

        self.after.refused(name, *words, code=REFUSED, error=error, said=said)
        self.after.ended(name, taken, "absent", champion=self.now)

    def decided(self, name: str, *words: str, then: Generation) -> None:
        """Type what has to be obeyed; *then* has to be the truth, as the generation that is taken, and everywhere."""
        after, self.now = self.after, replace(then, generation=self.after.next)
        after.remember(self.now.champion)  # before it may answer, for afterwards nobody must fail to know
        self.inquiry.ask(f"{name}-accepted", wanted="exit code 0", got=lambda: after.code(*words, *BECAUSE))
        after.ended(name, self.now.generation, "committed", champion=self.now)
        after.whole(name, champion=self.now)

    def call(self, keys: Sequence[str]) -> Calls:
        """Let callers ask each replica for the row that the client asks for."""
        return call(self.after.story.environment, self.doors, keys=keys, body=self.client.body)

    def answered(self, name: str, keys: Sequence[str]) -> None:
        """Let callers ask each replica: every one of them has to get the champion."""
        calls = self.call(keys)
        champion = said_by(REPLICAS * len(keys), generation=self.now.generation, champion=self.now.champion)
        self.inquiry.ask(f"{name}-answered", wanted=champion, got=lambda: calls.by)

    def asked(self, name: str, *, spans: list[Span]) -> None:
        """Let nobody ask each replica, and the client go on until it has enough; *spans* takes from when to when."""
        from_s = time.time()
        self.answered(name, [NOBODY] * CALLS)

        def counted() -> str:
            found = sum(at_s >= from_s for at_s, _ in self.client.answers)
            return f"{ANSWERS} answers or more" if found >= ANSWERS else f"{found} answers"

        self.inquiry.ask(f"{name}-timed", wanted=f"{ANSWERS} answers or more", got=counted, within_s=SEEN_S)
        spans.append((from_s, time.time()))

    def watched(self, name: str, version: int, *, disagree: str) -> Sequence[Mapping[str, Any]]:
        """Wait until the replicas have compared enough copies for *version*; what each says of its shadow."""
        number, seen = self.now.generation, list[Mapping[str, Any]]()

        def look() -> str:
            seen[:] = [door.get("/v1/shadow") for door in self.doors]
            return compared(seen, version=version, generation=number)

        self.inquiry.ask(f"{name}-compared", wanted=said_compared(version, number), got=look, within_s=SEEN_S)
        self.inquiry.ask(f"{name}-disagreed", wanted=disagree, got=lambda: disagreed(seen))
        return seen

    def facts(self) -> tuple[Fact, ...]:
        """Who may answer and what, the ledger as it was read last, and what a shadow cost the client."""
        known = (memory.known for memory in self.after.known.values())
        return (*known, *self.after.story.last, *self._delays())

    def _delays(self) -> Sequence[Fact]:
        return delays(self.client.answers, by="a shadow", during=self.shadowed, otherwise=self.alone)

    def restore(self) -> None:
        """
        End what is still on trial, then restore as ``Aftermath`` does: no version goes that an alias stands for.

        Raises:
            Inconclusive: A command failed; who serves is what its last words say.
        """
        for alias in TRIALS:
            ended = self.command("retire", alias)
            if ended.code != 0 and ended.failure != "NothingToRetire":
                raise Inconclusive(
                    f"wanted no {alias} in {self.after.story.environment} any more, got exit code {ended.code}: "
                    f"{ended.lines[-3:]}"
                )
        self.after.restore()
