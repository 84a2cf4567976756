"""P63: versions are tried beside the champion: in the shadow, where they are compared, and with a share of callers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

import pytest
from proofs.lifecycle.contenders import agree, challenge, contradict, lurk, retire
from proofs.lifecycle.contest import Contest
from proofs.lifecycle.layered import Layered
from proofs.lifecycle.meanwhile import in_every

from switchyard.scenario import Scenario
from yardfacts.facts import Fact

pytestmark = [pytest.mark.order(63), pytest.mark.lifecycle, pytest.mark.lengthy]

AT, CLIENT, NAMED = "trials", "trials.client", "trials.named"
"""The moments of what was asked, of what a client without a name got, and of what callers got who named themselves."""

Act = Callable[[Contest], Sequence[Fact]]

ROWS: Final[Mapping[str, Act]] = {
    "a version is to be promoted from evidence that was never in the shadow": lurk,
    "a version in the shadow contradicts the champion, and is to be promoted from evidence": contradict,
    "another one agrees, and is promoted from evidence": agree,
    "a third one gets a share of those callers who name themselves": challenge,
    "it is retired": retire,
}


def _all(yard: Scenario, contests: Mapping[str, Contest], act: Act) -> tuple[Fact, ...]:
    """Do the same in every environment at once."""
    stories = [contest.after.story for contest in contests.values()]
    return in_every(yard, stories, lambda story: act(contests[story.environment]))


@contextmanager
def _asking(contests: Mapping[str, Contest]) -> Iterator[None]:
    """The client of each environment asks as long as the block runs."""
    with ExitStack() as asking:
        for contest in contests.values():
            asking.enter_context(contest.client)
        yield


def test_a_version_on_trial_is_watched_before_it_serves(
    yard: Scenario, layered: Layered, contests: Mapping[str, Contest]
) -> None:
    """A shadow answers nobody and becomes the champion by what was seen of it; a challenger has its share, and that."""
    with yard.given("who the champion is, and three versions that nobody has seen"):
        yard.record(AT, *_all(yard, contests, Contest.begin))

    with layered.throughout(AT), _asking(contests):
        for title, act in ROWS.items():
            with yard.when(title):
                yard.record(AT, *_all(yard, contests, act))

    for contest in contests.values():
        yard.record(AT, *contest.facts())
        yard.record(CLIENT, *contest.client.facts())
        yard.record(NAMED, *(contest.named.facts() if contest.named else ()))
    yard.judge("trials_watched")
