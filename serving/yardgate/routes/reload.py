"""Announcing what an alias is to stand for, before it is committed."""

from __future__ import annotations

import json
import logging

from fastapi import APIRouter, Request

from yardgate.aliases import SERVED
from yardgate.bodies import read_body
from yardgate.errors import AliasUnknown, GatewayError
from yardgate.gateway import Gateway, GatewayDep
from yardgate.reloads import Announcement, read_announcement

__all__ = ["router"]

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1")

BODY_LIMIT_BYTES = 4096
"""An announcement with a dozen golden rows."""

SHOWN_CHARS = 63
"""Of an alias, which is the caller's to choose until it is known to be served."""


@router.post("/aliases/{alias}/reload")
async def reload(alias: str, request: Request, gateway: GatewayDep) -> dict[str, object]:
    """
    Let the alias stand for a version, if Triton serves it and it gives the golden outputs.

    200 with ``changed``, which is false when it is said again; 401, 429 without the right token, before the body is
    looked at; 404 unknown alias; 429 too often; 413, 400 for the body; 409 overtaken, with the current state; 412
    where the version is not ready or not itself; 502 where Triton does not speak. But for 200 the routing is as before.
    """
    source = request.client.host if request.client else "unknown"
    announced: Announcement | None = None
    try:
        gateway.guard.admit(request.headers.get("authorization"), source=source)
        announced = await _announced(alias, request, gateway)
        reloaded = await gateway.reloads.reload(alias, announced)
    except GatewayError as failure:
        _note(gateway, alias, announced, source=source, outcome=failure.reason, refused=str(failure))
        raise
    outcome = "changed" if reloaded.changed else "unchanged"
    _note(gateway, alias, announced, source=source, outcome=outcome)
    return reloaded.document()


async def _announced(alias: str, request: Request, gateway: Gateway) -> Announcement:
    if alias not in SERVED:
        raise AliasUnknown(alias, known=SERVED)
    gateway.pace.admit(alias)
    return read_announcement(await read_body(request, limit_bytes=BODY_LIMIT_BYTES))


def _note(
    gateway: Gateway, alias: str, announced: Announcement | None, *, source: str, outcome: str, refused: str = ""
) -> None:
    """Count the call, and write the line that tells later who wanted what; the token stands nowhere in it."""
    gateway.metrics.reloads.labels(outcome).inc()
    log.log(
        logging.WARNING if refused else logging.INFO,
        "reload alias=%s generation=%s deploy_id=%s source=%s outcome=%s%s",
        json.dumps(alias[:SHOWN_CHARS]),  # a line's end in it must not begin another line
        announced.generation if announced else "-",
        announced.deploy_id if announced else "-",
        source,
        outcome,
        f" {json.dumps(refused)}" if refused else "",
    )
