"""Reading a request's body on FastAPI's side, where no body may be larger than its route takes."""

from __future__ import annotations

from fastapi import Request

from yardgate.errors import BodyTooLarge

__all__ = ["read_body"]


async def read_body(request: Request, *, limit_bytes: int) -> bytes:
    """
    The whole body.

    Raises:
        BodyTooLarge: It is over the limit; what is beyond is not kept.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            raise BodyTooLarge(limit_bytes=limit_bytes)
    return body
