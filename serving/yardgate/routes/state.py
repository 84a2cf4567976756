"""How the gateway is: alive, ready, counted."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from yardgate.aliases import Route
from yardgate.errors import GatewayError
from yardgate.gateway import Gateway, GatewayDep

__all__ = ["router"]

router = APIRouter()


@router.get("/health")
async def health() -> dict[str, str]:
    """Liveness: this process answers. It says nothing about anybody else."""
    return {"status": "alive"}


@router.get("/ready")
async def ready(gateway: GatewayDep, response: Response) -> dict[str, object]:
    """
    Readiness: whether a prediction through each alias that stands for something can be answered now.

    200 or 503, with ``ok`` naming what is there and ``failing`` telling why the rest is not. Only what aliases point
    at counts, so a candidate that cannot be loaded never takes the gateway out of service; neither does a shadow, which
    answers nobody, nor a vacant alias, which is answered with its reason.
    """
    routes = sorted(gateway.switch.current.served, key=lambda route: route.alias)
    # All at once: whoever asks has a patience of his own, and it does not grow with the aliases.
    reasons = await asyncio.gather(*(_reason(gateway, route) for route in routes))
    names = [f"{route.alias} -> {route.model}/{route.version}" for route in routes]
    failing = {name: reason for name, reason in zip(names, reasons, strict=True) if reason is not None}
    if failing:
        response.status_code = 503
    return {"ok": [name for name in names if name not in failing], "failing": failing}


async def _reason(gateway: Gateway, route: Route) -> str | None:
    """Why the route cannot answer; None if it can."""
    try:
        await gateway.readiness.require(route.model, version=route.version)
    except GatewayError as failure:
        return str(failure)
    return None


@router.get("/metrics")
async def metrics(gateway: GatewayDep) -> Response:
    """Prometheus' text format."""
    return Response(gateway.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
