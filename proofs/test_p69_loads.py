"""P69: a version is loaded twenty times beside the champion, and whoever asks is answered by that each time."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from proofs.lifecycle.contest import Contest
from proofs.lifecycle.layered import Layered
from proofs.lifecycle.loads import ROUNDS, load
from proofs.lifecycle.meanwhile import in_every

from switchyard.scenario import Scenario

pytestmark = [pytest.mark.order(69), pytest.mark.lifecycle, pytest.mark.lengthy]

AT, CLIENT = "loads", "loads.client"


def test_a_load_leaves_everybody_answered(yard: Scenario, layered: Layered, contests: Mapping[str, Contest]) -> None:
    """While a version is loaded and unloaded over and over, whoever asks is answered rightly; the wait is printed."""
    with yard.given("who the champion is, and a version that is not loaded"):
        stories = [contest.after.story for contest in contests.values()]
        yard.record(AT, *in_every(yard, stories, lambda story: contests[story.environment].begin()))

    with layered.throughout(AT):
        # One after the other: two loads at once on two cores would be another question.
        for story in stories:
            contest = contests[story.environment]
            with yard.when(f"a version is loaded {ROUNDS} times in {story.environment}"), contest.client:
                yard.record(AT, *in_every(yard, [story], lambda story: load(contests[story.environment])))

    for contest in contests.values():
        yard.record(AT, *(memory.known for memory in contest.after.known.values()))
        yard.record(CLIENT, *contest.client.facts())
    yard.judge("loads_unnoticed")
