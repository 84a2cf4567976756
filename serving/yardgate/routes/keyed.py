"""Predictions by key: the features come from the feature store, where it is there."""

from __future__ import annotations

from time import perf_counter

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.background import BackgroundTask

from yardgate.aliases import Route
from yardgate.bodies import read_body
from yardgate.errors import BodyMalformed, GatewayError
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
    body = b""
    try:
        route = gateway.variants.route(alias, request.scope)
        with gateway.predictor.underway(route):
            body = await _tensor(request, gateway=gateway, route=route)
            answer = await gateway.predictor.predict(route, body, headers=JSON, started=started)
    except GatewayError as failure:
        answer = gateway.predictor.refuse(failure, route=route)
    response = Response(answer.body, status_code=answer.status)
    response.raw_headers += answer.headers
    if route is not None and route.shadow is not None:
        response.background = BackgroundTask(_mirror, gateway, route, body, answer)
    return response


async def _mirror(gateway: Gateway, route: Route, body: bytes, answer: Answer) -> None:
    """A coroutine, so that the offer stays on the event loop: a plain function would go to a thread."""
    gateway.mirror.offer(route, body, headers=JSON, answer=answer)


async def _tensor(request: Request, *, gateway: Gateway, route: Route) -> bytes:
    """The body of the prediction: the rows of the keys that the request names."""
    card = gateway.cards.get(route.model)
    if card is None:
        raise BodyMalformed(f"wanted a model with a card, got {route.model}, which takes no keys; send its tensors")
    keys = _keys(await read_body(request, limit_bytes=gateway.settings.body_limit_bytes), entity=card.entity)
    return card.body(await gateway.store.read(card, keys))


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
