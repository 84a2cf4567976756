"""What is undone when a deployment fails, what is left to somebody else, and a rollback that is itself cut short."""

from __future__ import annotations

from typing import Any, cast

import pytest

from models.ledger import Action
from yardflow import deploying, operating, steps, undoing
from yardflow.converging import converge
from yardflow.errors import LoadRefused, Locked, WrongAnswers
from yardflow.flow import Flow
from yardflow.lock import Lock

from .shop import Channel, Gateways, Server
from .stories import Killed, aliases, check_champion, dying, promote, registered


def test_whoever_woke_up_late_leaves_alone_what_another_has_loaded(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its time was over, another deployment has switched and is about to commit: users are answered by that one."""
    slept, version = registered(flow), registered(flow, "another", "b2", seed=2)
    steps.begin(flow, "slept", actor="test", reason="because")
    steps.end(flow, "slept")
    steps.begin(flow, "d", actor="test", reason="because")
    for step in (steps.publish, steps.load, steps.smoke, steps.switch):
        step(flow, "d", version)
    monkeypatch.setattr(undoing, "PATIENCE_S", 0.05)
    with pytest.raises(Locked):
        steps.publish(flow, "slept", slept)
    assert steps.undo(flow, "slept", slept, reason="late") == "superseded"
    assert version in cast(Server, flow.triton).loaded
    steps.verify(flow, "d", version)
    steps.commit(flow, "d", version, alias="champion", evidence={})
    steps.end(flow, "d")
    converge(flow)
    check_champion(flow, version)


def test_a_rollback_that_died_half_way_is_gone_on_with(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """One replica has gone back, and another did not answer: typed once more it does not bring the bad version back."""
    promote(flow, registered(flow))
    with dying(monkeypatch, (Gateways, "reload")), pytest.raises(Killed):
        operating.rollback(flow, deploy_id="r", actor="test", reason="too slow")
    operating.rollback(flow, deploy_id="r2", actor="test", reason="too slow, still")
    converge(flow)  # gives up the number of the one that died
    assert aliases(flow) == {"champion": 1, "previous": 2}
    check_champion(flow, 1)


def test_what_users_are_on_stays_loaded_until_they_are_back(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that no ledger has is left for one that has to be loaded first: nobody is refused on the way."""
    promote(flow, registered(flow))
    bad = registered(flow, "another", "b2", seed=2)
    steps.begin(flow, "bad", actor="test", reason="because")
    for step in (steps.publish, steps.load, steps.smoke, steps.switch):
        step(flow, "bad", bad)
    steps.end(flow, "bad")
    deploying.hold(flow, {bad})  # Triton started anew, say, while a volume was in the way
    real, loaded = Gateways.reload, list[set[int]]()

    def reload(gateways: Gateways, *args: Any) -> bool:
        loaded.append(cast(Server, flow.triton).loaded)
        return real(gateways, *args)

    monkeypatch.setattr(Gateways, "reload", reload)
    outcome = operating.rollback(flow, deploy_id="r", actor="test", reason="too slow")
    assert outcome.evidence["load"] == {"warm": False}
    assert [bad in one for one in loaded] == [True, True]
    converge(flow)  # takes the bad one away
    check_champion(flow, 2)


def test_a_rollback_that_died_half_way_is_ended_by_converge(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who decided it is not undone by a job that runs at night; while the rollback is at work, that touches nothing."""
    promote(flow, registered(flow))
    with monkeypatch.context() as patched:
        patched.setattr(Lock, "release", lambda *_: False)  # who is killed gives nothing back
        with dying(patched, (Gateways, "reload")), pytest.raises(Killed):
            operating.rollback(flow, deploy_id="r", actor="test", reason="too slow")
    assert converge(flow) == ()
    steps.end(flow, "r")
    assert "gateways" in converge(flow)[0]
    assert aliases(flow) == {"champion": 1, "previous": 2}
    check_champion(flow, 1)


def test_a_full_volume_is_undone_as_well(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both replicas had switched when the commit could not be written."""
    version = registered(flow)
    with monkeypatch.context() as full:
        full.setattr(deploying, "commit", _full)
        with pytest.raises(OSError, match="No space left"):
            promote(flow, version)
    assert flow.current.action is Action.ROLLBACK
    check_champion(flow, 1)


def test_who_gets_no_generation_has_no_lock(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes next does not wait for five minutes; another's lock stays with them."""
    with monkeypatch.context() as full:
        full.setattr(type(flow.ledger), "intend", _full)
        with pytest.raises(OSError, match="No space left"):
            steps.begin(flow, "d", actor="test", reason="because")
    assert flow.lock.holder == ""
    flow.lock.take("somebody")
    with pytest.raises(Locked):
        steps.begin(flow, "d", actor="test", reason="because")
    assert flow.lock.holder == "somebody"


def _full(*_: Any, **__: Any) -> None:
    raise OSError("No space left on device")


@pytest.mark.parametrize(("fault", "undone"), [("refuses", "aborted"), ("lies", "rolled_back")])
def test_how_a_failure_before_the_switch_ended_is_told(flow: Flow, fault: str, undone: str) -> None:
    """Aborted what was never loaded; rolled back what was."""
    version = registered(flow)
    getattr(flow.triton, fault).add(version)
    with pytest.raises((LoadRefused, WrongAnswers)):
        promote(flow, version)
    told = [one.outcome.evidence.get("undone") for one in flow.ledger.history() if one.outcome]
    assert told[-1] == undone
    check_champion(flow, 1)


def test_what_was_decided_before_it_was_overtaken_is_told_too(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """It died between its commit and its message, and somebody has decided since: converge tells of it, once."""
    version = registered(flow)
    with dying(monkeypatch, (steps, "settle")), pytest.raises(Killed):
        promote(flow, version)
    steps.end(flow, "d")
    heard = cast(Channel, flow.slack).heard
    heard.clear()
    operating.rollback(flow, deploy_id="r", actor="test", reason="too slow")
    converge(flow)
    assert sorted("is the champion" in line for line in heard) == [False, True]
    check_champion(flow, 1)
