"""What is on trial beside the champion: a challenger with a share, a shadow with evidence, and the end of both."""

from __future__ import annotations

from typing import Any, cast

import pytest

from models.ledger import Action, Phase
from yardflow import operating, steps
from yardflow.announcing import receipt_of
from yardflow.errors import LoadRefused, NothingToRetire, Overtaken, Standing, Unproven
from yardflow.flow import Flow
from yardflow.receipt import Result
from yardgate.ledger import read_ledger

from .shop import Channel, Gateways, Server
from .stories import aliases, check_champion, promote, registered


def _try(
    flow: Flow, version: int, *, alias: operating.Trial = "challenger", weight: float = 0.0, deploy_id: str = "t"
) -> None:
    operating.deploy(
        flow, deploy_id=deploy_id, version=version, alias=alias, actor="test", reason="a look", weight=weight
    )


def _saw(flow: Flow, *, compared: int = 80, disagreements: int = 0, generation: int | None = None) -> None:
    """Both replicas have compared so many copies of version 2."""
    said = dict.fromkeys(("mirrored", "dropped", "failed", "uncompared"), 0)
    current = flow.current.generation if generation is None else generation
    seen: dict[str, Any] = {"version": 2, "generation": current, "compared": compared, "disagreements": disagreements}
    cast(Gateways, flow.gateway).seen = {replica: {**said, **seen} for replica in flow.gateway.replicas()}


def _from_evidence(flow: Flow, version: int = 2, *, most: float | None = 0.05) -> None:
    operating.deploy(
        flow, deploy_id="p", version=version, alias="champion", actor="test", reason="it agrees", most=most
    )


def test_a_challengers_weight_reaches_the_gateway(flow: Flow) -> None:
    """It stands in the ledger, the gateway reads it there, and a tenth of the callers are answered by it."""
    _try(flow, registered(flow), weight=0.1)
    assert aliases(flow) == {"champion": 1, "challenger": 2}
    routing = read_ledger(flow.settings.volume / "state" / "wine")
    assert routing is not None
    drawn = sum(routing.variant(b"caller-%d" % number) == "challenger" for number in range(2000))
    assert (routing.aliases["challenger"].weight, 140 < drawn < 260) == (0.1, True)
    check_champion(flow, 1)


def test_people_hear_what_is_on_trial(flow: Flow) -> None:
    """The challenger is named, and so is what became of it; nobody is told of another champion."""
    version, heard = registered(flow), cast(Channel, flow.slack).heard
    heard.clear()
    _try(flow, version, weight=0.1)
    made = receipt_of(flow.current, followed={"replicas": 2})
    operating.retire(flow, deploy_id="r", alias="challenger", actor="test", reason="enough")
    assert (made.outcome, made.version) == (Result.CHALLENGING, 2)
    assert ["version 2 gets a share" in heard[0], "version 2 is no longer on trial" in heard[1]] == [True, True]


def test_a_weight_is_changed_by_saying_it_again(flow: Flow) -> None:
    """The same version, one more generation, another share."""
    _try(flow, registered(flow), weight=0.1)
    _try(flow, 2, weight=0.3, deploy_id="t2")
    assert flow.current.aliases["challenger"].weight == 0.3
    check_champion(flow, 1)


def test_a_version_is_on_one_trial(flow: Flow) -> None:
    """A shadow that becomes the challenger is no shadow any more; the champion then has no share of its own."""
    _try(flow, registered(flow), alias="shadow")
    _try(flow, 2, weight=0.2, deploy_id="t2")
    assert aliases(flow) == {"champion": 1, "challenger": 2}
    promote(flow, 2)
    assert (aliases(flow), flow.current.aliases["champion"].weight) == ({"champion": 2, "previous": 1}, 0.0)
    check_champion(flow, 2)


@pytest.mark.parametrize("alias", ["challenger", "shadow"])
@pytest.mark.parametrize("version", [1, 2])
def test_what_serves_is_not_put_on_trial(flow: Flow, version: int, alias: operating.Trial) -> None:
    """Neither the champion nor what a rollback returns to."""
    promote(flow, registered(flow))
    before = len(list(flow.ledger.history()))
    with pytest.raises(Standing):
        _try(flow, version, alias=alias, weight=0.1)
    assert len(list(flow.ledger.history())) == before


def test_a_challenger_that_fails_is_put_away(flow: Flow) -> None:
    """It cannot be loaded: the champion has all its callers, as before."""
    version = registered(flow)
    cast(Server, flow.triton).refuses.add(version)
    with pytest.raises(LoadRefused):
        _try(flow, version, weight=0.1)
    check_champion(flow, 1)


@pytest.mark.parametrize("alias", ["challenger", "shadow"])
def test_a_trial_ends_as_a_new_generation(flow: Flow, alias: operating.Trial) -> None:
    """The alias stands for nothing, everywhere, and Triton has dropped the version."""
    _try(flow, registered(flow), alias=alias, weight=0.1 if alias == "challenger" else 0.0)
    before = flow.current.generation
    outcome = operating.retire(flow, deploy_id="r", alias=alias, actor="test", reason="enough")
    assert (outcome.action, outcome.generation > before, aliases(flow)) == (Action.RETIRE, True, {"champion": 1})
    assert cast(Server, flow.triton).loaded == {1}
    check_champion(flow, 1)
    with pytest.raises(NothingToRetire):
        operating.retire(flow, deploy_id="r2", alias=alias, actor="test", reason="enough")
    assert flow.lock.holder == ""


def test_a_trial_that_somebody_ended_meanwhile_is_not_ended_again(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rollback came in between: the generation is given up, and the shadow stays."""
    promote(flow, registered(flow))
    _try(flow, registered(flow, "another", "b2", seed=2), alias="shadow")
    real = flow.ledger.intend

    def overtaken(*arguments: Any, **given: Any) -> Any:
        intent = real(*arguments, **given)
        monkeypatch.undo()
        monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        operating.rollback(flow, deploy_id="b", actor="test", reason="at once")
        return intent

    monkeypatch.setattr(flow.ledger, "intend", overtaken)
    with pytest.raises(Overtaken):
        operating.retire(flow, deploy_id="r", alias="shadow", actor="test", reason="enough")
    assert aliases(flow) == {"champion": 1, "previous": 2, "shadow": 3}
    check_champion(flow, 1)


def test_a_shadow_is_promoted_by_its_evidence(flow: Flow) -> None:
    """Both replicas together have seen enough; it stands in the generation for good."""
    _try(flow, registered(flow), alias="shadow")
    watched = flow.current.generation
    _saw(flow)
    _from_evidence(flow)
    mirrored = flow.current.evidence["mirrored"]
    assert {name: mirrored[name] for name in ("version", "generation", "replicas", "compared", "disagreements")} == {
        "version": 2,
        "generation": watched,
        "replicas": 2,
        "compared": 160,
        "disagreements": 0,
    }
    assert 0.0 < mirrored["disagreements_at_most"] < 0.05
    check_champion(flow, 2)


@pytest.mark.parametrize(
    "seen",
    [{"compared": 49}, {"disagreements": 8}, {"generation": 1}],
    ids=["too few", "too many disagreements", "of another generation"],
)
def test_a_shadow_without_evidence_stays_one(flow: Flow, seen: dict[str, int]) -> None:
    """Nothing is begun; who decides against the evidence may, and what it said is kept."""
    _try(flow, registered(flow), alias="shadow")
    _saw(flow, **seen)
    before = len(list(flow.ledger.history()))
    with pytest.raises(Unproven):
        _from_evidence(flow)
    assert (len(list(flow.ledger.history())), flow.lock.holder) == (before, "")
    _from_evidence(flow, most=None)
    kept = flow.current.evidence["mirrored"]
    counted = 0 if "generation" in seen else 2 * seen.get("compared", 80)
    assert (kept["compared"], kept["generation"]) == (counted, flow.ledger.entry("p").intent.base)  # type: ignore[union-attr]  # it is there
    check_champion(flow, 2)


def test_what_is_no_shadow_has_no_evidence(flow: Flow) -> None:
    """It is refused where evidence is asked for, and none is made up where it is not."""
    version = registered(flow)
    _saw(flow)
    with pytest.raises(Unproven):
        _from_evidence(flow, version)
    promote(flow, version)
    assert "mirrored" not in flow.current.evidence


def test_evidence_is_of_the_champion_that_is_replaced(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look and the number somebody rolled back: the evidence is of another champion, and nothing moves."""
    promote(flow, registered(flow))
    _try(flow, registered(flow, "another", "b2", seed=2), alias="shadow")
    real = steps.begin

    def late(*arguments: Any, **given: Any) -> steps.Evidence:
        operating.rollback(flow, deploy_id="b", actor="test", reason="at once")
        return real(*arguments, **given)

    monkeypatch.setattr(steps, "begin", late)
    with pytest.raises(Overtaken, match="look again"):
        _from_evidence(flow, 3, most=None)
    ended = [entry.outcome.phase for entry in flow.ledger.history() if entry.intent.deploy_id == "p" and entry.outcome]
    assert ended == [Phase.ABORTED]
    assert aliases(flow)["champion"] == 1
