"""Detach and attach against a real API server; the actor plays Argo CD."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from switchyard import toggle
from switchyard.errors import NotAnswering, Stuck, Unmet
from switchyard.kinds import APPLICATION_SETS, APPLICATIONS, CONFIG_MAPS
from switchyard.kube import Kube
from switchyard.lease import Lease, held_lease
from switchyard.objects import Meta, dig
from switchyard.rescue import diagnose, record, remove_finalizers
from switchyard.watching import Scope, Watching
from yardfacts.facts import Application, Barrier, Obligation, Root, Sweep, Timing

from .actor import Actor
from .server import OPERATOR, ApiServer
from .stage import FINALIZER, Stage


@contextmanager
def _leased(stage: Stage, kube: Kube) -> Iterator[Lease]:
    def nothing_left(lease: Lease, left: object) -> None:
        raise AssertionError(f"nobody died, yet {left} was left")

    with held_lease(
        kube, namespace=stage.namespace, run_id="test", restore={}, recover=nothing_left, progress=print
    ) as lease:
        yield lease


def _attach(stage: Stage, *, kube: Kube | None = None) -> toggle.Toggled:
    kube = kube or stage.kube
    with _leased(stage, kube) as lease:
        return toggle.attach(kube, yard=stage.yard, layer=stage.layer, lease=lease)


def _detach(stage: Stage, *, kube: Kube | None = None) -> toggle.Toggled:
    kube = kube or stage.kube
    with _leased(stage, kube) as lease:
        return toggle.detach(kube, yard=stage.yard, layer=stage.layer, lease=lease, run_id="test")


def _of(kind: type, done: toggle.Toggled) -> list[object]:
    return [fact for fact in done.facts if isinstance(fact, kind)]


def test_a_layer_leaves_and_returns(stage: Stage) -> None:
    """Detach ends with every obligation gone and an empty sweep; attach ends with everybody Synced and Healthy."""
    with Actor(stage):
        on = _attach(stage)
        off = _detach(stage)
        again = _attach(stage)
    assert on.changed
    assert {one.name for one in on.facts if isinstance(one, Application)} == {stage.layer.root, stage.child}
    assert off.changed
    assert set(off.applications) == {stage.layer.root, stage.application_set, stage.child}
    fates = [fact for fact in off.facts if isinstance(fact, Obligation)]
    assert {one.ref.name for one in fates} >= {stage.layer.root, stage.child, "store", "store-descendant"}
    assert {one.fate for one in fates} == {"gone"}
    (swept,) = [fact for fact in off.facts if isinstance(fact, Sweep)]
    assert swept.decoy_found
    assert not swept.unattributed
    assert [one.http_status for one in off.facts if isinstance(one, Root)] == [404]
    assert all(one.answered for one in off.facts if isinstance(one, Barrier))
    assert again.changed


def test_the_two_roles_of_the_manifest_are_enough(server: ApiServer, stage: Stage) -> None:
    """Somebody with the engine's own roles and no other right attaches, detaches and sweeps without a hole."""
    operator = server.client(OPERATOR)
    with Actor(stage):
        on, off = _attach(stage, kube=operator), _detach(stage, kube=operator)
    assert on.changed
    (swept,) = [fact for fact in off.facts if isinstance(fact, Sweep)]
    assert swept.decoy_found
    assert swept.kinds_unreadable == ()


def test_an_overlooked_delete_is_brought_to_mind(stage: Stage) -> None:
    """A controller that lost sight of the delete is touched with the refresh annotation until it acts."""
    with Actor(stage) as actor:
        _attach(stage)
        actor.overlooks_deletes = True
        patient = replace(stage.yard.budgets, detach_deadline_s=20.0)
        off = _detach(replace(stage, yard=replace(stage.yard, budgets=patient)))
    assert {one.fate for one in off.facts if isinstance(one, Obligation)} == {"gone"}


def test_a_detach_is_timed_phase_by_phase(stage: Stage) -> None:
    """The whole from the first write to proved absent, and its parts, are timings; the whole carries its budget."""
    with Actor(stage):
        _attach(stage)
        off = _detach(stage)
    timings = {one.phase: one for one in off.facts if isinstance(one, Timing)}
    assert set(timings) == {"detach", "detach.barrier", "detach.delete", "detach.sweep"}
    assert timings["detach"].budget_s == stage.yard.budgets.detach_s
    assert timings["detach"].took_s >= sum(timings[f"detach.{part}"].took_s for part in ("barrier", "delete", "sweep"))


def test_off_twice_and_on_twice_write_nothing(stage: Stage) -> None:
    """What is already so is said, and nothing is written."""
    scopes = [Scope(kind, stage.namespace) for kind in (APPLICATIONS, APPLICATION_SETS)]
    scopes += [Scope(CONFIG_MAPS, stage.store)]
    with Actor(stage):
        _attach(stage)
        with Watching(stage.kube, scopes) as watching:
            on = _attach(stage)
            assert not watching.differences(within_s=5.0)
            assert [seen for seen in watching.history if seen.type != "LISTED"] == []
        _detach(stage)
        with Watching(stage.kube, scopes) as watching:
            off = _detach(stage)
            assert not watching.differences(within_s=5.0)
            assert [seen for seen in watching.history if seen.type != "LISTED"] == []
    assert not on.changed
    assert not off.changed
    assert _of(Timing, on) == _of(Timing, off) == []


def test_attach_takes_the_source_of_a_surviving_root(stage: Stage) -> None:
    """The manifest's placeholders become the repository and revision that the surviving root says."""
    with Actor(stage):
        _attach(stage)
    root = stage.kube.get(APPLICATIONS, stage.layer.root, namespace=stage.namespace)
    assert root["spec"]["source"] == {
        "repoURL": "git://served.example/yard.git",
        "targetRevision": "main",
        "path": "apps",
    }


def test_attach_without_a_surviving_root_writes_nothing(stage: Stage) -> None:
    """A placeholder that nobody can fill is an unmet precondition."""
    stage.kube.delete(APPLICATIONS, f"root-apps-{stage.word}", namespace=stage.namespace)
    with pytest.raises(Unmet, match="none of the roots"):
        _attach(stage)
    assert stage.kube.find(APPLICATIONS, stage.layer.root, namespace=stage.namespace) is None


def test_a_foreign_finalizer_is_named_and_left_alone(stage: Stage) -> None:
    """A leaf that cannot go ends the detach with its name, its finalizer and the rescue; the finalizer stays."""
    with Actor(stage):
        _attach(stage)
        foreign = {"metadata": {"finalizers": ["example.com/hold"]}}
        stage.kube.merge(CONFIG_MAPS, "store", foreign, namespace=stage.store)
        with pytest.raises(Stuck, match=r"example\.com/hold") as caught:
            _detach(stage)
        assert "switchyard rescue features" in str(caught.value)
        assert any(one.ref.name == "store" and one.finalizers == ("example.com/hold",) for one in caught.value.objects)
        kept = Meta.of(CONFIG_MAPS, stage.kube.get(CONFIG_MAPS, "store", namespace=stage.store))
        assert kept.finalizers == ("example.com/hold",)
        _release(stage)
        assert toggle.presence(stage.kube, yard=stage.yard, layer=stage.layer) in {"detaching", "detached"}


def test_a_rescue_is_explicit_and_recorded(stage: Stage, tmp_path: Path) -> None:
    """The rescue shows what is stuck and whose it is, removes only the named finalizer, and leaves a record."""
    with Actor(stage):
        _attach(stage)
        foreign = {"metadata": {"finalizers": ["example.com/hold"]}}
        stage.kube.merge(CONFIG_MAPS, "store", foreign, namespace=stage.store)
        with pytest.raises(Stuck):
            _detach(stage)
        stuck = diagnose(stage.kube, yard=stage.yard, layer=stage.layer)
        leaf = stuck[0]
        assert (leaf.ref.name, leaf.finalizers, leaf.managed_by) == ("store", ("example.com/hold",), stage.child)
        assert stage.layer.root in {one.ref.name for one in stuck}
        assert remove_finalizers(stage.kube, stuck, names=["example.com/other"]) == ()
        changed = remove_finalizers(stage.kube, stuck, names=["example.com/hold"])
        file = record(changed, layer=stage.layer, names=["example.com/hold"], folder=tmp_path / "rescues")
        finished = _detach(stage)
    assert [one.ref.name for one in changed] == ["store"]
    assert '"example.com/hold"' in file.read_text()
    assert {one.fate for one in finished.facts if isinstance(one, Obligation)} <= {"gone"}


def test_a_child_that_would_leave_orphans_stops_the_detach(stage: Stage) -> None:
    """An Application without the cascade finalizer is an unmet precondition, and nothing is written."""
    with Actor(stage):
        _attach(stage)
        stage.kube.merge(APPLICATIONS, stage.child, {"metadata": {"finalizers": []}}, namespace=stage.namespace)
        with pytest.raises(Unmet, match=FINALIZER):
            _detach(stage)
    root = stage.kube.get(APPLICATIONS, stage.layer.root, namespace=stage.namespace)
    assert dig(root, "spec", "syncPolicy", "automated") == {"prune": True, "selfHeal": True}


def test_a_controller_that_hangs_stops_the_detach_before_its_delete(stage: Stage) -> None:
    """Without an answered barrier nothing is deleted; attach puts the suspended root back."""
    with Actor(stage) as actor:
        _attach(stage)
        actor.answers = False
        with pytest.raises(NotAnswering, match="nothing was deleted"):
            _detach(stage)
        assert toggle.presence(stage.kube, yard=stage.yard, layer=stage.layer) == "suspended"
        actor.answers = True
        assert _attach(stage).changed
        assert toggle.presence(stage.kube, yard=stage.yard, layer=stage.layer) == "attached"


def _release(stage: Stage) -> None:
    stage.kube.merge(CONFIG_MAPS, "store", {"metadata": {"finalizers": []}}, namespace=stage.store)
