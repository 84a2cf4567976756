"""P64: deployments fail in every way that is known, and each ends as it should: the champion is who it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

import pytest
from proofs.lifecycle.aftermath import Aftermath
from proofs.lifecycle.failures import fence, hush, lie
from proofs.lifecycle.layered import Layered
from proofs.lifecycle.losses import lose_replica, lose_triton, regain_triton
from proofs.lifecycle.meanwhile import Act, clients, in_each, putting_back
from proofs.lifecycle.restarts import kill_midway, kill_triton
from proofs.lifecycle.story import Story
from proofs.lifecycle.traffic import Client
from proofs.outages import silence, stopped

from switchyard.kinds import DEPLOYMENTS
from switchyard.kube import Kube
from switchyard.scenario import Scenario
from switchyard.yard import Yard
from yardfacts.facts import Fact

if TYPE_CHECKING:
    from proofs.services.exercise import Hands

pytestmark = [pytest.mark.order(64), pytest.mark.lifecycle, pytest.mark.lengthy]

AT, REPLICA, TRITON = "failures", "failures.replica", "failures.triton"
"""The moments of what was asked, and of what a client saw while a replica was deleted, and while Triton was killed."""

ANSWERED: Final[Mapping[str, Act]] = {
    "versions are promoted that are not what they say": lie,
    "a replica follows a generation that nobody committed, and a sound version is promoted": fence,
    "Slack refuses what people are to be told": hush,
}
"""What nobody who asks may notice."""


KILLED: Final[Mapping[str, Act]] = {
    "Triton is killed, and nobody does anything": kill_triton,
    "Triton is killed in the middle of a deployment": kill_midway,
}
"""What whoever asks meanwhile does notice: there is one Triton an environment."""


@pytest.fixture(name="every")
def _every(yard: Scenario, declared: Yard, hands: Callable[[str], Hands]) -> Iterator[Mapping[str, Aftermath]]:
    """One an environment, by its name; each is put back whatever becomes of the other."""
    every = {environment: Aftermath(Story(hands(environment))) for environment in declared.environments}
    back = [after.restore for after in every.values()]
    with putting_back(yard, back, until="everything follows, the champion is who it was, and what was forged is gone"):
        yield every


def _seen(asking: Sequence[Client]) -> tuple[Fact, ...]:
    return tuple(fact for client in asking for fact in client.facts())


@contextmanager
def _without_triton(yard: Scenario, kube: Kube, declared: Yard) -> Iterator[None]:
    """Scaled to nothing in every environment, for a pod that is deleted is back before a deployment comes to it."""
    with ExitStack() as away:
        away.enter_context(silence(yard, kube=kube, declared=declared))
        for environment in declared.environments:
            namespace = f"triton-{environment}"
            away.enter_context(stopped(yard, kube=kube, kind=DEPLOYMENTS, name="triton", namespace=namespace))
        yield


def test_a_deployment_that_fails_leaves_the_champion(
    yard: Scenario, kube: Kube, declared: Yard, layered: Layered, every: Mapping[str, Aftermath]
) -> None:
    """Whatever a deployment fails of, it says so, the champion is who it was, and the next one may begin."""
    with yard.given("who the champion is, and that everything follows"):
        yard.record(AT, *in_each(yard, every, Aftermath.begin))
    stories = [after.story for after in every.values()]

    with layered.throughout(AT):
        with clients(stories) as asking:
            for title, act in ANSWERED.items():
                with yard.when(title):
                    yard.record(AT, *in_each(yard, every, act))
        yard.record(AT, *_seen(asking))

        with yard.when("Triton is away"), _without_triton(yard, kube, declared):
            yard.record(AT, *in_each(yard, every, lose_triton))
        with yard.when("Triton is back"):
            yard.record(AT, *in_each(yard, every, regain_triton))
        with yard.when("a replica is deleted in the middle of a switch"), clients(stories) as asking:
            yard.record(AT, *in_each(yard, every, lose_replica))
        yard.record(REPLICA, *_seen(asking))
        with clients(stories) as asking:
            for title, act in KILLED.items():
                with yard.when(title):
                    yard.record(AT, *in_each(yard, every, act))
        yard.record(TRITON, *_seen(asking))
    yard.record(AT, *(memory.known for after in every.values() for memory in after.known.values()))

    yard.judge("failures_contained")
