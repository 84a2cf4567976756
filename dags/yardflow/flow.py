"""The doors of one environment, opened once, and what several steps ask through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.ledger import Ledger, Outcome
from models.repository import Repository
from models.wine.golden import TOLERANCE, Golden, read_golden
from yardflow.errors import NeverDeployed, WrongAnswers
from yardflow.gateway import Gateway
from yardflow.lock import Lock
from yardflow.network import await_network
from yardflow.outbox import Outbox
from yardflow.registry import Registry
from yardflow.settings import FlowSettings
from yardflow.slack import Slack
from yardflow.store import Store
from yardflow.triton import Triton

__all__ = ["Flow", "opened"]


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Everything that steps share. tell: one line for a person who waits."""

    settings: FlowSettings
    ledger: Ledger
    lock: Lock
    repository: Repository
    registry: Registry
    triton: Triton
    gateway: Gateway
    store: Store
    outbox: Outbox
    slack: Slack
    tell: Callable[[str], None]

    @property
    def model(self) -> str:
        """Whose life cycle this is."""
        return self.settings.model

    @property
    def current(self) -> Outcome:
        """
        The committed truth.

        Raises:
            NeverDeployed: There is none yet.
        """
        found = self.ledger.current
        if found is None:
            raise NeverDeployed(
                f"wanted a committed generation of {self.model}, got none: has the seed run? `rebuild` makes a lost one"
            )
        return found

    def golden(self, version: int) -> Golden:
        """The golden rows of a published version."""
        return read_golden(self.repository.golden(self.model, version))

    def check_triton(self, version: int) -> float:
        """
        Ask *version* in Triton for its golden rows; the largest difference of a probability.

        Raises:
            WrongAnswers: It differs by more than the tolerance.
            TritonAway: It does not answer.
        """
        golden = self.golden(version)
        got = self.triton.predict(self.model, version, golden.features)
        difference = float(np.abs(got.probabilities - golden.probabilities).max())
        # A probability that is no number compares with nothing, and is not right either.
        if not difference <= TOLERANCE:
            raise WrongAnswers(
                f"wanted the golden outputs of {self.model} version {version} from Triton within {TOLERANCE}, "
                f"got a difference of {difference}"
            )
        return difference


@contextmanager
def opened(settings: FlowSettings, *, tell: Callable[[str], None] = print) -> Iterator[Flow]:
    """Open the doors for the block, as soon as this pod's network is. Nobody is asked anything yet."""
    if not await_network(settings.neighbours):
        tell("neither Triton nor the gateway accepts a connection of this pod; going on without")
    volume: Path = settings.volume
    flow = Flow(
        settings=settings,
        ledger=Ledger(volume, settings.model),
        lock=Lock(volume, settings.model),
        repository=Repository(volume),
        registry=Registry(settings.model),
        triton=Triton(settings.triton),
        gateway=Gateway(
            service=str(settings.gateway),
            replicas=settings.replicas,
            token=settings.reload_token.get_secret_value(),
        ),
        store=Store(
            endpoint=str(settings.s3_endpoint),
            bucket=settings.s3_bucket,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key.get_secret_value(),
        ),
        outbox=Outbox(volume, settings.model),
        slack=Slack(settings.slack_connection),
        tell=tell,
    )
    try:
        yield flow
    finally:
        flow.triton.close()
        flow.gateway.close()
