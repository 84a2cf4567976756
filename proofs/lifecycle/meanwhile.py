"""What goes on in every environment at once, while somebody asks, or while the optional layer leaves and returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Final

from proofs.lifecycle.story import Story
from proofs.lifecycle.traffic import Client
from proofs.services.errors import ServiceError

from switchyard.errors import Late
from switchyard.judging import Inconclusive
from switchyard.scenario import Scenario
from switchyard.waiting import wait_until
from yardfacts.facts import Answer, Fact

__all__ = ["TOGGLED", "clients", "in_every", "while_toggled"]

TOGGLED: Final = "toggled-meanwhile"
STEP_S: Final = 240.0
"""The longest that one step of a story takes, with both environments and the layer's switch beside it."""

Act = Callable[[Story], Sequence[Fact]]


@contextmanager
def clients(stories: Sequence[Story]) -> Iterator[Sequence[Client]]:
    """One an environment, in their order, each of which asks for the champion as long as the block runs."""
    with ExitStack() as asking:
        yield [
            asking.enter_context(Client(story.hands.kube, story.environment, story.hands.trace().inference))
            for story in stories
        ]


def in_every(yard: Scenario, stories: Sequence[Story], act: Act) -> tuple[Fact, ...]:
    """
    Do the same in every environment at once; facts in the order of environments.

    Raises:
        Inconclusive: A service did not answer a question that only the next ones would have been built on.
    """
    with _threads(yard, stories) as threads:
        return _results([threads.submit(act, story) for story in stories])


def while_toggled(
    yard: Scenario, layer: str, stories: Sequence[Story], act: Act, *, off_after: int, on_after: int
) -> tuple[Fact, ...]:
    """
    As ``in_every``; *layer* leaves when every story has gone *off_after* steps, and returns after *on_after*.

    An ``Answer`` an environment says whether it was back before the story's end: else nothing was toggled in between.

    Raises:
        Inconclusive: As ``in_every``, or a story does not get on.
    """
    with _threads(yard, stories) as threads:
        futures = [threads.submit(act, story) for story in stories]
        _await(stories, futures, steps=off_after)
        yard.detach(layer, moment="off-meanwhile")
        _await(stories, futures, steps=on_after)
        yard.attach(layer, moment="on-meanwhile")
        went_on = [not future.done() for future in futures]
        found = _results(futures)
    return (*found, *(_toggled(story, on=on) for story, on in zip(stories, went_on, strict=True)))


@contextmanager
def _threads(yard: Scenario, stories: Sequence[Story]) -> Iterator[ThreadPoolExecutor]:
    """
    A thread a story. They come to their end even where somebody interrupts, who is told so.

    A deployment half way holds its lock: until it has ended, nobody could put the champion from before back.
    """
    with ThreadPoolExecutor(len(stories), thread_name_prefix="story") as threads:
        try:
            yield threads
        except KeyboardInterrupt:
            where = ", ".join(story.environment for story in stories)
            yard.recorder.note(f"interrupted: waiting for what goes on in {where}; then everything is put back")
            raise


def _await(stories: Sequence[Story], futures: Sequence[Future[Sequence[Fact]]], *, steps: int) -> None:
    try:
        wait_until(
            lambda: min(story.steps for story in stories),
            what=f"every story has gone {steps} steps",
            ready=lambda least: least >= steps or any(future.done() for future in futures),
            within_s=STEP_S * (steps + 1),
        )
    except Late as exc:
        raise Inconclusive(str(exc)) from exc


def _results(futures: Sequence[Future[Sequence[Fact]]]) -> tuple[Fact, ...]:
    try:
        return tuple(fact for future in futures for fact in future.result())
    except ServiceError as exc:
        raise Inconclusive(str(exc)) from exc


def _toggled(story: Story, *, on: bool) -> Answer:
    wanted = "off and on again before the end"
    return Answer(
        probe=TOGGLED,
        environment=story.environment,
        outcome="right" if on else "wrong",
        wanted=wanted,
        got=wanted if on else f"the end, after {story.steps} steps, came first",
        took_s=0.0,
    )
