"""The API server stops in the middle: an unreadable world is never an empty one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from switchyard import toggle
from switchyard.audit import audit
from switchyard.errors import TimedOut, Unreadable
from switchyard.kinds import APPLICATIONS, CONFIG_MAPS
from switchyard.kube import Kube, connect
from switchyard.lease import Lease, held_lease
from switchyard.sweep import sweep
from yardfacts.facts import Application, Root
from yardfacts.facts import Unreadable as UnreadableFact
from yardfacts.target import Target

from .actor import Actor
from .server import ADMIN, NOBODY, ApiServer
from .stage import Stage
from .test_toggle import _attach, _detach

_ANSWER_S = 0.5


def test_a_frozen_server_is_unreadable_not_empty(server: ApiServer, stage: Stage) -> None:
    """A server that takes the request and does not answer ends the sweep with an error, not with zero objects."""
    impatient = connect(server.kubeconfig, context=ADMIN, answer_s=_ANSWER_S)
    assert impatient.list(APPLICATIONS, namespace=stage.namespace).items
    server.freeze()
    try:
        with pytest.raises(TimedOut):
            impatient.list(APPLICATIONS, namespace=stage.namespace)
        with pytest.raises(Unreadable):
            sweep(impatient, yard=stage.yard, layer=stage.layer)
        with pytest.raises(Unreadable):
            toggle.presence(impatient, yard=stage.yard, layer=stage.layer)
    finally:
        server.thaw()
        impatient.close()


def test_a_detach_whose_server_stops_says_so(server: ApiServer, stage: Stage) -> None:
    """The server freezes after the delete: the detach ends unreadable, neither done nor stuck, and can be finished."""
    impatient = connect(server.kubeconfig, context=ADMIN, answer_s=_ANSWER_S)
    foreign = {"metadata": {"finalizers": ["example.com/hold"]}}
    with Actor(stage) as actor, _mended(server, actor):
        _attach(stage)
        stage.kube.merge(CONFIG_MAPS, "store", foreign, namespace=stage.store)

        def freeze(line: str) -> None:
            if "left:" in line:
                actor.pause()
                server.freeze()

        with pytest.raises(Unreadable):
            _detach_with(impatient, stage, progress=freeze)
    impatient.close()
    assert toggle.presence(stage.kube, yard=stage.yard, layer=stage.layer) == "detaching"
    with Actor(stage):
        stage.kube.merge(CONFIG_MAPS, "store", {"metadata": {"finalizers": []}}, namespace=stage.store)
        finished = _detach(stage)
    assert finished.changed
    assert toggle.presence(stage.kube, yard=stage.yard, layer=stage.layer) == "detached"


@contextmanager
def _mended(server: ApiServer, actor: Actor) -> Iterator[None]:
    try:
        yield
    finally:
        server.thaw()
        actor.go_on()


def _detach_with(kube: Kube, stage: Stage, *, progress: toggle.Progress) -> None:
    def nothing_left(lease: Lease, left: object) -> None:
        raise AssertionError(f"nobody died, yet {left} was left")

    with held_lease(kube, namespace=stage.namespace, run_id="r", restore={}, recover=nothing_left) as lease:
        toggle.detach(kube, yard=stage.yard, layer=stage.layer, lease=lease, run_id="r", progress=progress)


def test_an_audit_of_what_may_not_be_read_is_a_list_of_holes(server: ApiServer, stage: Stage) -> None:
    """Each observation that could not be made is a fact of its own; none is an empty answer."""
    target = _target(server, context=NOBODY)
    facts = audit(server.client(NOBODY), yard=stage.yard, target=target)
    assert facts
    assert all(isinstance(fact, UnreadableFact) for fact in facts)
    assert {fact.what for fact in facts if isinstance(fact, UnreadableFact)} >= {"Applications", "Pods", "Volumes"}


def test_an_audit_needs_read_rights_only(server: ApiServer, stage: Stage) -> None:
    """With read rights an audit has no holes."""
    target = _target(server, context="observer")
    facts = audit(server.client("observer"), yard=stage.yard, target=target)
    assert not [fact for fact in facts if isinstance(fact, UnreadableFact)]
    assert [fact.name for fact in facts if isinstance(fact, Application)] == [f"root-apps-{stage.word}"]
    assert {fact.name: fact.http_status for fact in facts if isinstance(fact, Root)} == {
        f"root-apps-{stage.word}": 200,
        stage.layer.root: 404,
    }


def _target(server: ApiServer, *, context: str) -> Target:
    return Target(
        name=context,
        kubeconfig=server.kubeconfig,
        context=context,
        git_dir=None,
        git_branch="",
        commit="",
        dirty=False,
        secrets_file=None,
    )
