"""What the aliases are, and reading them again."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request

from yardgate.aliases import read_routes
from yardgate.errors import GatewayError
from yardgate.gateway import Gateway, GatewayDep

__all__ = ["router"]

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1")


@router.get("/aliases")
async def aliases(gateway: GatewayDep) -> dict[str, object]:
    """The routing that the next prediction sees, and whether the feature store is there."""
    return {**gateway.switch.current.document(), "features": gateway.presence.state}


@router.post("/reload")
async def reload(request: Request, gateway: GatewayDep) -> dict[str, object]:
    """
    Read the routes file again, and switch if Triton serves everything that it names.

    200 with ``changed`` either way; 401, 429 without the right token; 412 where the file or Triton speaks against it,
    502 where Triton does not speak at all: then the routing is as before.
    """
    source = request.client.host if request.client else "unknown"
    try:
        gateway.guard.admit(request.headers.get("authorization"), source=source)
        # One at a time: the second reads the file after the first has switched.
        async with gateway.reloading:
            changed = await _switch(gateway)
    except GatewayError as failure:
        gateway.metrics.reloads.labels(failure.reason).inc()
        log.warning("reload refused for %s: %s", source, failure)
        raise
    gateway.metrics.reloads.labels("changed" if changed else "unchanged").inc()
    return {"changed": changed, **gateway.switch.current.document()}


async def _switch(gateway: Gateway) -> bool:
    routes = read_routes(gateway.settings.routes_file)
    if routes == gateway.switch.current.routes:
        return False
    for model, version in sorted({(route.model, route.version) for route in routes.values()}):
        await gateway.readiness.require(model, version=version)
    routing = gateway.switch.throw(routes)
    gateway.metrics.generation.set(routing.generation)
    log.info("routing switched: %s", routing.document())
    return True
