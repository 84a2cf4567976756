"""P68: twenty promotions and twenty rollbacks, while the layer leaves and returns and somebody asks all the time."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import pytest
from proofs.lifecycle.endurance import ROUNDS, swing
from proofs.lifecycle.meanwhile import while_toggled
from proofs.lifecycle.story import Story
from proofs.lifecycle.traffic import Client

from switchyard.kube import Kube
from switchyard.scenario import Scenario

pytestmark = [pytest.mark.order(68), pytest.mark.lifecycle, pytest.mark.lengthy]


def test_twenty_there_and_twenty_back(yard: Scenario, kube: Kube, layer: str, stories: Sequence[Story]) -> None:
    """Champions come and go twenty times in every environment, and every single request gets its champion's answer."""
    with yard.given("who the champion is"):
        for story in stories:
            story.before = story.ledger()
            yard.record("lifecycle.before", *story.before)

    with ExitStack() as asking:
        clients = [
            asking.enter_context(Client(kube, story.environment, story.hands.trace().inference)) for story in stories
        ]
        with yard.when(f"{ROUNDS} rollbacks and {ROUNDS} promotions happen, while the layer leaves and returns"):
            found = while_toggled(yard, layer, stories, swing, off_after=ROUNDS // 5, on_after=ROUNDS // 2)
            yard.record("swung", *found)

    for story, client in zip(stories, clients, strict=True):
        yard.record("rolled-back", *story.ledger())
        yard.record("lifecycle.after", *client.facts(), *story.known())

    yard.judge("decisions_endured", "traffic_unharmed")
