"""The ground of a proof against a real API server: looks, toggles under the lease, and puts everything back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from switchyard import toggle
from switchyard.errors import Late
from switchyard.ground import Cluster, held_ground
from switchyard.kinds import APPLICATIONS
from switchyard.lease import held_lease
from switchyard.recorder import Recorder
from yardfacts.bundle import Bundle
from yardfacts.facts import Application, Barrier, Commit, Fact, Obligation, Root
from yardfacts.facts import Unreadable as Unread
from yardfacts.journal import History, Journal, read
from yardfacts.redact import Redactor
from yardfacts.target import Target

from .actor import Actor
from .server import ADMIN
from .stage import Stage


@pytest.fixture(name="recorder")
def _recorder(tmp_path: Path) -> Iterator[Recorder]:
    redactor = Redactor()
    bundle = Bundle(tmp_path / "run", redactor=redactor)
    journal = Journal(bundle.journal, redactor=redactor)
    yield Recorder(bundle=bundle, journal=journal, run_id="a1b2c3")
    journal.close()


def _ground(stage: Stage, recorder: Recorder) -> AbstractContextManager[Cluster]:
    target = Target(
        name="api",
        kubeconfig=stage.kubeconfig,
        context=ADMIN,
        git_dir=None,
        git_branch="",
        commit="a" * 40,
        dirty=False,
        secrets_file=None,
    )
    return held_ground(stage.kube, yard=stage.yard, target=target, recorder=recorder)


def _restored(recorder: Recorder) -> list[tuple[str, str]]:
    history: History = read(recorder.bundle.journal)
    return [(record.body["found"], record.body["left"]) for record in history.of("restore")]


def _of(kind: type[Fact], facts: tuple[Fact, ...]) -> list[Fact]:
    return [fact for fact in facts if isinstance(fact, kind)]


def test_a_look_sees_everything_behind_a_barrier(stage: Stage, recorder: Recorder) -> None:
    """One look records the commit, an answered barrier on each Application, and what the audit sees."""
    with Actor(stage), _ground(stage, recorder) as ground:
        facts = ground.look()
    names = {one.name for one in facts if isinstance(one, Application)}
    assert names == {one.application for one in facts if isinstance(one, Barrier) and one.answered}
    assert len(_of(Commit, facts)) == 1
    assert {one.http_status for one in facts if isinstance(one, Root)} == {200, 404}
    assert _of(Unread, facts) == []


def test_a_detached_layer_is_left_detached(stage: Stage, recorder: Recorder) -> None:
    """Whatever a proof toggles, the layer is left as it was found, and the journal says so."""
    with Actor(stage):
        with _ground(stage, recorder) as ground:
            ground.attach("features")
        assert stage.kube.find(APPLICATIONS, stage.layer.root, namespace=stage.namespace) is None
    assert _restored(recorder) == [("detached", "detached")]


def test_an_attached_layer_is_left_attached(stage: Stage, recorder: Recorder) -> None:
    """A detach that was proved and held is undone at the end."""
    with Actor(stage):
        with held_lease(
            stage.kube, namespace=stage.namespace, run_id="test", restore={}, recover=lambda lease, left: None
        ) as lease:
            toggle.attach(stage.kube, yard=stage.yard, layer=stage.layer, lease=lease)
        with _ground(stage, recorder) as ground:
            assert _of(Obligation, ground.detach("features").facts)
            assert ground.hold("features").returned == ()
        assert stage.kube.find(APPLICATIONS, stage.layer.root, namespace=stage.namespace) is not None
    assert _restored(recorder) == [("attached", "attached")]


def _break_off(stage: Stage, recorder: Recorder) -> None:
    with _ground(stage, recorder) as ground:
        ground.attach("features")
        raise ZeroDivisionError("the proof broke")


def test_a_proof_that_fails_puts_back_all_the_same(stage: Stage, recorder: Recorder) -> None:
    """An exception in the middle does not keep the layer where the proof had it."""
    with Actor(stage):
        with pytest.raises(ZeroDivisionError):
            _break_off(stage, recorder)
        assert stage.kube.find(APPLICATIONS, stage.layer.root, namespace=stage.namespace) is None
    assert _restored(recorder) == [("detached", "detached")]


def test_settling_ends_late_when_nobody_moves(stage: Stage, recorder: Recorder) -> None:
    """A revision that never arrives is an answer, not a wait without end."""
    with Actor(stage), _ground(stage, recorder) as ground, pytest.raises(Late):
        ground.settle("f" * 40)
