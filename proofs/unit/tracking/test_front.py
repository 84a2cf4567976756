"""What stands before MLflow: readiness, metrics, and counts of what MLflow answered."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx
import pytest

from tracking.front import App, Front, Message, Receive, Send
from tracking.metrics import Metrics

REFUSED = "connection refused"


async def _behind(scope: Message, receive: Receive, send: Send) -> None:
    """An application that knows one path, and fails on another before it has answered."""
    if scope["path"] == "/broken":
        raise ConnectionError
    code = 201 if scope["path"] == "/known" else 404
    await send({"type": "http.response.start", "status": code, "headers": []})
    await send({"type": "http.response.body", "body": b"behind"})


def _ask(path: str, *, method: str = "GET", away: str | None = None, front: App | None = None) -> httpx.Response:
    asked = front or Front(_behind, away=lambda: away, metrics=Metrics())

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=asked, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://front") as client:
            return await client.request(method, path)

    return asyncio.run(ask())


@pytest.mark.parametrize(("away", "code", "text"), [(None, 200, "ready"), (REFUSED, 503, REFUSED)])
def test_readiness_is_the_databases_word(away: str | None, code: int, text: str) -> None:
    """While the database is away the answer is 503 with its own words."""
    answer = _ask("/ready", away=away)
    assert (answer.status_code, answer.text) == (code, text)


def test_everything_else_is_handed_on() -> None:
    """Paths that are not the front's reach the application, and its answer comes back as it is."""
    assert (_ask("/known").status_code, _ask("/known").text) == (201, "behind")
    assert _ask("/health").status_code == 404


@pytest.mark.parametrize(
    ("path", "method", "counted"),
    [
        ("/known", "PUT", {'method="PUT"', 'code="201"'}),
        ("/broken", "GET", {'method="GET"', 'code="500"'}),
        ("/known", "BREW", {'method="other"', 'code="201"'}),
    ],
    ids=["answered", "raised", "invented method"],
)
def test_answers_are_counted(path: str, method: str, counted: set[str]) -> None:
    """An answer counts under its method and code, a failure as 500, and nobody invents labels."""
    front = Front(_behind, away=lambda: None, metrics=Metrics())
    _ask(path, method=method, front=front)
    labels = "{" + ",".join(sorted(counted)) + "}"
    assert _samples(front)[f"yardtrack_requests_total{labels}"] == 1


def test_the_last_look_at_the_database_is_a_metric() -> None:
    """Probes and scrapes are no requests; what a probe found is told."""
    front = Front(_behind, away=lambda: REFUSED, metrics=Metrics())
    _ask("/ready", front=front)
    samples = _samples(front)
    assert samples["yardtrack_database_up"] == 0
    assert samples["yardtrack_request_seconds_count"] == 0


def _samples(front: App) -> Mapping[str, float]:
    lines = (line for line in _ask("/metrics", front=front).text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}
