"""Stores of one environment, each played from a script at its lowest door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from proofs.services.airflow import Airflow
from proofs.services.loki import Loki, Writer
from proofs.services.mlflow import Mlflow
from proofs.services.prometheus import Prometheus
from proofs.services.rest import Rest
from proofs.unit.switchyard.scripted import Scripted, answer

from switchyard.errors import NotFound, Unreachable
from switchyard.kube import Kube

Script = Callable[[httpx.Request], httpx.Response]
CHECKOUT = Path(__file__).parents[3]


def absent(_: httpx.Request) -> httpx.Response:
    """Of a service that knows nothing."""
    return httpx.Response(404)


@dataclass
class Objects:
    """An object store in memory; *silent* while nobody answers."""

    kept: dict[str, bytes] = field(default_factory=dict)
    silent: bool = False

    def put(self, bucket: str, key: str, data: bytes) -> None:
        """Keep it."""
        self._door()[f"{bucket}/{key}"] = data

    def get(self, bucket: str, key: str) -> bytes:
        """Give it."""
        if f"{bucket}/{key}" not in self._door():
            raise NotFound(f"GET {bucket}/{key}: NoSuchKey")
        return self.kept[f"{bucket}/{key}"]

    def remove(self, bucket: str, key: str) -> None:
        """As S3: without a word where it is gone already."""
        self._door().pop(f"{bucket}/{key}", None)

    def keys(self, bucket: str, prefix: str) -> tuple[str, ...]:
        """Those that begin with it."""
        every = (key.removeprefix(f"{bucket}/") for key in self._door())
        return tuple(key for key in every if key.startswith(prefix))

    def _door(self) -> dict[str, bytes]:
        if self.silent:
            raise Unreachable("PUT: refused")
        return self.kept


@dataclass
class Played:
    """What canaries reach of one environment; as much of ``Hands`` as they use."""

    script: Script = absent
    objects: Objects = field(default_factory=Objects)
    kube: Kube = field(default_factory=lambda: Kube(Scripted(lambda _: answer({}, status=404))))
    environment: str = "dev"
    run_id: str = "abc123"
    declared: Any = field(default_factory=lambda: SimpleNamespace(checkout=CHECKOUT))
    place: Any = field(default_factory=lambda: SimpleNamespace(bucket="probe"))

    @property
    def _rest(self) -> Rest:
        return Rest(self.kube, "http://127.0.0.1:1", transport=httpx.MockTransport(self.script))

    def mlflow(self) -> Mlflow:
        """Plays the script."""
        return Mlflow(self._rest)

    def airflow(self) -> Airflow:
        """Plays the script."""
        return Airflow(self._rest)

    def loki(self) -> Loki:
        """Plays the script."""
        return Loki(self._rest)

    def writers(self) -> tuple[Writer, ...]:
        """Plays the script."""
        return (Writer("mlflow-dev", self._rest),)

    def prometheus(self) -> Prometheus:
        """Plays the script."""
        return Prometheus(self._rest)

    def store(self) -> Any:
        """The objects."""
        return self.objects


@pytest.fixture(name="played")
def _played() -> Any:
    """An environment in which nobody knows anything, until a test gives it a script."""
    return Played()
