"""P66: a deployment dies of SIGKILL after every step that it has, and runs again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from proofs.lifecycle.dying import die_everywhere
from proofs.lifecycle.layered import Layered
from proofs.lifecycle.meanwhile import clients, in_every
from proofs.lifecycle.story import Story

from switchyard.scenario import Scenario

pytestmark = [pytest.mark.order(66), pytest.mark.lifecycle, pytest.mark.lengthy]

DIED = "died"


def test_what_dies_and_runs_again_has_happened_once(yard: Scenario, layered: Layered, stories: Sequence[Story]) -> None:
    """Whatever step a deployment is killed after, the second attempt ends it once, and nobody who asks notices."""
    with yard.given("who the champion is"):
        for story in stories:
            story.before = story.ledger()
            yard.record("lifecycle.before", *story.before)

    when = "deployments die after each step, and run again"
    with layered.throughout(DIED), clients(stories) as asking, yard.when(when):
        yard.record(DIED, *in_every(yard, stories, die_everywhere))

    for story, client in zip(stories, asking, strict=True):
        yard.record("rolled-back", *story.ledger())
        yard.record("lifecycle.after", *client.facts(), *story.known())

    yard.judge("crashes_survived", "traffic_unharmed")
