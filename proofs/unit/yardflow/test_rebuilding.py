"""A volume that was lost with its ledger: what others remember makes it again, above all that anybody follows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any, cast

import pytest

from models.errors import Ended, ModelError, Superseded
from models.ledger import Action, Ledger, Phase, Placed
from models.repository import Repository
from models.wine import seed
from models.wine.golden import read_golden
from yardflow import deploying, operating, rebuilding, steps
from yardflow.announcing import receipt_of
from yardflow.converging import converge
from yardflow.deploying import Deployment
from yardflow.errors import (
    Fenced,
    FlowError,
    LedgerLost,
    Locked,
    NotBegun,
    NothingToRebuildOf,
    NotLost,
    NotReloaded,
    Overtaken,
)
from yardflow.flow import Flow
from yardflow.receipt import Result

from .shop import Channel, Gateways, Server
from .stories import Killed, aliases, check_champion, dying, promote, registered


def _lose(flow: Flow, *below: str, seeded: bool = False) -> int:
    """The volume is gone, or only what lies *below* it; the generation that the replicas go on with."""
    for replica in flow.gateway.replicas():
        flow.gateway.table(replica)
    followed = flow.current.generation
    for path in flow.settings.volume.iterdir():
        if not below or path.name in below:
            shutil.rmtree(path)
    if seeded:
        seed.publish(flow.settings.volume)
    return followed


def _rebuild(flow: Flow, deploy_id: str = "r") -> None:
    operating.rebuild(flow, deploy_id=deploy_id, actor="test", reason="the volume was lost")


def _commits(flow: Flow) -> list[str]:
    ended = [entry.outcome for entry in flow.ledger.history() if entry.outcome]
    return [one.deploy_id for one in ended if one.phase is Phase.COMMITTED]


@pytest.mark.parametrize("seeded", [False, True], ids=["nobody was there", "the seed was there"])
def test_a_lost_ledger_is_made_again(flow: Flow, *, seeded: bool) -> None:
    """The same aliases, one generation above what the replicas follow, and people hear of it."""
    promote(flow, registered(flow))
    followed, heard = _lose(flow, seeded=seeded), cast(Channel, flow.slack).heard
    heard.clear()
    _rebuild(flow)
    outcome = flow.current
    assert (outcome.action, outcome.generation) == (Action.REBUILD, followed + 1)
    assert aliases(flow) == {"champion": 2, "previous": 1}
    assert receipt_of(outcome, followed={"replicas": 2}).outcome is Result.REBUILT
    assert ["made again" in line for line in heard] == [True]
    assert _commits(flow) == ["seed", "r"]
    check_champion(flow, 2)
    assert flow.lock.holder == ""


@pytest.mark.parametrize("is_warm", [True, False], ids=["warm", "cold"])
def test_a_rollback_right_after_it_works(flow: Flow, *, is_warm: bool) -> None:
    """The version from before is known again, loaded or not."""
    promote(flow, registered(flow))
    _lose(flow)
    _rebuild(flow)
    if not is_warm:
        deploying.hold(flow, {2})
    outcome = operating.rollback(flow, deploy_id="back", actor="test", reason="too slow")
    assert outcome.evidence["load"] == {"warm": is_warm}
    assert aliases(flow) == {"champion": 1, "previous": 2}
    check_champion(flow, 1)


def test_everything_that_stood_somewhere_does_again(flow: Flow) -> None:
    """All four aliases; the challenger's share, which MLflow does not know, as the replicas remember it."""
    promote(flow, registered(flow))
    for version, alias, weight in ((3, "challenger", 0.2), (4, "shadow", 0.0)):
        assert registered(flow, f"training-{version}", f"b{version}", seed=version) == version
        operating.deploy(
            flow,
            deploy_id=alias,
            version=version,
            alias=cast(steps.Alias, alias),
            actor="test",
            reason="a look",
            weight=weight,
        )
    _lose(flow)
    _rebuild(flow)
    assert aliases(flow) == {"champion": 2, "previous": 1, "challenger": 3, "shadow": 4}
    assert flow.current.aliases["challenger"].weight == 0.2
    check_champion(flow, 2)


def test_the_tags_of_versions_count_where_no_gateway_remembers(flow: Flow) -> None:
    """Every replica started anew and follows the seed: the number is above what MLflow has seen all the same."""
    promote(flow, registered(flow))
    followed = _lose(flow, seeded=True)
    cast(Gateways, flow.gateway).followed.clear()
    deploying.hold(flow, {1})
    _rebuild(flow)
    assert flow.current.generation == followed + 1
    check_champion(flow, 2)


def test_what_replicas_answer_with_stays_until_they_are_switched(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow was behind when the volume was lost: its champion is made again, and nobody is refused on the way."""
    promote(flow, registered(flow))
    flow.registry.point("previous", None, generation=1)
    flow.registry.point("champion", 1, generation=1)
    _lose(flow)
    loaded: list[set[int]] = []
    real = cast(Gateways, flow.gateway).reload

    def reload(*arguments: Any) -> bool:
        loaded.append(set(cast(Server, flow.triton).loaded))
        return real(*arguments)

    monkeypatch.setattr(flow.gateway, "reload", reload)
    _rebuild(flow)
    assert loaded == [{1, 2}, {1, 2}]
    check_champion(flow, 1)


def test_what_mlflow_says_twice_was_left_by_somebody_who_died(flow: Flow) -> None:
    """He had moved the champion and not yet taken the shadow away: the champion is what counts."""
    promote(flow, registered(flow))
    flow.registry.point("shadow", 2, generation=1)
    _lose(flow)
    _rebuild(flow)
    assert aliases(flow) == {"champion": 2, "previous": 1}
    check_champion(flow, 2)


def _decide(flow: Flow) -> None:
    promote(flow, registered(flow))


def _begin(flow: Flow) -> None:
    steps.begin(flow, "somebody", actor="test", reason="because")
    steps.end(flow, "somebody")


@pytest.mark.parametrize("happen", [_decide, _begin])
def test_a_ledger_with_a_history_is_not_made_again(flow: Flow, happen: Callable[[Flow], None]) -> None:
    """Whatever stands in it is the truth: a decision, or somebody's number."""
    happen(flow)
    before = list(flow.ledger.history())
    with pytest.raises(NotLost):
        _rebuild(flow)
    assert (list(flow.ledger.history()), flow.lock.holder) == (before, "")


def test_nobody_guesses_who_the_champion_was(flow: Flow) -> None:
    """MLflow has no champion: nothing is begun, and the message says what to do."""
    flow.registry.point("champion", None, generation=1)
    _lose(flow)
    with pytest.raises(NothingToRebuildOf, match="give it to the version"):
        _rebuild(flow)
    assert (list(flow.ledger.history()), flow.lock.holder) == ([], "")


def test_two_do_not_rebuild_at_once(flow: Flow) -> None:
    """The second is told who does."""
    _lose(flow)
    flow.lock.take("somebody")
    with pytest.raises(Locked, match="somebody"):
        _rebuild(flow)
    assert flow.lock.holder == "somebody"


BEFORE: dict[str, tuple[Any, str]] = {
    "seeded": (seed, "publish"),
    "one version published": (rebuilding, "publish"),
    "arranged": (Repository, "arrange"),
    "loaded": (rebuilding, "load"),
    "a number taken": (Ledger, "intend"),
    "one replica switched": (Gateways, "reload"),
    "switched": (rebuilding, "switch"),
    "verified": (rebuilding, "verify"),
}
AFTER: dict[str, tuple[Any, str]] = {
    "committed": (Ledger, "commit"),
    "projected": (steps, "project"),
    "settled": (steps, "settle"),
    "told": (Channel, "send"),
}


@pytest.mark.parametrize("place", BEFORE)
def test_killed_before_the_commit_it_goes_on(flow: Flow, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """Killed right after any step and run again by another process: one commit, above what anybody follows."""
    promote(flow, registered(flow))
    followed = _lose(flow, seeded=place != "seeded")
    with dying(monkeypatch, BEFORE[place]), pytest.raises(Killed):
        _rebuild(flow)
    for replica in flow.gateway.replicas():
        answer = flow.gateway.predict(replica, read_golden().features)
        assert (answer.version, answer.generation >= followed) == (2, True)
    _rebuild(flow, "r2")
    assert _commits(flow) == ["seed", "r2"]
    assert all(entry.outcome for entry in flow.ledger.history())
    assert aliases(flow) == {"champion": 2, "previous": 1}
    check_champion(flow, 2)


@pytest.mark.parametrize("place", AFTER)
def test_killed_after_the_commit_the_rest_follows(flow: Flow, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """It is made again and is not made twice; what had not followed yet does with converge."""
    promote(flow, registered(flow))
    _lose(flow, seeded=True)
    with dying(monkeypatch, AFTER[place]), pytest.raises(Killed):
        _rebuild(flow)
    with pytest.raises(NotLost, match="converge"):
        _rebuild(flow, "r2")
    converge(flow)
    assert _commits(flow) == ["seed", "r"]
    check_champion(flow, 2)


def test_a_replica_that_refuses_is_asked_again(flow: Flow) -> None:
    """One has switched and one has not: both answer, and the next attempt takes another number."""
    promote(flow, registered(flow))
    followed = _lose(flow)
    gateways = cast(Gateways, flow.gateway)
    gateways.refuses.add("http://b")
    with pytest.raises(NotReloaded):
        _rebuild(flow)
    gateways.refuses.clear()
    _rebuild(flow, "r2")
    assert flow.current.generation == followed + 2
    check_champion(flow, 2)


def test_a_seed_that_comes_in_between_decides_nothing(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger alone was lost, and the rebuild died with its number taken: the seed's would be above it."""
    promote(flow, registered(flow))
    _lose(flow, "state")
    with dying(monkeypatch, (Ledger, "intend")), pytest.raises(Killed):
        _rebuild(flow)
    with pytest.raises(Superseded):
        seed.publish(flow.settings.volume)
    _rebuild(flow, "r2")
    seed.publish(flow.settings.volume)
    assert _commits(flow) == ["r2"]
    check_champion(flow, 2)


@pytest.mark.parametrize("number", [2, 4, 5], ids=["below", "the same number", "above"])
def test_a_zombie_is_refused(flow: Flow, number: int) -> None:
    """Who took a number before the loss neither switches nor commits after it, whichever number that was."""
    promote(flow, registered(flow))
    intents = [flow.ledger.intend(f"z{one}", action=Action.DEPLOY, actor="z", reason="late") for one in (4, 5)]
    first = flow.ledger.entry("training")
    assert first is not None
    intent = {one.generation: one for one in (first.intent, *intents)}[number]
    _lose(flow)
    _rebuild(flow)
    assert flow.current.generation == 4
    zombie = Deployment(intent=intent, alias="champion", placed=Placed(1, flow.repository.digest("wine", 1)))
    with pytest.raises(Fenced):
        deploying.switch(flow, zombie)
    with pytest.raises((Overtaken, Superseded, Ended)):
        deploying.commit(flow, zombie, reason="late", evidence={})
    with pytest.raises(NotBegun):
        steps.switch(flow, intent.deploy_id, 1)
    steps.end(flow, intent.deploy_id)
    check_champion(flow, 2)


def _promote(flow: Flow) -> None:
    promote(flow, 1, "late")


def _roll_back(flow: Flow) -> None:
    operating.rollback(flow, deploy_id="late", actor="test", reason="because")


def _converge(flow: Flow) -> None:
    converge(flow)


def _run(flow: Flow) -> None:
    """As a run of the DAG whose first task fails."""
    try:
        steps.begin(flow, "late", actor="test", reason="because")
    finally:
        assert steps.undo(flow, "late", None, reason="it failed") == "nothing"


def _retire(flow: Flow) -> None:
    operating.retire(flow, deploy_id="late", alias="shadow", actor="test", reason="no better")


EMPTY = [_promote, _roll_back, _converge, _run, _retire]
"""What is done where nothing is; the seed's ledger has no shadow, which comes first."""


@pytest.mark.parametrize(
    ("command", "seeded"), [*((one, False) for one in EMPTY), *((one, True) for one in EMPTY if one is not _retire)]
)
def test_on_a_lost_ledger_nothing_else_is_done(flow: Flow, command: Callable[[Flow], None], *, seeded: bool) -> None:
    """What MLflow remembers is left alone, and no number is taken that would be in the way."""
    promote(flow, registered(flow))
    _lose(flow, seeded=seeded)
    remembered = flow.registry.aliases()
    with pytest.raises(LedgerLost, match="rebuild"):
        command(flow)
    assert flow.registry.aliases() == remembered
    assert len(list(flow.ledger.history())) == int(seeded)
    with pytest.raises(LedgerLost):
        converge(flow, explain=True)
    _rebuild(flow)
    check_champion(flow, 2)


@pytest.mark.parametrize("command", [_promote, _converge, _run])
def test_a_loss_shows_where_no_gateway_remembers_it(flow: Flow, command: Callable[[Flow], None]) -> None:
    """The seed began a ledger anew, and gateways that started after it follow that one: MLflow's aliases stay."""
    promote(flow, registered(flow))
    _lose(flow, seeded=True)
    cast(Gateways, flow.gateway).followed.clear()
    remembered = flow.registry.aliases()
    with pytest.raises(LedgerLost, match="in which a version in MLflow was given its alias"):
        command(flow)
    assert flow.registry.aliases() == remembered
    _rebuild(flow)
    check_champion(flow, 2)


def test_a_version_that_mlflow_lost_too_stops_it(flow: Flow) -> None:
    """Nothing is switched and no number is taken; without the alias it goes on."""
    promote(flow, registered(flow))
    kept = flow.registry.version(2)
    assert registered(flow, "another", "b2", seed=2) == 3
    operating.deploy(flow, deploy_id="s", version=3, alias="shadow", actor="test", reason="a look")
    _lose(flow)
    cast(Any, flow.registry)._client.delete_model_version("wine", "3")
    flow.registry.point("shadow", None, generation=1)
    _rebuild(flow)
    assert (kept.version, aliases(flow)) == (2, {"champion": 2, "previous": 1})
    check_champion(flow, 2)


def test_wrong_answers_stop_it(flow: Flow) -> None:
    """The champion that was found does not answer as it was trained: nobody is switched, no number is taken."""
    promote(flow, registered(flow))
    _lose(flow, seeded=True)
    cast(Server, flow.triton).lies.add(2)
    with pytest.raises((FlowError, ModelError)):
        _rebuild(flow)
    assert len(list(flow.ledger.history())) == 1
