"""P67: two decide at once, and whoever decided later wins."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from proofs.lifecycle.deciding import decide
from proofs.lifecycle.layered import Layered
from proofs.lifecycle.meanwhile import clients, in_every
from proofs.lifecycle.story import Story

from switchyard.scenario import Scenario

pytestmark = [pytest.mark.order(67), pytest.mark.lifecycle, pytest.mark.lengthy]


BEFORE, DECIDED = "decided.before", "decided"
"""The ledger before anybody decided; and what was decided, with the ledger at the end and what clients saw."""


def test_the_later_decision_wins(yard: Scenario, layered: Layered, stories: Sequence[Story]) -> None:
    """A deployment that was overtaken in its middle, or that slept longer than its lock, changes nothing any more."""
    with yard.given("who the champion is"):
        for story in stories:
            story.before = story.ledger()
            yard.record(BEFORE, *story.before)

    when = "others decide while a deployment is on its way, and it wakes up"
    with layered.throughout(DECIDED), clients(stories) as asking, yard.when(when):
        yard.record(DECIDED, *in_every(yard, stories, decide))

    for story, client in zip(stories, asking, strict=True):
        yard.record(DECIDED, *client.facts(), *story.known())

    yard.judge("later_decision_wins")
