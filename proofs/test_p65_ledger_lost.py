"""P65: the volume with the ledger is lost while everybody serves, and what others remember makes it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

import pytest
from proofs.lifecycle.aftermath import Aftermath
from proofs.lifecycle.layered import Layered
from proofs.lifecycle.losing import begin, die, go_on, lose, rebuild, renew, restore
from proofs.lifecycle.meanwhile import Act, clients, in_each, putting_back
from proofs.lifecycle.story import Story

from switchyard.scenario import Scenario

pytestmark = [pytest.mark.order(65), pytest.mark.lifecycle, pytest.mark.lengthy]

LOST, REPLICA, AGAIN = "ledger-lost", "ledger-lost.replica", "ledger-lost.again"
"""The moments; each has a client of its own, and the versions that may answer it."""

CHAPTERS: Final[Mapping[str, Mapping[str, Act]]] = {
    LOST: {"the volume is lost": lose, "the operator rebuilds the ledger": rebuild},
    REPLICA: {"a replica starts anew": renew},
    AGAIN: {
        "another version is promoted, and rolled back": go_on,
        "the volume is lost again, and a rebuild is killed half way": die,
    },
}


@pytest.fixture(name="every")
def _every(yard: Scenario, stories: Sequence[Story]) -> Iterator[Mapping[str, Aftermath]]:
    """One an environment, by its name; each is put back whatever becomes of the other."""
    every = {story.environment: Aftermath(story) for story in stories}
    back = [partial(restore, after) for after in every.values()]
    with putting_back(yard, back, until="there is a ledger, everything follows it, and the champion is who it was"):
        yield every


def test_a_lost_ledger_is_made_again_while_everybody_is_answered(
    yard: Scenario, layered: Layered, stories: Sequence[Story], every: Mapping[str, Aftermath]
) -> None:
    """Nobody who asks notices that the ledger is gone, nothing goes on without it, and one command brings it back."""
    with yard.given("a version was promoted, the one from before is loaded, and everything follows"):
        yard.record(LOST, *in_each(yard, every, begin))

    with layered.throughout(AGAIN):
        for moment, acts in CHAPTERS.items():
            with clients(stories) as asking:
                for title, act in acts.items():
                    with yard.when(title):
                        yard.record(moment, *in_each(yard, every, act))
            known = (memory.known for after in every.values() for memory in after.known.values())
            yard.record(moment, *(fact for client in asking for fact in client.facts()), *known)

    yard.judge("ledger_rebuilt")
