"""What the aliases are, and what is known of the shadow."""

from __future__ import annotations

from fastapi import APIRouter

from yardgate.gateway import GatewayDep

__all__ = ["router"]

router = APIRouter(prefix="/v1")


@router.get("/aliases")
async def aliases(gateway: GatewayDep) -> dict[str, object]:
    """The routing that the next prediction sees, and whether the feature store is there."""
    return {**gateway.switch.current.document(), "features": gateway.presence.state}


@router.get("/shadow")
async def shadow(gateway: GatewayDep) -> dict[str, object]:
    """How the shadow's answers compare with the champion's, in this process and this generation; 404 without one."""
    return gateway.mirror.evidence().document()
