"""What each row of the proof wants of the operator's command, held against the command itself where no server is."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from mlflow import MlflowClient
from proofs.lifecycle.attempt import FAILED, REFUSED, UNWATCHED, Attempt
from proofs.lifecycle.failures import LIES, Lie
from proofs.lifecycle.forged import sound, unready
from proofs.lifecycle.foundry import Foundry
from proofs.lifecycle.ledger import read_ledger
from proofs.services.mlflow import Mlflow
from proofs.unit.yardflow.clock import Clock
from proofs.unit.yardflow.shop import Channel, Gateways

from yardflow import smoking
from yardflow.errors import NotDelivered
from yardflow.flow import Flow

from .backend import Backend
from .keyboard import BECAUSE, Run, keyboard


@dataclass
class Shelf:
    """MLflow's door, onto the package's own store of files instead of a server."""

    client: MlflowClient
    place: Path

    def create_experiment(self, name: str, *, run_id: str) -> str:
        return str(self.client.create_experiment(name, tags={"switchyard.run-id": run_id}))

    def create_run(self, experiment: str, *, name: str) -> tuple[str, str]:
        info = self.client.create_run(experiment, run_name=name).info
        return info.run_id, info.artifact_uri

    def put(self, artifact: str, content: bytes) -> None:
        target = Path(artifact.removeprefix("file://"))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def finish(self, run: str, *, metrics: Mapping[str, float]) -> None:
        for name, value in metrics.items():
            self.client.log_metric(run, name, value)
        self.client.set_terminated(run)

    def add_version(self, model: str, *, source: str, run: str, tags: Mapping[str, str]) -> str:
        return str(self.client.create_model_version(model, source, run, tags=dict(tags)).version)

    def drop_version(self, model: str, number: str) -> None:
        self.client.delete_model_version(model, number)

    def remove(self, artifact: str) -> None:
        Path(artifact.removeprefix("file://")).unlink()

    def drop_run(self, run: str) -> None:
        self.client.delete_run(run)

    def drop_experiment(self, experiment: str) -> None:
        self.client.delete_experiment(experiment)


@pytest.fixture(name="flow")
def _flow(flow: Flow) -> Flow:
    """An environment after the seed, whose Triton runs the code of a version."""
    backend = Backend(flow.repository)
    doors: dict[str, Any] = {"triton": backend, "gateway": Gateways(flow.ledger, backend)}
    return replace(flow, **doors)


@pytest.fixture(name="foundry")
def _foundry(client: MlflowClient, tmp_path: Path) -> Foundry:
    return Foundry(cast(Mlflow, Shelf(client, tmp_path)), "proof-failures", "0")


@pytest.fixture(name="run")
def _run(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Type a command, with a reason where it wants one: ``run("promote", "2")``."""
    typed = keyboard(flow, monkeypatch)

    def run(*words: str) -> Attempt:
        because = BECAUSE if words[0] in ("promote", "rollback") else ()
        return typed(*words, *because, *(UNWATCHED if words[0] == "rollback" else ()))

    return run


def _ends(run: Run) -> dict[int, tuple[str, int]]:
    """By generation: how it ended, as the proof reads it, and its champion."""
    ledger = read_ledger(run("history", "--json").lines, "dev")
    return {one.generation: (one.undone or one.phase, one.champion) for one in ledger}


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
def test_a_lie_ends_as_the_row_says(
    lie: Lie, run: Run, flow: Flow, foundry: Foundry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time with its error and these words, undone, unloaded, and with the lock given back."""
    clock = Clock()
    monkeypatch.setattr(time, "sleep", clock.sleep)  # the slow one's: nobody waits for it here
    monkeypatch.setattr(smoking, "time", clock)
    version = foundry.register(lie.forge(seed=500))
    for turn in range(lie.times):
        ended = run("promote", str(version))
        assert (ended.code, ended.failure) == (FAILED, lie.error), ended.lines
        assert lie.said.format(version=version) in "\n".join(ended.lines)
        assert _ends(run)[2 + turn] == (lie.end, 0)
    assert flow.triton.versions("wine").keys() == {1}
    said = [" ".join(line.split()) for line in run("status").lines]
    assert {"deploying -", "follows everything"} <= set(said)


def test_a_fenced_deployment_is_rolled_back(run: Run, flow: Flow, foundry: Foundry) -> None:
    """The last replica follows its number for somebody else: the first one comes back, as the generation after it."""
    run("promote", str(foundry.register(unready(seed=500))))  # else nobody has decided anything: a lost ledger
    version = foundry.register(sound(seed=500))
    gateways = cast(Gateways, flow.gateway)
    gateways.followed["http://b"] = replace(gateways.table("http://b"), generation=3, deploy_id="nobody's")

    ended = run("promote", str(version))

    assert ended.code == REFUSED
    assert "Fenced: http://b follows 3, not 1" in ended.lines
    assert _ends(run) == {
        1: ("committed", 1),
        2: ("aborted", 0),
        3: ("rolled_back", 0),
        4: ("committed", 1),
    }
    assert {replica: gateways.table(replica).generation for replica in gateways.replicas()} == {
        "http://a": 4,
        "http://b": 4,
    }
    assert run("converge").code == 0


def test_an_unannounced_promotion_stays_and_is_told_later(run: Run, flow: Flow, foundry: Foundry) -> None:
    """It serves, nobody knows; the next converge tells it once, and the version from before can come back."""
    version = foundry.register(sound(seed=500))
    channel = cast(Channel, flow.slack)
    channel.fault = lambda: NotDelivered("wanted 200 ok, got 403 action_prohibited", reason="refused")

    ended = run("promote", str(version))

    assert (ended.code, ended.failure) == (FAILED, "NotDelivered")
    assert _ends(run)[2] == ("committed", version)
    assert channel.heard == []
    channel.fault = None
    assert run("converge").code == 0
    assert len(channel.heard) == 1
    assert run("rollback").code == 0
    assert _ends(run)[3] == ("committed", 1)


def test_what_is_forged_goes_but_for_what_stands(client: MlflowClient, foundry: Foundry, flow: Flow) -> None:
    """A version behind an alias keeps its run; when it stands nowhere any more the experiment goes too."""
    gone, kept = (foundry.register(sound(seed=seed)) for seed in (500, 502))
    run = foundry.made[gone].run

    foundry.clear(standing={1, kept})

    assert {int(one.version) for one in client.search_model_versions("name = 'wine'")} == {1, kept}
    assert client.get_run(run).info.lifecycle_stage == "deleted"
    assert client.get_experiment(foundry.experiment).lifecycle_stage == "active"
    experiment = foundry.experiment
    foundry.clear(standing={1})
    assert client.get_experiment(experiment).lifecycle_stage == "deleted"
