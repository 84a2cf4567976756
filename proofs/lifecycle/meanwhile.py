"""What is done in every environment at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from proofs.lifecycle.story import Story
from proofs.services.errors import ServiceError

from switchyard.judging import Inconclusive
from yardfacts.facts import Fact

__all__ = ["in_every"]

Act = Callable[[Story], Sequence[Fact]]


def in_every(stories: Sequence[Story], act: Act) -> tuple[Fact, ...]:
    """
    Do the same in every environment at once; facts in the order of environments.

    Raises:
        Inconclusive: A service did not answer a question that only the next ones would have been built on.
    """
    with ThreadPoolExecutor(len(stories), thread_name_prefix="story") as threads:
        return _results([threads.submit(act, story) for story in stories])


def _results(futures: Sequence[Future[Sequence[Fact]]]) -> tuple[Fact, ...]:
    try:
        return tuple(fact for future in futures for fact in future.result())
    except ServiceError as exc:
        raise Inconclusive(str(exc)) from exc
