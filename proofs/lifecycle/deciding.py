"""
Two who decide at once: a deployment is held in the middle, somebody else decides, and then it goes on.

Whoever decided later wins, and a process that wakes up afterwards changes nothing any more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

from proofs.lifecycle.arrivals import delivered
from proofs.lifecycle.attempt import Attempt, attempt
from proofs.lifecycle.inside import HELD
from proofs.lifecycle.running import type_beside_runs
from proofs.lifecycle.story import Story
from proofs.services.inquiry import Inquiry

from switchyard.judging import Inconclusive
from yardfacts.facts import Fact

__all__ = ["decide"]

HELD_S: Final = 180.0
"""Until a deployment has come to where it is held: a pod, a training, and half of the steps."""
REASON: Final = "decided by a proof, while another deployment was on its way"


def decide(story: Story) -> tuple[Fact, ...]:
    """Overtake a deployment before its switch and after it, and a run of the DAG; wake a zombie; roll back twice."""
    inquiry = Inquiry(story.environment)
    _overtaken(story, inquiry, "before-the-switch", held_at="smoked", seed=201)
    _overtaken(story, inquiry, "after-the-switch", held_at="switched", seed=202)
    type_beside_runs(story, inquiry)
    _zombie(story, inquiry)
    _back_and_forth(story, inquiry)
    return tuple(inquiry.facts)


def _overtaken(story: Story, inquiry: Inquiry, name: str, *, held_at: str, seed: int) -> None:
    """The operator types a rollback while a deployment is held at a place; it wakes up, and is refused."""
    with _held(story, f"{story.hands.run_id}-{name}", seed=seed, place=held_at) as sleeper:
        inquiry.ask(
            f"rollback-{name}",
            wanted="exit code 0",
            got=lambda: f"exit code {story.command('rollback', '--again', '--reason', REASON)[0]}",
        )
        decided = story.truth()
    _refused(inquiry, f"woken-{name}", sleeper)
    _stands(story, inquiry, f"stands-{name}", version=decided.champion, generation=decided.generation)


def _zombie(story: Story, inquiry: Inquiry) -> None:
    """A deployment sleeps longer than its lock lasts, another one is committed meanwhile, and the sleeper wakes up."""
    run_id = story.hands.run_id
    with _held(story, f"{run_id}-zombie", "--lease", "1", seed=203, place="smoked") as sleeper:
        later: list[Attempt] = []

        def deployed() -> str:
            with delivered(story.hands, "later", seed=204):
                later.append(attempt(story.hands, f"{run_id}-later"))
            return f"exit code {later[-1].code}"

        inquiry.ask("deployed-beside-a-zombie", wanted="exit code 0", got=deployed)
        decided = story.truth()
    _refused(inquiry, "woken-zombie", sleeper)
    _stands(story, inquiry, "stands-zombie", version=decided.champion, generation=decided.generation)


def _back_and_forth(story: Story, inquiry: Inquiry) -> None:
    """A rollback, one more that is refused because it would undo the first, and one that says that this is wanted."""
    for name, wanted, said in (
        ("rollback", "0", ()),
        ("rollback-of-a-rollback", "10", ()),
        ("rollback-again", "0", ("--again",)),
    ):
        inquiry.ask(
            name,
            wanted=f"exit code {wanted}",
            got=lambda said=said: f"exit code {story.command('rollback', *said, '--reason', REASON)[0]}",  # type: ignore[misc]
        )
    decided = story.truth()
    _stands(story, inquiry, "stands-again", version=decided.champion, generation=decided.generation)


def _refused(inquiry: Inquiry, probe: str, sleeper: Future[Attempt]) -> None:
    """What a deployment says that was overtaken: one of four, for four are asked who know better."""
    refusals = ("Overtaken", "Fenced", "Superseded", "Locked")

    def woken() -> str:
        ended = sleeper.result()
        return f"exit code {ended.code}, {'refused' if ended.failure in refusals else ended.failure or 'accepted'}"

    inquiry.ask(probe, wanted="exit code 11, refused", got=woken)


def _stands(story: Story, inquiry: Inquiry, probe: str, *, version: int, generation: int) -> None:
    """The later decision is still the truth, everywhere, after whoever slept has had its say."""
    now = story.truth()
    inquiry.ask(
        probe,
        wanted=f"generation {generation}: {story.places.said_everywhere(version, generation)}",
        got=lambda: f"generation {now.generation}: {story.places.everywhere(version, generation)}",
    )


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
