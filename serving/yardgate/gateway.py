"""The parts of one gateway, wired once. FastAPI's routes get it as an argument."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from yardgate.auth import Guard
from yardgate.features import FeatureStore
from yardgate.following import Following
from yardgate.golden import Rehearsal
from yardgate.ledger import read_ledger
from yardgate.metrics import Metrics
from yardgate.mirror import Mirror
from yardgate.pace import Pace
from yardgate.predictor import Predictor
from yardgate.presence import Presence
from yardgate.reloads import Reloads
from yardgate.routing import Routing, Switch
from yardgate.settings import GatewaySettings
from yardgate.tensors import Card, read_cards
from yardgate.triton import Readiness
from yardgate.upstream import Pool
from yardgate.variants import Variants

__all__ = ["Gateway", "GatewayDep", "assemble"]


@dataclass(frozen=True)
class Gateway:
    """Everything that requests share."""

    settings: GatewaySettings
    cards: Mapping[str, Card]
    switch: Switch
    following: Following
    variants: Variants
    guard: Guard
    pace: Pace
    reloads: Reloads
    mirror: Mirror
    metrics: Metrics
    presence: Presence
    predictor: Predictor
    store: FeatureStore
    pools: tuple[Pool, ...]
    readiness: Readiness

    async def close(self) -> None:
        """Give back connections."""
        for pool in self.pools:
            pool.close()
        await self.readiness.close()


def assemble(settings: GatewaySettings, *, readiness: Readiness) -> Gateway:
    """
    Wire the parts. Reads files, connects to nothing.

    Raises:
        LedgerUnreadable: The ledger's newest outcomes cannot be read.
        ValueError: No card, or a token that is too short.
        OSError: A file cannot be read.
    """
    metrics = Metrics()
    cards, guard = read_cards(settings.cards_dir), Guard(settings.reload_token_file)
    triton, copies = _pool_of_triton(settings), _pool_of_triton(settings)
    feast = Pool(str(settings.features_url), name="the feature server", connect_deadline_s=settings.connect_deadline_s)
    presence = Presence(
        feast,
        period_s=settings.features_period_s,
        deadline_s=settings.check_deadline_s,
        changed=lambda online: metrics.features_online.set(int(online)),
    )
    # Without asking Triton: who starts has no other routing to stay with, and /ready tells what is missing.
    switch = Switch(
        read_ledger(settings.ledger_dir) or Routing(), changed=lambda now: metrics.generation.set(now.generation)
    )
    return Gateway(
        settings=settings,
        cards=cards,
        switch=switch,
        following=Following(
            settings.ledger_dir,
            switch=switch,
            readiness=readiness,
            metrics=metrics,
            period_s=settings.ledger_period_s,
        ),
        variants=Variants(switch, guard=guard, ledger_dir=settings.ledger_dir),
        guard=guard,
        pace=Pace(),
        reloads=Reloads(
            switch,
            readiness=readiness,
            rehearsal=Rehearsal(triton, cards=cards, deadline_s=settings.predict_deadline_s),
        ),
        mirror=Mirror(copies, switch=switch, metrics=metrics),
        metrics=metrics,
        presence=presence,
        predictor=Predictor(
            triton,
            metrics=metrics,
            presence=presence,
            deadline_s=settings.predict_deadline_s,
            inflight_limit=settings.inflight_limit,
        ),
        store=FeatureStore(feast, presence=presence, deadline_s=settings.features_deadline_s),
        pools=(triton, copies, feast),
        readiness=readiness,
    )


def _pool_of_triton(settings: GatewaySettings) -> Pool:
    """Its Service keeps its address while the gateway stands; the feature server's goes with its layer."""
    return Pool(
        str(settings.triton_url), name="Triton", connect_deadline_s=settings.connect_deadline_s, address_lasts=True
    )


def _gateway(request: Request) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway


GatewayDep = Annotated[Gateway, Depends(_gateway)]
"""A route's way to the parts."""
