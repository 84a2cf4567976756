"""P60: a model is promoted, another refused, and the one from before comes back; whoever asks meanwhile is answered."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from proofs.lifecycle.layered import Layered
from proofs.lifecycle.meanwhile import clients, in_every
from proofs.lifecycle.story import Story
from proofs.lifecycle.unmoved import refuse

from switchyard.scenario import Scenario

pytestmark = [pytest.mark.order(60), pytest.mark.lifecycle]

BACK = "rolled-back"
"""The last moment; whether the layer was as it was wanted is told in it."""


def test_a_model_comes_and_goes_while_everybody_is_answered(
    yard: Scenario, layered: Layered, stories: Sequence[Story]
) -> None:
    """A good batch makes a new champion, nothing new makes none, and the operator brings back the one from before."""
    with yard.given("who the champion is, and a batch of good rows has arrived"):
        for story in stories:
            story.before = story.ledger()
            yard.record("lifecycle.before", *story.before)
            story.deliver()

    with layered.throughout(BACK), clients(stories) as asking:
        with yard.when("a run of the life cycle has good rows"):
            yard.record("promoted", *in_every(yard, stories, Story.promote))
        with yard.when("a run of the life cycle has nothing new"):
            yard.record("refused", *in_every(yard, stories, refuse))
        with yard.when("the operator rolls back"):
            yard.record(BACK, *in_every(yard, stories, Story.roll_back))

    for story, client in zip(stories, asking, strict=True):
        yard.record("lifecycle.after", *client.facts(), *story.known())

    yard.judge("promotion_traced", "refusal_moved_nothing", "rollback_restored", "traffic_unharmed")
