"""P66: a deployment dies of SIGKILL after every step that it has, and runs again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from proofs.lifecycle.dying import die_everywhere
from proofs.lifecycle.meanwhile import clients, while_toggled
from proofs.lifecycle.story import Story

from switchyard.scenario import Scenario

pytestmark = [pytest.mark.order(66), pytest.mark.lifecycle, pytest.mark.lengthy]

OFF_AFTER, ON_AFTER = 4, 9
"""Of some seventeen rows: the first with the layer on, the middle without it, and two while it leaves and returns."""


def test_what_dies_and_runs_again_has_happened_once(yard: Scenario, layer: str, stories: Sequence[Story]) -> None:
    """Whatever step a deployment is killed after, the second attempt ends it once, and nobody who asks notices."""
    with yard.given("who the champion is"):
        for story in stories:
            story.before = story.ledger()
            yard.record("lifecycle.before", *story.before)

    when = "deployments die after each step, and run again, while the layer leaves and returns"
    with clients(stories) as asking, yard.when(when):
        found = while_toggled(yard, layer, stories, die_everywhere, off_after=OFF_AFTER, on_after=ON_AFTER)
        yard.record("died", *found)

    for story, client in zip(stories, asking, strict=True):
        yard.record("rolled-back", *story.ledger())
        yard.record("lifecycle.after", *client.facts(), *story.known())

    yard.judge("crashes_survived", "traffic_unharmed")
