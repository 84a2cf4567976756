"""Predictions by key: the features come from the feature store, where it is there."""

from __future__ import annotations

from time import perf_counter

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yardgate.aliases import Route
from yardgate.errors import BodyMalformed, BodyTooLarge, GatewayError
from yardgate.gateway import Gateway, GatewayDep
from yardgate.upstream import Answer

__all__ = ["router"]

router = APIRouter(prefix="/v1")

JSON = ((b"content-type", b"application/json"),)


class Keyed(BaseModel):
    """Entity name -> keys; one entity, because a model's features stand under one."""

    model_config = ConfigDict(extra="forbid", strict=True)

    entities: dict[str, list[int]] = Field(min_length=1, max_length=1)


@router.post("/{alias}/infer-by-key")
async def infer_by_key(alias: str, request: Request, gateway: GatewayDep) -> Response:
    """
    Look up the features of ``{"entities": {"sample_id": [..]}}`` and predict.

    Triton's answer, or: 404 unknown alias or key, 422 while the feature store is absent (names the features to send),
    503 and 504 where the store is there but does not deliver.
    """
    started = perf_counter()
    route: Route | None = None
    try:
        route = gateway.switch.current.route(alias)
        answer = await _predict(request, gateway=gateway, route=route, started=started)
    except GatewayError as failure:
        answer = gateway.predictor.refuse(failure, route=route)
    response = Response(answer.body, status_code=answer.status)
    response.raw_headers += answer.headers
    return response


async def _predict(request: Request, *, gateway: Gateway, route: Route, started: float) -> Answer:
    card = gateway.cards.get(route.model)
    if card is None:
        raise BodyMalformed(f"wanted a model with a card, got {route.model}, which takes no keys; send its tensors")
    keys = _keys(await _body(request, limit_bytes=gateway.settings.body_limit_bytes), entity=card.entity)
    rows = await gateway.store.read(card, keys)
    return await gateway.predictor.predict(route, card.body(rows), headers=JSON, started=started)


async def _body(request: Request, *, limit_bytes: int) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            raise BodyTooLarge(limit_bytes=limit_bytes)
    return body


def _keys(body: bytes, *, entity: str) -> list[int]:
    wanted = f'wanted {{"entities": {{"{entity}": [<whole numbers>]}}}}'
    try:
        entities = Keyed.model_validate_json(body).entities
    except ValidationError as failure:
        raise BodyMalformed(f"{wanted}, got {failure.error_count()} errors: {failure.errors()[0]['msg']}") from failure
    keys = entities.get(entity)
    if not keys:
        raise BodyMalformed(f"{wanted}, got {entities}")
    return keys
