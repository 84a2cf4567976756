"""P67: two decide at once, and whoever decided later wins."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import pytest
from proofs.lifecycle.deciding import decide
from proofs.lifecycle.layered import Layered
from proofs.lifecycle.meanwhile import in_every
from proofs.lifecycle.story import Story
from proofs.lifecycle.traffic import Client

from switchyard.kube import Kube
from switchyard.scenario import Scenario

pytestmark = [pytest.mark.order(67), pytest.mark.lifecycle, pytest.mark.lengthy]


DECIDED = "decided"


def test_the_later_decision_wins(yard: Scenario, kube: Kube, layered: Layered, stories: Sequence[Story]) -> None:
    """A deployment that was overtaken in its middle, or that slept longer than its lock, changes nothing any more."""
    with yard.given("who the champion is"):
        for story in stories:
            story.before = story.ledger()

    with layered.throughout(DECIDED), ExitStack() as asking:
        clients = [
            asking.enter_context(Client(kube, story.environment, story.hands.trace().inference)) for story in stories
        ]
        with yard.when("others decide while a deployment is on its way, and it wakes up"):
            yard.record(DECIDED, *in_every(stories, decide))

    for story, client in zip(stories, clients, strict=True):
        story.deployed |= client.versions
        yard.record(DECIDED, *client.facts(), *story.known())

    yard.judge("later_decision_wins")
