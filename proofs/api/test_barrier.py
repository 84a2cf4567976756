"""The clock-free barrier, and the hold by stimulus."""

from __future__ import annotations

import threading

import pytest

from switchyard.barrier import raise_barriers
from switchyard.errors import NotAnswering, NotFound
from switchyard.hold import hold
from switchyard.kinds import APPLICATIONS, CONFIG_MAPS
from switchyard.labels import COMPARED_REFRESH
from switchyard.watching import Scope, Watching
from yardfacts.facts import Barrier

from .actor import Actor
from .stage import Stage


def _barrier(stage: Stage, *names: str, within_s: float = 3.0) -> tuple[Barrier, ...]:
    return raise_barriers(stage.kube, namespace=stage.namespace, applications=names, within_s=within_s)


def test_two_refreshes_are_requested_and_consumed(stage: Stage) -> None:
    """An answered barrier has seen two requests consumed in turn, on every Application."""
    names = [f"app-{number}" for number in range(4)]
    for name in names:
        stage.application(name)
    with Actor(stage) as actor:
        barriers = _barrier(stage, *names)
    assert [one.application for one in barriers] == names
    assert all(one.answered and one.refreshes_consumed == 2 for one in barriers)
    assert sorted(actor.refreshes) == sorted([*names, *names])


def test_a_controller_that_does_not_answer_is_told_apart(stage: Stage) -> None:
    """Without a controller the barrier is not answered: a fact, no error, and not before the deadline."""
    stage.application("app")
    (barrier,) = _barrier(stage, "app", within_s=0.5)
    assert not barrier.answered
    assert barrier.refreshes_consumed == 0
    assert barrier.waited_s >= 0.5


def test_one_consumed_refresh_is_not_enough(stage: Stage) -> None:
    """A refresh consumed by work that began before the request is swallowed; only the second one counts."""
    stage.application("app")
    pending = {"metadata": {"annotations": {COMPARED_REFRESH: "normal"}}}
    stage.kube.merge(APPLICATIONS, "app", pending, namespace=stage.namespace)
    # Somebody's earlier request is pending; its work ends after ours arrived and removes ours with it.
    swallower = threading.Timer(0.2, _consume, args=(stage, "app"))
    swallower.start()
    (barrier,) = _barrier(stage, "app", within_s=1.0)
    swallower.join()
    assert not barrier.answered
    assert barrier.refreshes_consumed == 1


def test_an_absent_application_is_no_barrier(stage: Stage) -> None:
    """There is nothing to refresh where nothing is."""
    with pytest.raises(NotFound):
        _barrier(stage, "nobody")


def test_the_barrier_writes_nothing_but_the_request(stage: Stage) -> None:
    """Of an Application nothing but the refresh annotation is touched."""
    before = stage.application("app")
    with Watching(stage.kube, [Scope(APPLICATIONS, stage.namespace)], metadata_only=False) as watching:
        with Actor(stage):
            _barrier(stage, "app")
        assert watching.differences(within_s=3.0) == ()
        seen = [one for one in watching.history if one.meta.name == "app" and one.type == "MODIFIED"]
    assert all(one.object["spec"] == before["spec"] for one in seen)
    changed = {key for one in seen for key in one.meta.annotations}
    assert changed == {COMPARED_REFRESH}


def test_absence_is_held_under_stimulus(stage: Stage) -> None:
    """Every surviving root and ApplicationSet is refreshed twice, and nothing comes back."""
    with Actor(stage) as actor:
        held = hold(stage.kube, yard=stage.yard, layer=stage.layer)
    root = f"root-apps-{stage.word}"
    assert held.refreshed == (root,)
    assert actor.refreshes.count(root) == 2
    assert held.returned == ()
    assert held.window_s == stage.yard.budgets.hold_s


def test_what_comes_back_and_goes_again_is_seen(stage: Stage) -> None:
    """A watch sees what two looks would miss."""

    def flicker() -> None:
        stage.config_map("ghost")
        stage.kube.delete(CONFIG_MAPS, "ghost", namespace=stage.store)

    timer = threading.Timer(0.1, flicker)
    with Actor(stage):
        timer.start()
        held = hold(stage.kube, yard=stage.yard, layer=stage.layer, window_s=3.0)
        timer.join()
    assert [ref.name for ref in held.returned] == ["ghost"]


def test_a_survivor_that_does_not_answer_means_no_stimulus(stage: Stage) -> None:
    """Absence without a stimulus proves nothing."""
    with pytest.raises(NotAnswering, match=f"root-apps-{stage.word}"):
        hold(stage.kube, yard=stage.yard, layer=stage.layer)


def _consume(stage: Stage, name: str) -> None:
    patch = {"metadata": {"annotations": {COMPARED_REFRESH: None}}}
    stage.kube.merge(APPLICATIONS, name, patch, namespace=stage.namespace)


def test_an_overlooked_request_is_made_again(stage: Stage) -> None:
    """A controller that lost sight of our annotation is given a new event; it counts as the same request."""
    stage.application("app")
    with Actor(stage) as actor:
        actor.overlooks = "normal"
        (barrier,) = _barrier(stage, "app", within_s=8.0)
    assert barrier.answered
    assert barrier.refreshes_consumed == 2
    assert barrier.waited_s > 1.0
