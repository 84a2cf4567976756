"""From arrived rows to a champion and back, and what is left where it breaks off: every step, killed once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from models.ledger import Phase
from models.repository import Repository
from yardflow import deploying, learning, operating, smoking, steps, undoing
from yardflow.announcing import announce
from yardflow.converging import converge
from yardflow.errors import (
    BatchRefused,
    Fenced,
    Flapping,
    LoadRefused,
    Locked,
    NotDelivered,
    NothingToRollBackTo,
    NotReloaded,
    Overtaken,
    Standing,
    Unregistered,
    WrongAnswers,
)
from yardflow.flow import Flow
from yardflow.registry import Registry

from .shop import Bucket, Channel, Gateways, Server
from .stories import Killed, aliases, arrive, check_champion, dying, learn, promote, registered


def test_good_rows_make_a_promotion(flow: Flow) -> None:
    """The gate lets a candidate pass that was trained on rows like the champion's, and says why."""
    arrive(flow)
    assert learn(flow, "d")["outcome"] == "promotion"
    assert list(cast(Bucket, flow.store).offered) == ["b1"]


@pytest.mark.parametrize(
    ("disturbed", "outcome"),
    [({"shift": 1.5}, "shadow"), ({"mixed": True}, "shadow"), ({"flip": 0.9}, "shadow")],
)
def test_other_rows_do_not(flow: Flow, disturbed: dict[str, Any], outcome: str) -> None:
    """Drift in a column, drift in how columns go together, and labels that are wrong: none becomes the champion."""
    arrive(flow, **disturbed)
    assert learn(flow, "d")["outcome"] == outcome


def test_the_same_model_is_stopped(flow: Flow) -> None:
    """Without new rows the same bytes come out, and there is nothing to deploy."""
    decision = learn(flow, "d")
    assert decision["outcome"] == "stop"
    assert "same bytes" in decision["reasons"][0]


def test_a_malformed_batch_moves_nothing(flow: Flow) -> None:
    """Nothing is trained until somebody takes it away."""
    cast(Bucket, flow.store).arrived["b1"] = b"no parquet"
    steps.begin(flow, "d", actor="test", reason="because")
    with pytest.raises(BatchRefused):
        learning.features(flow, "d")
    assert steps.undo(flow, "d", None, reason="malformed") == "aborted"
    steps.end(flow, "d")
    check_champion(flow, 1)


def test_a_promotion_and_the_way_back(flow: Flow) -> None:
    """The champion before stays loaded, and is the champion again with one more generation; people hear of both."""
    version = registered(flow)
    heard = cast(Channel, flow.slack).heard
    heard.clear()
    promote(flow, version)
    assert aliases(flow) == {"champion": 2, "previous": 1}
    check_champion(flow, 2)

    outcome = operating.rollback(flow, deploy_id="r", actor="test", reason="too slow")
    assert outcome.evidence["load"] == {"warm": True}
    assert aliases(flow) == {"champion": 1, "previous": 2}
    check_champion(flow, 1)
    assert ["is the champion" in heard[0], "was rolled back" in heard[1]] == [True, True]


def test_what_no_alias_stands_for_is_unloaded(flow: Flow) -> None:
    """The third champion leaves the first one behind: Triton drops it, and everything follows."""
    promote(flow, registered(flow))
    promote(flow, registered(flow, "another", "b2", seed=2), "d2")
    assert aliases(flow) == {"champion": 3, "previous": 2}
    check_champion(flow, 3)


def test_a_rollback_of_a_rollback_is_said_on_purpose(flow: Flow) -> None:
    """Else two people undo one another for ever."""
    promote(flow, registered(flow))
    operating.rollback(flow, deploy_id="r1", actor="test", reason="too slow")
    with pytest.raises(Flapping, match="--again"):
        operating.rollback(flow, deploy_id="r2", actor="test", reason="not too slow")
    operating.rollback(flow, deploy_id="r3", actor="test", reason="not too slow", again=True)
    check_champion(flow, 2)


def test_the_first_deployment_has_nothing_before_it(flow: Flow) -> None:
    """There is no guess where to go."""
    with pytest.raises(NothingToRollBackTo):
        operating.rollback(flow, deploy_id="r", actor="test", reason="no")
    check_champion(flow, 1)


def test_a_shadow_answers_nobody(flow: Flow) -> None:
    """It is loaded, and the champion is who it was; promoting it later takes it out of the shadow."""
    version = registered(flow)
    operating.deploy(flow, deploy_id="d", version=version, alias="shadow", actor="test", reason="a look")
    assert aliases(flow) == {"champion": 1, "shadow": 2}
    check_champion(flow, 1)
    promote(flow, version, "d2")
    assert aliases(flow) == {"champion": 2, "previous": 1}
    check_champion(flow, 2)


def _refuse_load(flow: Flow) -> None:
    cast(Server, flow.triton).refuses.add(2)


def _lie(flow: Flow) -> None:
    cast(Server, flow.triton).lies.add(2)


def _refuse_reload(flow: Flow) -> None:
    cast(Gateways, flow.gateway).refuses.add("http://b")


@pytest.mark.parametrize(
    ("break_it", "failure"), [(_refuse_load, LoadRefused), (_lie, WrongAnswers), (_refuse_reload, NotReloaded)]
)
def test_what_fails_leaves_the_champion(flow: Flow, break_it: Callable[[Flow], None], failure: type[Exception]) -> None:
    """A package that cannot load, wrong numbers, a replica that refuses: the champion answers as before, everywhere."""
    version = registered(flow)
    break_it(flow)
    if break_it is _refuse_reload:
        with pytest.raises(NotReloaded):
            _deploy_and_heal(flow, version)
    else:
        with pytest.raises(failure):
            promote(flow, version)
    check_champion(flow, 1)
    assert flow.lock.holder == ""
    assert not flow.repository.folder("wine").joinpath("2").exists()
    ended = [entry.outcome.phase for entry in flow.ledger.history() if entry.outcome]
    assert Phase.ABORTED in ended


@pytest.mark.parametrize("by", [1, 5])
def test_a_replica_that_is_ahead_comes_back_with_the_others(flow: Flow, by: int) -> None:
    """Somebody pushed it to a number that nobody committed: the deployment is undone above it, at every replica."""
    version = registered(flow)
    gateways = cast(Gateways, flow.gateway)
    now = gateways.table("http://b")
    highest = max(entry.intent.generation for entry in flow.ledger.history())
    gateways.followed["http://b"] = replace(now, generation=highest + by, deploy_id="stranger")
    with pytest.raises(Fenced):
        promote(flow, version)
    assert flow.current.generation > highest + by
    check_champion(flow, 1)


def test_rows_that_somebody_else_answered_are_no_smoke(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Right answers that the version's own count does not know came from elsewhere."""
    version = registered(flow)
    server = cast(Server, flow.triton)
    monkeypatch.setattr(smoking, "COUNTED_S", 0.05)
    monkeypatch.setattr(server, "executions", lambda *_: 0)
    with pytest.raises(WrongAnswers, match="Triton counts 0"):
        promote(flow, version)
    check_champion(flow, 1)


def _deploy_and_heal(flow: Flow, version: int) -> None:
    """One replica refuses the candidate, and takes the champion back."""
    gateways = cast(Gateways, flow.gateway)
    reload = gateways.reload

    def once(replica: str, alias: str, ask: Any) -> bool:
        try:
            return reload(replica, alias, ask)
        except NotReloaded:
            gateways.refuses.clear()
            raise

    gateways.reload = once  # type: ignore[method-assign]
    promote(flow, version)


def test_what_nobody_was_told_is_told_later(flow: Flow) -> None:
    """Slack is away: the version serves, the error says so, and telling again tells once."""
    version = registered(flow)
    channel = cast(Channel, flow.slack)
    channel.fault = lambda: NotDelivered("away", reason="unreachable")
    with pytest.raises(NotDelivered):
        promote(flow, version)
    (letter,) = flow.outbox.pending()
    assert converge(flow, explain=True) == (
        f"message of {letter.deploy_id}: wanted a receipt, got none since {letter.created}",
    )
    channel.fault = None
    channel.heard.clear()
    converge(flow)
    converge(flow)
    assert len(channel.heard) == 1
    check_champion(flow, 2)


@pytest.mark.parametrize(("version", "alias"), [(2, "shadow"), (1, "shadow"), (9, "champion")])
def test_what_makes_no_sense_is_not_begun(flow: Flow, version: int, alias: Any) -> None:
    """The champion or the version before it as a shadow, a version that nobody registered: no generation is taken."""
    promote(flow, registered(flow))
    before = len(list(flow.ledger.history()))
    with pytest.raises((Standing, Unregistered)):
        operating.deploy(flow, deploy_id="x", version=version, alias=alias, actor="test", reason="because")
    assert len(list(flow.ledger.history())) == before
    assert flow.lock.holder == ""


def test_the_first_version_can_be_deployed_again(flow: Flow) -> None:
    """The seed leaves what every other training leaves."""
    promote(flow, registered(flow))
    promote(flow, 1, "d2")
    assert aliases(flow) == {"champion": 1, "previous": 2}
    check_champion(flow, 1)


def test_what_was_rolled_back_from_is_not_promoted_again(flow: Flow) -> None:
    """The next run has the same rows and makes the same model: somebody has decided against it."""
    arrive(flow)
    promote(flow, registered(flow))
    operating.rollback(flow, deploy_id="r", actor="test", reason="too slow")
    decision = learn(flow, "again")
    assert (decision["outcome"], "rolled back from" in decision["reasons"][0]) == ("stop", True)


def test_two_do_not_deploy_at_once(flow: Flow) -> None:
    """The second is told who does."""
    steps.begin(flow, "first", actor="test", reason="because")
    with pytest.raises(Locked, match="first"):
        steps.begin(flow, "second", actor="test", reason="because")


def test_a_rollback_overtakes_a_deployment(flow: Flow) -> None:
    """Switched and not committed: the rollback brings the committed champion back; the deployment can do nothing."""
    version = registered(flow)
    evidence = {"begin": steps.begin(flow, "d", actor="test", reason="because")}
    for step in (steps.publish, steps.load, steps.smoke, steps.switch):
        step(flow, "d", version)
    operating.rollback(flow, deploy_id="r", actor="test", reason="stop it")
    with pytest.raises(Overtaken):  # and not that the champion's answers are wrong, which they are not
        steps.verify(flow, "d", version)
    with pytest.raises(Overtaken):
        steps.commit(flow, "d", version, alias="champion", evidence=evidence)
    assert aliases(flow) == {"champion": 1}
    assert steps.undo(flow, "d", version, reason="overtaken") == "superseded"
    steps.end(flow, "d")
    check_champion(flow, 1)
    assert any("gave way to a newer one" in line for line in cast(Channel, flow.slack).heard)


PLACES: dict[str, tuple[Any, str]] = {
    "intent": (steps, "begin"),
    "taken": (learning, "features"),
    "trained": (learning, "train"),
    "registered": (learning, "register"),
    "published": (steps, "publish"),
    "arranged": (Repository, "arrange"),
    "loaded": (steps, "load"),
    "smoked": (steps, "smoke"),
    "one replica switched": (Gateways, "reload"),
    "switched": (steps, "switch"),
    "verified": (steps, "verify"),
    "committed": (deploying, "commit"),
    "projected": (steps, "project"),
    "settled": (steps, "settle"),
    "told": (Channel, "send"),
    "filed": (Registry, "file"),
}


@pytest.mark.parametrize("place", PLACES)
def test_killed_and_run_again(flow: Flow, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """Killed right after any step, the same deployment runs again: one version, one commit, the right champion."""
    arrive(flow)
    with dying(monkeypatch, PLACES[place]), pytest.raises(Killed):
        _run(flow)
    assert aliases(flow)["champion"] in {1, 2}
    _run(flow)
    assert flow.registry.version_of("d") is not None
    assert flow.repository.versions("wine") == {1, 2}
    commits = [one.outcome for one in flow.ledger.history() if one.outcome and one.outcome.phase is Phase.COMMITTED]
    assert [one.deploy_id for one in commits] == ["seed", "d"]
    check_champion(flow, 2)
    assert flow.lock.holder == ""


def _run(flow: Flow) -> None:
    """The DAG's tasks, one after the other, as a run of it does."""
    evidence = {"begin": steps.begin(flow, "d", actor="test", reason="because")}
    if flow.ledger.current is not None and flow.current.deploy_id == "d":
        evidence = {}
    learning.features(flow, "d")
    learning.train(flow, "d")
    version = learning.register(flow, "d")["version"]
    learning.ready(flow, "d")
    for step in (steps.publish, steps.load, steps.smoke, steps.switch, steps.verify):
        evidence[step.__name__] = step(flow, "d", version)
    steps.commit(flow, "d", version, alias="champion", evidence=evidence)
    announce(flow, flow.current)
    steps.end(flow, "d")


def test_a_switch_that_nobody_finished_is_undone(flow: Flow) -> None:
    """Died between the switch and the commit, and never run again: converge brings every replica back."""
    version = registered(flow)
    steps.begin(flow, "d", actor="test", reason="because")
    for step in (steps.publish, steps.load, steps.smoke, steps.switch):
        step(flow, "d", version)
    assert converge(flow) == ()  # its lock is still held: it is on its way
    steps.end(flow, "d")
    assert "gateways" in converge(flow)[0]
    check_champion(flow, 1)
    assert undoing.undo(flow, deploy_id="d", version=version, reason="dead") == "aborted"
