"""P68: twenty promotions and twenty rollbacks, while somebody asks all the time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from proofs.lifecycle.endurance import ROUNDS, swing
from proofs.lifecycle.layered import Layered
from proofs.lifecycle.meanwhile import clients, in_every
from proofs.lifecycle.story import Story

from switchyard.scenario import Scenario

pytestmark = [pytest.mark.order(68), pytest.mark.lifecycle, pytest.mark.lengthy]

SWUNG = "swung"


def test_twenty_there_and_twenty_back(yard: Scenario, layered: Layered, stories: Sequence[Story]) -> None:
    """Champions come and go twenty times in every environment, and every single request gets its champion's answer."""
    with yard.given("who the champion is"):
        for story in stories:
            story.before = story.ledger()
            yard.record("lifecycle.before", *story.before)

    when = f"{ROUNDS} rollbacks and {ROUNDS} promotions happen"
    with layered.throughout(SWUNG), clients(stories) as asking, yard.when(when):
        yard.record(SWUNG, *in_every(yard, stories, swing))

    for story, client in zip(stories, asking, strict=True):
        yard.record("rolled-back", *story.ledger())
        yard.record("lifecycle.after", *client.facts(), *story.known())

    yard.judge("decisions_endured", "traffic_unharmed")
