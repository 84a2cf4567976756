"""P62: what nobody should send is answered as the reference says, and whoever serves does not notice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

import pytest
from proofs.lifecycle.meanwhile import in_every
from proofs.lifecycle.refused import Refused
from proofs.lifecycle.spoiled import spoiled
from proofs.lifecycle.story import Story
from proofs.lifecycle.traffic import Client

from switchyard.kube import Kube
from switchyard.scenario import Scenario
from yardfacts.facts import Fact

pytestmark = [pytest.mark.order(62), pytest.mark.lifecycle]

MOMENT = "refused-input"


@pytest.fixture(name="refused")
def _refused(stories: Sequence[Story]) -> Callable[[Callable[[Refused], Sequence[Fact]]], tuple[Fact, ...]]:
    """Do the same in every environment at once, by what each remembers: ``refused(Refused.look)``."""
    batches = spoiled()
    every = {story.environment: Refused(story, batches) for story in stories}
    return lambda act: in_every(stories, lambda story: act(every[story.environment]))


def test_bad_input_is_refused_and_nothing_moves(
    yard: Scenario,
    kube: Kube,
    stories: Sequence[Story],
    refused: Callable[[Callable[[Refused], Sequence[Fact]]], tuple[Fact, ...]],
) -> None:
    """Whatever is malformed, unknown, too large, stale or nobody's gets its documented answer, and nothing moves."""
    with yard.given("what stands in every place that knows who serves"):
        refused(Refused.look)

    with ExitStack() as asking:
        clients = {
            story.environment: asking.enter_context(Client(kube, story.environment, story.hands.trace().inference))
            for story in stories
        }
        with yard.when("the gateway is asked for what it must not give"):
            yard.record(MOMENT, *refused(Refused.intrude))
        with yard.when("batches arrive that must not serve"):
            yard.record(MOMENT, *refused(Refused.deliver))
        with yard.when("a minute is over since the wrong tokens"):
            yard.record(MOMENT, *refused(Refused.look_again))
    yard.record(MOMENT, *refused(lambda one: one.witness(clients[one.story.environment].facts())))

    yard.judge("bad_input_refused")
