"""P60: a model is promoted, another refused, and the one from before comes back; whoever asks meanwhile is answered."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import pytest
from proofs.lifecycle.meanwhile import in_every
from proofs.lifecycle.story import Story
from proofs.lifecycle.traffic import Client

from switchyard.kube import Kube
from switchyard.scenario import Scenario

pytestmark = [pytest.mark.order(60), pytest.mark.lifecycle]


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
            yard.record("promoted", *in_every(stories, Story.promote))
        with yard.when("a run of the life cycle has nothing new"):
            yard.record("refused", *in_every(stories, Story.refuse))
        with yard.when("the operator rolls back"):
            yard.record("rolled-back", *in_every(stories, Story.roll_back))

    for story, client in zip(stories, clients, strict=True):
        yard.record("lifecycle.after", *client.facts(), *story.known())

    yard.judge("promotion_traced", "refusal_moved_nothing", "rollback_restored", "traffic_unharmed")
