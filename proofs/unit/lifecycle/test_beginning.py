"""An environment in which nobody has ever deployed anything, where no server is: how it is made, and given back."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, cast

import httpx
import pytest
from mlflow import MlflowClient
from proofs.lifecycle import marks
from proofs.lifecycle.attempt import FAILED, REFUSED, UNWATCHED
from proofs.lifecycle.wiping import wipe
from proofs.services.rest import Rest
from proofs.unit.switchyard.scripted import Scripted, answer
from proofs.unit.yardflow.shop import Gateways
from proofs.unit.yardflow.stories import aliases, check_champion, promote, registered

from models.wine import seed
from switchyard.kube import Kube
from yardflow.flow import Flow

from .keyboard import BECAUSE, keyboard

NAME = "wine"
API = "/api/2.0/mlflow/"


@dataclass
class Server:
    """As much of MLflow's REST API as marks need, over the package's own store of files."""

    client: MlflowClient

    def __call__(self, asked: httpx.Request) -> httpx.Response:
        said = json.loads(asked.content or b"{}")
        match asked.method, asked.url.path.removeprefix(API):
            case "GET", "registered-models/get":
                model = self.client.get_registered_model(NAME)
                behind = [{"alias": alias, "version": version} for alias, version in model.aliases.items()]
                return _json({"registered_model": {"aliases": behind, "tags": _listed(model.tags)}})
            case "GET", "model-versions/search":
                found = self.client.search_model_versions(f"name = '{NAME}'")
                versions = [{"version": one.version, "tags": _listed(one.tags)} for one in found]
                return _json({"model_versions": versions})
            case "POST", "registered-models/alias":
                self.client.set_registered_model_alias(NAME, said["alias"], said["version"])
            case "DELETE", "registered-models/alias":
                self.client.delete_registered_model_alias(NAME, said["alias"])
            case "POST", "registered-models/set-tag":
                self.client.set_registered_model_tag(NAME, said["key"], said["value"])
            case "DELETE", "registered-models/delete-tag":
                self.client.delete_registered_model_tag(NAME, said["key"])
            case "POST", "model-versions/set-tag":
                self.client.set_model_version_tag(NAME, said["version"], said["key"], said["value"])
            case "DELETE", "model-versions/delete-tag":
                self.client.delete_model_version_tag(NAME, said["version"], said["key"])
            case asked_for:
                raise AssertionError(f"nobody asks a registry for {asked_for}")
        return _json({})


def _json(document: Any) -> httpx.Response:
    return httpx.Response(200, json=document)


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


@pytest.fixture(name="mlflow")
def _mlflow(client: MlflowClient) -> Rest:
    kube = Kube(Scripted(lambda _: answer({}, status=404)))
    return Rest(kube, "http://127.0.0.1:1", transport=httpx.MockTransport(Server(client)))


@pytest.fixture(name="flow")
def _flow(flow: Flow) -> Flow:
    """An environment with some history: version 3 is the champion, version 2 was, and the replicas follow that."""
    promote(flow, registered(flow))
    promote(flow, registered(flow, "another", "b2", seed=2), "d2")
    for replica in flow.gateway.replicas():
        flow.gateway.table(replica)
    return flow


def _forgotten(flow: Flow, mlflow: Rest) -> Flow:
    """As the proof does it: nothing is left of the volume, MLflow's marks are taken off, replicas start anew."""
    marks.keep(mlflow)
    wipe(flow.settings.volume)
    marks.clear(mlflow)
    others: dict[str, Any] = {"gateway": Gateways(flow.ledger, cast(Gateways, flow.gateway).server)}
    return replace(flow, **others)


def test_nobody_is_left_who_remembers(flow: Flow, mlflow: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No alias but the first, no generation, no ledger: a rollback is told that nobody has deployed, not of a loss."""
    flow = _forgotten(flow, mlflow)
    assert (flow.registry.aliases(), flow.registry.generation()) == ({"champion": 1}, 0)
    assert marks.read(mlflow) == marks.FIRST
    ended = keyboard(flow, monkeypatch)("rollback", *BECAUSE)
    assert (ended.code, ended.failure) == (FAILED, "NeverDeployed"), ended.lines


def test_the_first_deployment_stands_on_the_seed_and_leads_back(
    flow: Flow, mlflow: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each rollback ends as the proof wants: refused, done, refused; and who serves is who the proof says."""
    flow = _forgotten(flow, mlflow)
    run = keyboard(flow, monkeypatch)
    seed.publish(flow.settings.volume)
    flow.triton.load(NAME)
    ended = run("rollback", *BECAUSE)
    assert (ended.code, ended.failure) == (REFUSED, "NothingToRollBackTo")
    assert "nothing stood before generation 1" in "\n".join(ended.lines)
    promote(flow, 2, "first")
    assert aliases(flow) == {"champion": 2, "previous": 1}
    check_champion(flow, 2)
    assert run("rollback", *BECAUSE, *UNWATCHED).code == 0
    assert aliases(flow) == {"champion": 1, "previous": 2}
    check_champion(flow, 1)
    ended = run("rollback", *BECAUSE)
    assert (ended.code, ended.failure) == (REFUSED, "Flapping")
    assert "--again" in "\n".join(ended.lines)


def test_what_was_taken_is_given_back(flow: Flow, mlflow: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger is made again with the champion and the version before it, above all that was ever followed."""
    before, generation = marks.read(mlflow), flow.current.generation
    flow = _forgotten(flow, mlflow)
    seed.publish(flow.settings.volume)
    flow.triton.load(NAME)
    promote(flow, 2, "first")

    taken = marks.kept(mlflow)
    assert taken == before
    wipe(flow.settings.volume)
    marks.give(mlflow, before)
    assert keyboard(flow, monkeypatch)("rebuild", *BECAUSE).code == 0
    marks.drop(mlflow)

    assert marks.kept(mlflow) is None
    assert aliases(flow) == {"champion": 3, "previous": 2}
    assert flow.current.generation > generation
    check_champion(flow, 3)
