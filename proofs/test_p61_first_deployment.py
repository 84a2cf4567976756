"""P61: nobody has ever deployed anything; the seed's version is the first, one is promoted over it, and it returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

import pytest
from proofs.lifecycle.aftermath import Aftermath
from proofs.lifecycle.beginning import forget, promote, recover, refuse, restore, roll_back, seed, swing
from proofs.lifecycle.layered import Layered
from proofs.lifecycle.meanwhile import Act, clients, in_each, putting_back
from proofs.lifecycle.story import Story

from switchyard.errors import SwitchyardError
from switchyard.judging import verdict_of
from switchyard.scenario import Scenario

pytestmark = [pytest.mark.order(61), pytest.mark.lifecycle, pytest.mark.lengthy]

BLANK, SEEDED, SEEN = "first.blank", "first.seeded", "first.seen"
"""The moments before anything is deployed, and that of what a client saw from the seed on."""

CHAPTERS: Final[Mapping[str, tuple[str, Act]]] = {
    "first.refused": ("the operator rolls back, and nothing was before", refuse),
    "first.promoted": ("the first run of the life cycle has good rows", promote),
    "first.returned": ("the operator rolls back to what the seed has made", roll_back),
    "first.again": ("the operator rolls back once more", swing),
}
"""By moment: what is done under way."""


@pytest.fixture(name="every")
def _every(yard: Scenario, stories: Sequence[Story]) -> Iterator[Mapping[str, Aftermath]]:
    """One an environment, by its name; each is put back whatever becomes of the other."""
    every = {story.environment: Aftermath(story) for story in stories}
    with yard.recorder.step("give back what a proof took that was killed"):
        try:
            yard.recorder.note("; ".join(f"{environment}: {recover(after)}" for environment, after in every.items()))
        except SwitchyardError as exc:
            raise verdict_of(exc) from exc
    back = [partial(restore, after) for after in every.values()]
    with putting_back(yard, back, until="the ledger is made again, and the champion is who it was"):
        yield every


def test_the_first_deployment_ever(
    yard: Scenario, layered: Layered, stories: Sequence[Story], every: Mapping[str, Aftermath]
) -> None:
    """Where nobody has deployed yet there is no way back; the first deployment stands on the seed, and leads back."""
    with yard.given("nobody has ever deployed anything"):
        yard.record(BLANK, *in_each(yard, every, forget))
    with yard.given("the platform's own job has seeded, and a batch of good rows has arrived"):
        yard.record(SEEDED, *in_each(yard, every, seed))

    with layered.throughout(SEEN), clients(stories) as asking:
        for moment, (title, act) in CHAPTERS.items():
            with yard.when(title):
                yard.record(moment, *in_each(yard, every, act))

    for story, client in zip(stories, asking, strict=True):
        yard.record(SEEN, *client.facts(), *story.known())

    yard.judge("first_deployment")
