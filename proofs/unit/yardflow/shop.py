"""An environment for the life cycle: a real volume and ledger, MLflow's own store of files; its servers stand in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from mlflow import MlflowClient

import models.registry
from models.ledger import Ledger
from models.repository import Repository
from models.wine import seed
from models.wine.registering import register
from models.wine.scoring import Weights, read_weights, score
from yardflow.errors import Fenced, LoadRefused, NotReloaded, StoreAway
from yardflow.flow import Flow
from yardflow.gateway import Prediction, Reload, Table
from yardflow.lock import Lock
from yardflow.outbox import Outbox
from yardflow.registry import Registry
from yardflow.settings import FlowSettings
from yardflow.slack import Delivery
from yardflow.triton import Answer, Loaded

__all__ = ["Bucket", "Channel", "Gateways", "Server", "shop"]

MODEL = "wine"


@dataclass
class Server:
    """Stands for Triton: loads what config.pbtxt names, and answers with the weights that lay there then."""

    repository: Repository
    loaded: set[int] = field(default_factory=set)
    memory: dict[int, Weights] = field(default_factory=dict)
    refuses: set[int] = field(default_factory=set)
    lies: set[int] = field(default_factory=set)
    counted: Counter[int] = field(default_factory=Counter)
    uncounted: Counter[int] = field(default_factory=Counter)
    """Rows that were answered, and are counted once somebody has asked for the count: the server is behind, too."""

    def __post_init__(self) -> None:
        self.load(MODEL)

    def load(self, model: str, *, within_s: float = 0.0) -> None:
        wanted = self.repository.arranged(model)
        refused = sorted(wanted & self.refuses)
        if refused:
            raise LoadRefused(f"version {refused[0]} raises in initialize")
        self.loaded = set(wanted)
        folder = self.repository.folder(model)
        self.memory = {version: read_weights(folder / str(version) / "weights.npz") for version in wanted}

    def versions(self, model: str) -> Mapping[int, Loaded]:
        return {version: Loaded("READY", "") for version in self.loaded}

    def executions(self, model: str, version: int) -> int:
        found = self.counted[version]
        self.counted[version] += self.uncounted.pop(version, 0)
        return found

    def predict(self, model: str, version: int, features: npt.NDArray[np.float32]) -> Answer:
        assert version in self.loaded, f"version {version} is not loaded"
        self.uncounted[version] += len(features)
        probabilities, classes = score(features, weights=self.memory[version])
        if version in self.lies:
            probabilities = probabilities[::-1].copy()
        return Answer(probabilities, classes)

    def close(self) -> None:
        """Nothing is held."""


@dataclass
class Gateways:
    """Stand for two replicas: they follow what they are told, and the ledger, and never go down."""

    ledger: Ledger
    server: Server
    followed: dict[str, Table] = field(default_factory=dict)
    """By replica: what it follows, until the ledger has more to say."""
    seen: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """By replica: what it says of its shadow."""
    refuses: set[str] = field(default_factory=set)
    service: str = "http://service"
    counted: Counter[int] = field(default_factory=Counter)
    """Status code to number, of either replica."""
    slow: Counter[int] = field(default_factory=Counter)
    """Version to the number of looks at which a prediction is still on its way there."""

    def replicas(self) -> tuple[str, ...]:
        return ("http://a", "http://b")

    def table(self, replica: str) -> Table:
        current = self.ledger.current
        found = self.followed.get(replica, Table(replica, 0, "", {}))
        if current is not None and current.generation >= found.generation:
            aliases = {alias: (placed.version, placed.digest) for alias, placed in current.aliases.items()}
            challenger = current.aliases.get("challenger")
            weight = challenger.weight if challenger else 0.0
            found = Table(replica, current.generation, current.deploy_id, aliases, weight)
        self.followed[replica] = found
        return found

    def reload(self, replica: str, alias: str, ask: Reload) -> bool:
        before = self.table(replica)
        if (before.generation, before.deploy_id) == (ask.generation, ask.deploy_id):
            return False
        if ask.generation <= before.generation or ask.expect_generation not in (None, before.generation):
            raise Fenced(f"{replica} follows {before.generation}, not {ask.expect_generation}")
        if replica in self.refuses:
            raise NotReloaded(f"{replica} refuses")
        aliases = {**before.aliases, alias: (ask.version, ask.digest)}
        self.followed[replica] = Table(replica, ask.generation, ask.deploy_id, aliases, before.weight)
        return True

    def answered(self, replica: str) -> Counter[int]:
        return Counter(self.counted)

    def underway(self, replica: str, model: str) -> Counter[int]:
        found = Counter(dict.fromkeys(+self.slow, 1))
        self.slow -= Counter(dict.fromkeys(found, 1))
        return found

    def mirrored(self, replica: str) -> Mapping[str, Any]:
        return self.seen.get(replica, {})

    def predict(self, url: str, features: npt.NDArray[np.float32], *, alias: str = "champion") -> Prediction:
        table = self.table("http://b" if url == self.service else url)
        version = table.aliases[alias][0]
        return Prediction(version, table.generation, alias, self.server.predict(MODEL, version, features).probabilities)

    def close(self) -> None:
        """Nothing is held."""


@dataclass
class Bucket:
    """Stands for the object store."""

    arrived: dict[str, bytes] = field(default_factory=dict)
    offered: dict[str, bytes] = field(default_factory=dict)

    def batches(self, model: str) -> tuple[str, ...]:
        return tuple(sorted(self.arrived))

    def batch(self, model: str, name: str) -> bytes:
        if name not in self.arrived:
            raise StoreAway(name)
        return self.arrived[name]

    def offer(self, name: str, content: bytes) -> bool:
        is_new = name not in self.offered
        self.offered.setdefault(name, content)
        return is_new

    def offline(self, name: str) -> bytes | None:
        return self.offered.get(name)


@dataclass
class Channel:
    """Stands for Slack."""

    heard: list[str] = field(default_factory=list)
    shown: list[Sequence[Mapping[str, Any]]] = field(default_factory=list)
    """The blocks of each message that was heard."""
    fault: Callable[[], Exception] | None = None

    def send(self, text: str, blocks: Sequence[Mapping[str, Any]]) -> Delivery:
        if self.fault is not None:
            raise self.fault()
        self.heard.append(text)
        self.shown.append(blocks)
        return Delivery(200, "ok")


def shop(volume: Path, client: MlflowClient) -> Flow:
    """A flow after the seed: version 1 is published, registered, loaded and the champion."""
    seed.publish(volume)
    register(models.registry.Registry(client))
    repository, ledger = Repository(volume), Ledger(volume, MODEL)
    server = Server(repository)
    settings = FlowSettings.model_validate(
        {
            "env": "dev",
            "model": MODEL,
            "volume": volume,
            "triton": "triton:8001",
            "gateway": "http://service",
            "replicas": "replicas:8080",
            "reload_token": "t" * 32,
            "s3_endpoint": "http://minio:9000",
            "s3_access_key": "a",
            "s3_secret_key": "s",
            "accuracy_threshold": 0.9,
        }
    )
    doors: dict[str, Any] = {
        "triton": server,
        "gateway": Gateways(ledger, server),
        "store": Bucket(),
        "slack": Channel(),
    }
    return Flow(
        settings=settings,
        ledger=ledger,
        lock=Lock(volume, MODEL),
        repository=repository,
        registry=Registry(MODEL, client),
        outbox=Outbox(volume, MODEL),
        tell=lambda line: None,
        **doors,
    )
