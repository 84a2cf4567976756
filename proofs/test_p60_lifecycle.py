"""P60: a model is promoted, another refused, and the one from before comes back; whoever asks meanwhile is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from proofs.lifecycle.story import Story
from proofs.lifecycle.traffic import Client
from proofs.services.errors import ServiceError

from switchyard.judging import Inconclusive
from switchyard.kube import Kube
from switchyard.scenario import Scenario
from switchyard.yard import Yard
from yardfacts.facts import Fact

if TYPE_CHECKING:
    from proofs.services.exercise import Hands

pytestmark = [pytest.mark.order(60), pytest.mark.lifecycle]


@pytest.fixture(name="stories")
def _stories(yard: Scenario, declared: Yard, hands: Callable[[str], Hands]) -> Iterator[Sequence[Story]]:
    """One an environment; what each delivers is taken away."""
    stories = [Story(hands(environment)) for environment in declared.environments]
    try:
        yield stories
    finally:
        with yard.recorder.step("restore: the champion is who it was, and the proof's batches are taken away"):
            for story in stories:
                story.clear()
            for story in stories:
                story.restore()


def _all(stories: Sequence[Story], act: Callable[[Story], Sequence[Fact]]) -> tuple[Fact, ...]:
    """Do the same in every environment at once; facts in the order of environments."""
    with ThreadPoolExecutor(len(stories), thread_name_prefix="story") as threads:
        try:
            return tuple(fact for facts in threads.map(act, stories) for fact in facts)
        except ServiceError as exc:  # of a question that only the next ones would have been built on
            raise Inconclusive(str(exc)) from exc


def test_a_model_comes_and_goes_while_everybody_is_answered(
    yard: Scenario, kube: Kube, stories: Sequence[Story]
) -> None:
    """A good batch makes a new champion, nothing new makes none, and the operator brings back the one from before."""
    with yard.given("who the champion is, and a batch of good rows has arrived"):
        for story in stories:
            story.before = story.ledger()
            yard.record("lifecycle.before", *story.before)
            story.deliver()

    with ExitStack() as asking:
        clients = [
            asking.enter_context(Client(kube, story.environment, story.hands.trace().inference)) for story in stories
        ]
        with yard.when("a run of the life cycle has good rows"):
            yard.record("promoted", *_all(stories, Story.promote))
        with yard.when("a run of the life cycle has nothing new"):
            yard.record("refused", *_all(stories, Story.refuse))
        with yard.when("the operator rolls back"):
            yard.record("rolled-back", *_all(stories, Story.roll_back))

    for story, client in zip(stories, clients, strict=True):
        yard.record("lifecycle.after", *client.facts(), *story.known())

    yard.judge("promotion_traced", "refusal_moved_nothing", "rollback_restored", "traffic_unharmed")
