"""
Two who decide at once: a deployment is held in the middle, somebody else decides, and then it goes on.

Whoever decided later wins, and a process that wakes up afterwards changes nothing any more. What the decision leads to
is known before it is made: from the ledger as it was, and from the version that a deployment has in the registry.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from proofs.lifecycle.arrivals import delivered
from proofs.lifecycle.attempt import UNWATCHED, Attempt, attempt
from proofs.lifecycle.inside import HELD
from proofs.lifecycle.ledger import truth_of
from proofs.lifecycle.running import type_beside_runs
from proofs.lifecycle.standing import rolled_back, stands
from proofs.lifecycle.story import Story
from proofs.services.inquiry import Inquiry

from switchyard.judging import Inconclusive
from yardfacts.facts import Fact

__all__ = ["decide"]

HELD_S: Final = 180.0
"""Until a deployment has come to where it is held: a pod, a training, and half of the steps."""
REASON: Final = "decided by a proof, while another deployment was on its way"
FENCES: Final = ("Overtaken", "Fenced", "Superseded")
"""What a deployment says that was overtaken: three are asked who know better."""
UNTRIED: Final = ("TimeoutError", "Locked")
"""It woke up by itself, before anybody had decided, or met the lock, which is no fence."""


def decide(story: Story) -> tuple[Fact, ...]:
    """
    Overtake a deployment before its switch and after it, and a run of the DAG; wake a zombie; roll back twice.

    The ledger as it is then is among the facts; who was its champion meanwhile may have answered.
    """
    inquiry = Inquiry(story.environment)
    _before_the_switch(story, inquiry)
    _after_the_switch(story, inquiry)
    type_beside_runs(story, inquiry)
    _zombie(story, inquiry)
    _back_and_forth(story, inquiry)
    ledger, first = story.ledger(), truth_of(story.before).generation
    story.deployed |= {one.champion for one in ledger if one.phase == "committed" and one.generation > first}
    return (*inquiry.facts, *ledger)


def _before_the_switch(story: Story, inquiry: Inquiry) -> None:
    """Roll back while a deployment is held that nobody follows yet: to the version before the champion."""
    name, before = "before-the-switch", story.truth()
    then = replace(rolled_back(before), generation=story.next + 1)
    with _held(story, f"{story.hands.run_id}-{name}", seed=201, place="smoked") as sleeper:
        _roll_back(story, inquiry, name)
    _refused(inquiry, name, sleeper)
    stands(story, inquiry, f"stands-{name}", then=then)


def _after_the_switch(story: Story, inquiry: Inquiry) -> None:
    """Roll back while the replicas follow a deployment that is held: to the champion, which is still committed."""
    name, before, number = "after-the-switch", story.truth(), story.next
    deploy_id = f"{story.hands.run_id}-{name}"
    with _held(story, deploy_id, seed=202, place="switched") as sleeper:
        version = max(story.registered(deploy_id), default=0)
        # It was switched on purpose, and so its answers are right until the rollback.
        story.deployed.add(version)
        inquiry.ask(
            f"held-{name}",
            wanted=story.places.said_followed(version, number),
            got=lambda: story.places.followed(version, number),
        )
        _roll_back(story, inquiry, name)
    _refused(inquiry, name, sleeper)
    stands(story, inquiry, f"stands-{name}", then=replace(before, action="rollback", generation=number + 1))


def _zombie(story: Story, inquiry: Inquiry) -> None:
    """A deployment sleeps longer than its lock lasts, another one is committed meanwhile, and the sleeper wakes up."""
    run_id, before, number = story.hands.run_id, story.truth(), story.next
    with _held(story, f"{run_id}-zombie", "--lease", "1", seed=203, place="smoked") as sleeper:

        def deployed() -> str:
            with delivered(story.hands, "later", seed=204):
                return attempt(story.hands, f"{run_id}-later").told

        inquiry.ask("deployed-beside-a-zombie", wanted="exit code 0", got=deployed)
    _refused(inquiry, "zombie", sleeper)
    later = max(story.registered(f"{run_id}-later"), default=0)
    then = replace(before, action="deploy", generation=number + 1, champion=later, previous=before.champion)
    stands(story, inquiry, "stands-zombie", then=then)


def _back_and_forth(story: Story, inquiry: Inquiry) -> None:
    """A rollback, one more that is refused because it would undo the first, and one that says that this is wanted."""
    before, number = story.truth(), story.next
    for name, wanted, said in (
        ("rollback", "exit code 0, accepted", ()),
        ("rollback-of-a-rollback", "exit code 10, Flapping", ()),
        ("rollback-again", "exit code 0, accepted", ("--again",)),
    ):
        inquiry.ask(name, wanted=wanted, got=lambda said=said: _typed(story, *said))  # type: ignore[misc]
    # There and back; the one that was refused has taken no number.
    stands(story, inquiry, "stands-again", then=replace(before, action="rollback", generation=number + 1))


def _roll_back(story: Story, inquiry: Inquiry, name: str) -> None:
    inquiry.ask(f"rollback-{name}", wanted="exit code 0, accepted", got=lambda: _typed(story, "--again"))


def _typed(story: Story, *words: str) -> str:
    """Type a rollback; how it ended."""
    code, lines = story.command("rollback", *words, *UNWATCHED, "--reason", REASON)
    return f"exit code {code}, {Attempt(code, tuple(lines)).failure or 'accepted'}"


def _refused(inquiry: Inquiry, name: str, sleeper: Future[Attempt]) -> None:
    """Ask what a deployment says that was overtaken, where it came to one who knows better."""

    def met() -> str:
        failure = sleeper.result().failure
        return failure if failure in UNTRIED else "a later decision"

    def woken() -> str:
        ended = sleeper.result()
        return f"exit code {ended.code}, {'refused' if ended.failure in FENCES else ended.failure or 'accepted'}"

    if inquiry.ask(f"overtaken-{name}", wanted="a later decision", got=met):
        inquiry.ask(f"woken-{name}", wanted="exit code 11, refused", got=woken)


@contextmanager
def _held(story: Story, deploy_id: str, *options: str, seed: int, place: str) -> Iterator[Future[Attempt]]:
    """A deployment that is held at *place* while the block runs; it goes on when somebody else has committed."""
    there = threading.Event()

    def heard(line: str) -> None:
        if line.startswith(HELD):
            there.set()

    with (
        delivered(story.hands, "held", seed=seed),
        ThreadPoolExecutor(1, thread_name_prefix="sleeper") as threads,
    ):
        sleeper = threads.submit(attempt, story.hands, deploy_id, "--hold", place, *options, tell=heard)
        sleeper.add_done_callback(_waking(there))
        if not there.wait(HELD_S) or sleeper.done():
            raise Inconclusive(f"wanted {deploy_id} to be held at {place} within {HELD_S:g} s, got {_said(sleeper)}")
        yield sleeper


def _waking(there: threading.Event) -> Callable[[Future[Attempt]], None]:
    """One that ended before it was held must not be waited for."""
    return lambda _: there.set()


def _said(sleeper: Future[Attempt]) -> str:
    return str(sleeper.result().lines[-3:]) if sleeper.done() else "nothing"
