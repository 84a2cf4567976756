"""P68: twenty promotions and twenty rollbacks, while the layer leaves and returns and somebody asks all the time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from proofs.lifecycle.endurance import ROUNDS, swing
from proofs.lifecycle.meanwhile import clients, while_toggled
from proofs.lifecycle.story import Story

from switchyard.scenario import Scenario

pytestmark = [pytest.mark.order(68), pytest.mark.lifecycle, pytest.mark.lengthy]


def test_twenty_there_and_twenty_back(yard: Scenario, layer: str, stories: Sequence[Story]) -> None:
    """Champions come and go twenty times in every environment, and every single request gets its champion's answer."""
    with yard.given("who the champion is"):
        for story in stories:
            story.before = story.ledger()
            yard.record("lifecycle.before", *story.before)

    when = f"{ROUNDS} rollbacks and {ROUNDS} promotions happen, while the layer leaves and returns"
    with clients(stories) as asking, yard.when(when):
        found = while_toggled(yard, layer, stories, swing, off_after=ROUNDS // 5, on_after=ROUNDS // 2)
        yard.record("swung", *found)

    for story, client in zip(stories, asking, strict=True):
        yard.record("rolled-back", *story.ledger())
        yard.record("lifecycle.after", *client.facts(), *story.known())

    yard.judge("decisions_endured", "traffic_unharmed")
