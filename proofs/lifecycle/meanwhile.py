"""What goes on in every environment at once, who asks meanwhile, and how every one of them is put back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from proofs.lifecycle.aftermath import Aftermath
from proofs.lifecycle.story import Story
from proofs.lifecycle.traffic import Client
from proofs.services.errors import ServiceError

from switchyard.judging import Inconclusive
from switchyard.scenario import Scenario
from yardfacts.facts import Fact

__all__ = ["Act", "clients", "in_each", "in_every", "putting_back"]

Act = Callable[[Aftermath], Sequence[Fact]]
"""What is done in one environment, and what was found."""


@contextmanager
def clients(stories: Sequence[Story]) -> Iterator[Sequence[Client]]:
    """One an environment, in their order, each of which asks for the champion as long as the block runs."""
    with ExitStack() as asking:
        yield [
            asking.enter_context(Client(story.hands.kube, story.environment, story.hands.trace().inference))
            for story in stories
        ]


def in_every(yard: Scenario, stories: Sequence[Story], act: Callable[[Story], Sequence[Fact]]) -> tuple[Fact, ...]:
    """
    Do the same in every environment at once; facts in the order of environments.

    They come to their end even where somebody interrupts, who is told so: a deployment half way holds its lock, and
    until it has ended nobody could put the champion from before back.

    Raises:
        Inconclusive: A service did not answer a question that only the next ones would have been built on.
    """
    with ThreadPoolExecutor(len(stories), thread_name_prefix="story") as threads:
        futures = [threads.submit(act, story) for story in stories]
        try:
            return _results(futures)
        except KeyboardInterrupt:
            where = ", ".join(story.environment for story in stories)
            yard.recorder.note(f"interrupted: waiting for what goes on in {where}; then everything is put back")
            raise


def in_each(yard: Scenario, every: Mapping[str, Aftermath], act: Act) -> tuple[Fact, ...]:
    """See ``in_every``; *every* by the names of its environments."""
    return in_every(yard, [after.story for after in every.values()], lambda story: act(every[story.environment]))


@contextmanager
def putting_back(yard: Scenario, restores: Iterable[Callable[[], object]], *, until: str) -> Iterator[None]:
    """
    Call every one of *restores* at the end of the block, whatever becomes of the others.

    Args:
        until: What is so then, for the step that says it.
    """
    try:
        yield
    finally:
        with yard.recorder.step(f"restore: {until}"), ExitStack() as restoring:
            for restore in restores:
                restoring.callback(restore)


def _results(futures: Sequence[Future[Sequence[Fact]]]) -> tuple[Fact, ...]:
    try:
        return tuple(fact for future in futures for fact in future.result())
    except ServiceError as exc:
        raise Inconclusive(str(exc)) from exc
