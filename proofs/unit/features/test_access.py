"""Lines about requests: what was refused leaves one, whatever was answered leaves none."""

from __future__ import annotations

import logging
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import httpx
import pytest
import uvicorn

from features.access import LOGGER, Refused

STATUS = {"/get-online-features": 200, "/ready": 503}


async def _app(scope: MutableMapping[str, Any], _: object, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    """Stands for Feast: knows one path, and is not ready."""
    await send({"type": "http.response.start", "status": STATUS.get(scope["path"], 404), "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture(name="client")
def _client() -> Iterator[httpx.Client]:
    """A server that logs as the feature server does."""
    config = uvicorn.Config(_app, port=0, lifespan="off", http="httptools", log_config=None, access_log=True)
    server, socket, filtering = uvicorn.Server(config), config.bind_socket(), Refused()
    socket.listen()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
    logging.getLogger(LOGGER).addFilter(filtering)
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{socket.getsockname()[1]}") as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        socket.close()
        logging.getLogger(LOGGER).removeFilter(filtering)


def test_a_refused_request_leaves_a_line_with_its_path(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    """A path that nobody serves is found in the log; reads and the kubelet's questions are not."""
    with caplog.at_level(logging.INFO, logger=LOGGER):
        for path in ("/get-online-features", "/ready", "/nobody-serves-this"):
            client.get(path)
    lines = [record.getMessage() for record in caplog.records if record.name == LOGGER]
    assert [line.partition(" - ")[2] for line in lines] == ['"GET /nobody-serves-this HTTP/1.1" 404']
