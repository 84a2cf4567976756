"""What people are told leads them to the run and to the receipt, which is kept with the run, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import pytest
from mlflow import MlflowClient
from pydantic import AnyHttpUrl
from requests import HTTPError

from yardflow import learning, operating, steps
from yardflow.announcing import announce, is_unfiled
from yardflow.converging import converge
from yardflow.errors import NotDelivered, NotFiled, RegistryAway
from yardflow.flow import Flow

from .shop import Channel
from .stories import check_champion, learn, promote, registered

BASE = "https://mlflow-dev.local"


@pytest.fixture(name="linked")
def _linked(flow: Flow) -> Flow:
    """An environment with people outside."""
    return replace(flow, settings=flow.settings.model_copy(update={"links_url": AnyHttpUrl(BASE)}))


def _context(flow: Flow) -> list[str]:
    """What stands in the last message about run and receipt."""
    elements = cast(Channel, flow.slack).shown[-1][3]["elements"]
    return [one["text"] for one in elements[:-1]]


def _filed(flow: Flow, run_id: str, generation: int) -> Any:
    """The receipt in MLflow, which is the one beside the ledger."""
    content = flow.registry.artifact(run_id, f"receipts/{generation}.json")
    assert content == flow.settings.volume.joinpath("receipts", "wine", f"{generation:012d}.json").read_bytes()
    return json.loads(content)


@contextmanager
def _without_artifacts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """MLflow answers, and what stands behind it and keeps files does not."""

    def refused(*_: Any, **__: Any) -> None:
        raise HTTPError("503 for url: /api/2.0/mlflow-artifacts")

    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, "log_text", refused)
        yield


def test_a_message_leads_to_run_and_receipt(linked: Flow) -> None:
    """Both are pages of MLflow's; the words by which a deployment is found stay."""
    promote(linked, registered(linked))
    run_id, generation = linked.registry.version(2).run_id, linked.current.generation
    page = linked.registry.page("d", version=2)
    assert page is not None
    run = f"{BASE}/#/experiments/{page.experiment_id}/runs/{run_id}"

    assert _context(linked) == [
        f"<{run}|run {run_id}>",
        f"<{run}/artifacts/receipts/{generation}.json|receipt receipts/{generation}.json>",
    ]
    channel = cast(Channel, linked.slack)
    assert "version 2" in channel.heard[-1]
    assert channel.shown[-1][-1]["block_id"] == f"wine/{generation}-d"
    receipt = _filed(linked, run_id, generation)
    assert (receipt["run_id"], receipt["succeeded"]) == (run_id, True)
    assert [one["met"] for one in receipt["criteria"]] == [True] * 6


def test_every_criterion_rests_on_its_own_look(flow: Flow) -> None:
    """That it is registered, and that its files are those that were trained, are two things; by hand as in the DAG."""
    promote(flow, registered(flow))
    criteria = _filed(flow, flow.registry.version(2).run_id, flow.current.generation)["criteria"]

    seen = {one["name"]: sorted(one["evidence"]) for one in criteria[:-1]}
    assert seen == {
        "registered": ["register"],
        "ready": ["ready"],
        "loaded": ["load"],
        "smoke": ["smoke"],
        "reloaded": ["followed", "switch", "verify"],
    }


def test_where_nobody_is_outside_both_are_named(flow: Flow) -> None:
    """There is no page to lead to, and the receipt is with the run all the same."""
    promote(flow, registered(flow))
    run_id, generation = flow.registry.version(2).run_id, flow.current.generation

    assert _context(flow) == [f"run {run_id}", f"receipt receipts/{generation}.json"]
    _filed(flow, run_id, generation)


def test_the_way_back_leads_to_the_version_that_serves_again(linked: Flow) -> None:
    """A rollback trains nothing: its run is that of the version that it went back to."""
    promote(linked, registered(linked))
    operating.rollback(linked, deploy_id="r", actor="test", reason="too slow")
    run_id = linked.registry.version(1).run_id

    assert f"/runs/{run_id}|run {run_id}>" in _context(linked)[0]
    assert _filed(linked, run_id, linked.current.generation)["outcome"] == "rolled_back"


def test_what_was_stopped_leads_to_what_was_trained(linked: Flow) -> None:
    """Who wants to know why the gate said no finds the run."""
    decision = learn(linked, "d")
    steps.undo(linked, "d", None, reason="stopped by the gate", evidence={"gate": decision})
    run_id = linked.registry.run("d")

    assert run_id is not None
    assert f"/runs/{run_id}|run {run_id}>" in _context(linked)[0]
    assert _filed(linked, run_id, 2)["outcome"] == "stopped"


def test_without_a_run_the_deployment_is_named(linked: Flow) -> None:
    """It came to no training: the receipt stands beside the ledger, and waits for nothing."""
    steps.begin(linked, "d", actor="test", reason="because")
    steps.undo(linked, "d", None, reason="a batch was malformed")
    steps.end(linked, "d")

    assert _context(linked) == ["receipt d"]
    assert linked.settings.volume.joinpath("receipts", "wine", "000000000002.json").is_file()
    assert converge(linked, explain=True) == ()


def test_a_receipt_that_cannot_be_filed_waits(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """The version serves, people know, and the failure is named; `converge` files it, and tells nobody again."""
    version = registered(flow)
    with _without_artifacts(monkeypatch):
        with pytest.raises(NotFiled, match=r"wanted the receipt of generation 3 in MLflow, got .*people were told"):
            promote(flow, version)
        heard = list(cast(Channel, flow.slack).heard)
        assert "is the champion" in heard[-1]
        assert converge(flow, explain=True) == ("receipt of generation 3: wanted it in MLflow, got it on the volume",)
        with pytest.raises(NotFiled):
            converge(flow)

    converge(flow)
    _filed(flow, flow.registry.version(2).run_id, 3)
    assert cast(Channel, flow.slack).heard == heard
    check_champion(flow, 2)


def test_a_task_that_runs_again_files_once(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first receipt stays, beside the ledger and in MLflow, also where a later generation serves by now."""
    version = registered(flow)
    with _without_artifacts(monkeypatch), pytest.raises(NotFiled):
        promote(flow, version)
    outcome = flow.current
    announce(flow, outcome)
    run_id = flow.registry.version(version).run_id
    first = _filed(flow, run_id, outcome.generation)
    operating.rollback(flow, deploy_id="r", actor="test", reason="too slow")

    announce(flow, outcome)

    assert _filed(flow, run_id, outcome.generation) == first
    assert [one["met"] for one in first["criteria"]] == [True] * 6
    assert not is_unfiled(flow, outcome)


def test_a_registry_that_is_away_keeps_no_message_back(linked: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """People are told, by name and without links, and the failure says what is missing."""
    version = registered(linked)
    run_id = linked.registry.version(version).run_id

    def away(*_: Any, **__: Any) -> None:
        raise RegistryAway("wanted a run of wine from MLflow, got nothing")

    with monkeypatch.context() as patched:
        patched.setattr(linked.registry, "page", away)
        with pytest.raises(NotFiled, match="got wanted a run of wine from MLflow"):
            promote(linked, version)
    assert _context(linked) == [f"run {run_id}", "receipt receipts/3.json"]
    check = converge(linked)
    assert check == ("receipt of generation 3: wanted it in MLflow, got it on the volume",)
    check_champion(linked, version)


def test_a_message_that_is_sent_later_leaves_a_receipt(flow: Flow) -> None:
    """Whoever sends what waits keeps and files what it came to."""
    channel, version = cast(Channel, flow.slack), registered(flow)
    channel.fault = lambda: NotDelivered("away", reason="unreachable")
    with pytest.raises(NotDelivered):
        promote(flow, version)
    assert not flow.settings.volume.joinpath("receipts", "wine", "000000000003.json").exists()
    channel.fault = None

    converge(flow)

    assert _filed(flow, flow.registry.version(2).run_id, 3)["criteria"][-1]["met"] is True
    check_champion(flow, 2)


def test_of_two_ends_both_are_told(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Switched and undone: the rollback's receipt cannot be filed, and the deployment's end is told all the same."""
    version = registered(flow)
    heard = cast(Channel, flow.slack).heard
    heard.clear()
    steps.begin(flow, "d", actor="test", reason="because")
    for step in (steps.publish, steps.load, steps.smoke, steps.switch):
        step(flow, "d", version)

    with _without_artifacts(monkeypatch), pytest.raises(NotFiled):
        steps.undo(flow, "d", version, reason="it failed")
    steps.end(flow, "d")

    assert [line.partition(" (")[0] for line in heard] == [
        "wine version 1 was rolled back",
        "wine version 2 was rolled back",
    ]
    assert len(converge(flow)) == 2
    check_champion(flow, 1)


def test_what_is_filed_is_not_written_again(flow: Flow) -> None:
    """Nothing is filed before people are told, and what is there stays as it is."""
    learn(flow, "d")
    run_id = learning.register(flow, "d")["run_id"]

    assert flow.registry.file(run_id, "receipts/2.json", "{}")
    assert not flow.registry.file(run_id, "receipts/2.json", "[]")
    assert flow.registry.artifact(run_id, "receipts/2.json") == b"{}"
