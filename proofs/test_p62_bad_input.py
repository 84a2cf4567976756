"""P62: what nobody should send is answered as the reference says, and whoever serves does not notice."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from proofs.lifecycle.meanwhile import clients, in_every
from proofs.lifecycle.refused import Refused
from proofs.lifecycle.spoiled import spoiled
from proofs.lifecycle.story import Story

from switchyard.scenario import Scenario
from yardfacts.facts import Fact

pytestmark = [pytest.mark.order(62), pytest.mark.lifecycle]

MOMENT = "refused-input"

Act = Callable[[Refused], Sequence[Fact]]


@pytest.fixture(name="refused")
def _refused(yard: Scenario, stories: Sequence[Story]) -> Callable[[Act], tuple[Fact, ...]]:
    """Do the same in every environment at once, by what each remembers: ``refused(Refused.look)``."""
    batches = spoiled()
    every = {story.environment: Refused(story, batches) for story in stories}
    return lambda act: in_every(yard, stories, lambda story: act(every[story.environment]))


def test_bad_input_is_refused_and_nothing_moves(
    yard: Scenario, stories: Sequence[Story], refused: Callable[[Act], tuple[Fact, ...]]
) -> None:
    """Whatever is malformed, unknown, too large, stale or nobody's gets its documented answer, and nothing moves."""
    with yard.given("what stands in every place that knows who serves"):
        refused(Refused.look)

    with clients(stories) as asking:
        with yard.when("the gateway is asked for what it must not give"):
            yard.record(MOMENT, *refused(Refused.intrude))
        with yard.when("batches arrive that must not serve"):
            yard.record(MOMENT, *refused(Refused.deliver))
        with yard.when("a minute is over since the wrong tokens"):
            yard.record(MOMENT, *refused(Refused.look_again))
    seen = {client.environment: client.facts() for client in asking}
    yard.record(MOMENT, *refused(lambda one: one.witness(seen[one.story.environment])))

    yard.judge("bad_input_refused")
