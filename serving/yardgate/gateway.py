"""The parts of one gateway, wired once. FastAPI's routes get it as an argument."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from yardgate.aliases import Switch, read_routes
from yardgate.auth import Guard
from yardgate.features import FeatureStore
from yardgate.lane import Predictor
from yardgate.metrics import Metrics
from yardgate.presence import Presence
from yardgate.settings import GatewaySettings
from yardgate.tensors import Card, read_cards
from yardgate.triton import Readiness
from yardgate.upstream import Pool

__all__ = ["Gateway", "GatewayDep", "assemble"]


@dataclass(frozen=True)
class Gateway:
    """Everything that requests share."""

    settings: GatewaySettings
    cards: Mapping[str, Card]
    switch: Switch
    guard: Guard
    metrics: Metrics
    presence: Presence
    predictor: Predictor
    store: FeatureStore
    pools: tuple[Pool, ...]
    readiness: Readiness
    reloading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def close(self) -> None:
        """Give back connections."""
        for pool in self.pools:
            pool.close()
        await self.readiness.close()


def assemble(settings: GatewaySettings, *, readiness: Readiness) -> Gateway:
    """
    Wire the parts. Reads files, connects to nothing.

    Raises:
        RoutesMalformed: The routes file says what no route is.
        ValueError: No card, or a token that is too short.
        OSError: A file cannot be read.
    """
    metrics = Metrics()
    triton = Pool(str(settings.triton_url), name="Triton", connect_deadline_s=settings.connect_deadline_s)
    feast = Pool(str(settings.features_url), name="the feature server", connect_deadline_s=settings.connect_deadline_s)
    presence = Presence(
        feast,
        period_s=settings.features_period_s,
        deadline_s=settings.check_deadline_s,
        changed=lambda online: metrics.features_online.set(int(online)),
    )
    switch = Switch(read_routes(settings.routes_file))
    metrics.generation.set(switch.current.generation)
    return Gateway(
        settings=settings,
        cards=read_cards(settings.cards_dir),
        switch=switch,
        guard=Guard(settings.reload_token_file),
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
        pools=(triton, feast),
        readiness=readiness,
    )


def _gateway(request: Request) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway


GatewayDep = Annotated[Gateway, Depends(_gateway)]
"""A route's way to the parts."""
