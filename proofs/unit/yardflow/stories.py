"""What the stories of the life cycle have in common: how a version comes to be, who serves, and a process that dies."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from models.card import read_card
from models.wine.table import read_table
from yardflow import learning, operating, steps
from yardflow.batches import batch_bytes
from yardflow.converging import converge
from yardflow.flow import Flow
from yardflow.rehearsal import rehearse

from .shop import Bucket, Server

__all__ = ["Killed", "aliases", "arrive", "check_champion", "dying", "learn", "promote", "registered"]


def arrive(flow: Flow, name: str = "b1", *, seed: int = 1, **disturbed: Any) -> None:
    """Let a batch of 120 rows arrive."""
    rows = rehearse(read_table(), seed=seed, rows=120, **disturbed)
    cast(Bucket, flow.store).arrived[name] = batch_bytes(rows, card=read_card("wine"))


def learn(flow: Flow, deploy_id: str) -> dict[str, Any]:
    """Everything up to the gate, whose decision is returned."""
    steps.begin(flow, deploy_id, actor="test", reason="because")
    learning.features(flow, deploy_id)
    learning.train(flow, deploy_id)
    learning.register(flow, deploy_id)
    assert learning.is_ready(flow, deploy_id, since=time.time(), within_s=0)
    learning.ready(flow, deploy_id)
    return learning.gate(flow, deploy_id)


def registered(flow: Flow, deploy_id: str = "training", name: str = "b1", *, seed: int = 1) -> int:
    """Another version in the registry, trained on a batch of its own; the training's generation is given up."""
    arrive(flow, name, seed=seed)
    learn(flow, deploy_id)
    version = learning.register(flow, deploy_id)["version"]
    steps.undo(flow, deploy_id, None, reason="only trained")
    steps.end(flow, deploy_id)
    return int(version)


def promote(flow: Flow, version: int, deploy_id: str = "d") -> None:
    """Make *version* the champion."""
    operating.deploy(flow, deploy_id=deploy_id, version=version, alias="champion", actor="test", reason="because")


def aliases(flow: Flow) -> dict[str, int]:
    """Alias to version, as the ledger has them."""
    return {alias: placed.version for alias, placed in flow.current.aliases.items()}


def check_champion(flow: Flow, version: int) -> None:
    """What the ledger says is what MLflow says, what is loaded, what every replica follows and what answers."""
    assert aliases(flow)["champion"] == version
    assert flow.registry.aliases() == aliases(flow)
    assert flow.repository.arranged("wine") == set(aliases(flow).values()) == cast(Server, flow.triton).loaded
    for replica in flow.gateway.replicas():
        assert flow.gateway.table(replica).generation == flow.current.generation
        answer = flow.gateway.predict(replica, flow.golden(version).features)
        assert (answer.version, answer.generation) == (version, flow.current.generation)
    assert converge(flow, explain=True) == ()


class Killed(BaseException):
    """Nobody catches it: what a process does after SIGKILL is nothing."""


@contextmanager
def dying(monkeypatch: pytest.MonkeyPatch, place: tuple[Any, str]) -> Iterator[None]:
    """Within the block a process dies right after the call of *place*: an owner, and the name of what is called."""
    real = getattr(*place)

    def killed(*arguments: Any, **given: Any) -> Any:
        real(*arguments, **given)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(*place, killed)
        yield
