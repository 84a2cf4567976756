"""
What has to be so after a deployment that failed: how it ended, who is the champion, and what that answers.

Everything is asked of whoever knows it, as in ``story``; the rows themselves stand in ``failures`` and ``losses``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from proofs.lifecycle.attempt import UNWATCHED, Attempt
from proofs.lifecycle.forged import Forged, sound
from proofs.lifecycle.foundry import Foundry
from proofs.lifecycle.ledger import truth_of
from proofs.lifecycle.memory import Memory
from proofs.lifecycle.story import Story
from proofs.services.alertmanager import sink_url
from proofs.services.inquiry import Inquiry
from proofs.services.rest import Rest
from proofs.services.slack import Slack

from switchyard.judging import Inconclusive
from yardfacts.facts import Fact, Generation

__all__ = ["BECAUSE", "Aftermath"]

BECAUSE: Final = ("--reason", "a proof wants to see how it ends", "--actor", "proof")
SEED: Final = 500
"""Of the first version that is forged; other proofs' batches have lower ones."""


@dataclass
class Aftermath:
    """One environment, and what was found in it. Facts of questions are in the inquiry of each chapter."""

    story: Story
    foundry: Foundry = field(init=False)
    slack: Slack = field(init=False)
    inquiry: Inquiry = field(init=False)
    known: dict[int, Memory] = field(default_factory=dict)
    """Of every version that may answer."""
    home: Generation = field(init=False)
    """The truth as it was before anything failed: who is the champion, and who was before."""

    def __post_init__(self) -> None:
        hands = self.story.hands
        self.foundry = Foundry(hands.mlflow(), f"{hands.name}-failures", hands.run_id)
        self.slack = Slack(Rest(hands.kube, sink_url(hands.environment)))
        self.inquiry = Inquiry(hands.environment)

    def begin(self) -> tuple[Fact, ...]:
        """Let everything follow the ledger, and remember who is the champion."""
        self.chapter()
        self.inquiry.ask("begun-converged", wanted="exit code 0", got=lambda: self.code("converge"))
        self.story.before = self.story.ledger()
        self.home = truth_of(self.story.before)
        self.remember(self.home.champion)
        return tuple(self.inquiry.facts)

    def chapter(self) -> None:
        """Begin to collect facts anew."""
        self.inquiry = Inquiry(self.story.environment)

    def forge(self, forge: Callable[..., Forged] = sound) -> int:
        """Register a version that no other row has; its number."""
        return self.foundry.register(forge(seed=SEED + 2 * len(self.foundry.made)))

    def remember(self, version: int) -> Memory:
        """What the training of *version* recorded, read once."""
        if version not in self.known:
            self.known[version] = Memory.of(self.story.hands, version)
        return self.known[version]

    @property
    def next(self) -> int:
        """The number that the next deployment takes."""
        return self.story.next

    def code(self, *arguments: str) -> str:
        """Type one of the operator's commands; its exit code, and its last words where it failed."""
        code, lines = self.story.command(*arguments)
        return f"exit code {code}" if code == 0 else f"exit code {code}: {lines[-3:]}"

    def refused(self, name: str, *words: str, code: int, error: str, said: str) -> None:
        """Type a command that wants a reason: it has to end with *code*, for that very one."""

        def typed() -> str:
            ended = Attempt(*_command(self.story, *words, *BECAUSE))
            told = said if said in "\n".join(ended.lines) else " / ".join(ended.lines[-3:])
            return f"exit code {ended.code}, {ended.failure or 'no error'}: {told}"

        self.inquiry.ask(f"{name}-refused", wanted=f"exit code {code}, {error}: {said}", got=typed)

    def ended(self, name: str, taken: int, end: str, *, champion: Generation) -> None:
        """
        Hold the ledger against how generation *taken* has to have ended, and who has to be the *champion* now.

        Args:
            end: What was undone, and how, where anything was; else the phase.
        """

        def read() -> str:
            ledger = self.story.ledger()
            found = next((one for one in ledger if one.generation == taken), None)
            return _told(taken, found.undone or found.phase if found else "absent", truth_of(ledger))

        self.inquiry.ask(f"{name}-ended", wanted=_told(taken, end, champion), got=read)

    def unloaded(self, name: str, version: int) -> None:
        """Ask Triton for the candidate that nobody may be able to ask."""

        def listed() -> str:
            return f"version {version} is {'READY' if version in self.story.places.loaded() else 'not READY'}"

        self.inquiry.ask(f"{name}-unloaded", wanted=f"version {version} is not READY", got=listed)

    def whole(self, name: str, *, champion: Generation, within_s: float = 0.0) -> None:
        """Ask every place for the *champion*, its golden rows too, and whether the next one may deploy."""
        version, generation = champion.champion, champion.generation
        self.inquiry.ask(
            f"{name}-champion",
            wanted=self.story.places.said_everywhere(version, generation),
            got=lambda: self.story.places.everywhere(version, generation),
            within_s=within_s,
        )
        memory = self.remember(version)
        self.inquiry.ask(
            f"{name}-golden",
            wanted=memory.said,
            got=lambda: memory.asked(self.story.hands),
            within_s=within_s,
        )
        self.inquiry.ask(f"{name}-free", wanted="deploying -; follows everything", got=self._status)

    def bring_back(self, name: str, promoted: Generation) -> None:
        """Roll *promoted* back: who was the champion before it is so again, as the generation after it."""
        words = ("rollback", *UNWATCHED, *BECAUSE)
        self.inquiry.ask(f"{name}-rolled-back", wanted="exit code 0", got=lambda: self.code(*words))
        taken = promoted.generation + 1
        returned = replace(self.home, generation=taken, previous=promoted.champion)
        self.ended(f"{name}-returned", taken, "committed", champion=returned)
        self.whole(f"{name}-returned", champion=returned)
        self.home = returned

    def restore(self) -> None:
        """
        Let everything follow, the champion from before be it again, and what was made go.

        Raises:
            Inconclusive: A command failed; who serves is what its last words say.
        """
        self.slack.behave("ok")
        if (said := self.code("converge")) != "exit code 0":
            raise Inconclusive(f"wanted everything to follow in {self.story.environment} again, got {said}")
        self.story.ledger()
        self.story.restore()
        now = self.story.truth()
        self.foundry.clear(standing={now.champion, now.previous})

    def _status(self) -> str:
        _, lines = _command(self.story, "status")
        words = [line.split() for line in lines]
        said = [" ".join(one) for one in words if one[:1] in (["deploying"], ["follows"])]
        return "; ".join(said) or " / ".join(lines[-3:])


def _told(taken: int, end: str, now: Generation) -> str:
    aliases = f"champion {now.champion}, previous {now.previous or '-'} since generation {now.generation}"
    return f"generation {taken} {end}; {aliases}"


def _command(story: Story, *arguments: str) -> tuple[int, tuple[str, ...]]:
    code, lines = story.command(*arguments)
    return code, tuple(lines)
