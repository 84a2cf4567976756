"""The door to the gateways: whoever is not let through yet tries again, and whoever is not there is named."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread, Timer

import pytest

from yardflow import gateway as under_test
from yardflow.errors import GatewayAway
from yardflow.gateway import Gateway, Table
from yardgate.metrics import Metrics

LATE_S = 0.7
"""Later than the second try, which comes half a second after the first."""


class _Replica(BaseHTTPRequestHandler):
    """Follows generation 3, and counts as a gateway does."""

    metrics = Metrics()

    def do_GET(self) -> None:
        table = json.dumps({"generation": 3, "deploy_id": "d", "aliases": {}}).encode()
        body = self.metrics.exposition() if self.path == "/metrics" else table
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the base's
        pass


@pytest.fixture(name="port")
def _port() -> int:
    """On which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.fixture(name="gateway")
def _gateway() -> Iterator[Gateway]:
    door = Gateway(service="http://127.0.0.1:1", replicas="127.0.0.1:1", token="nobody's")  # noqa: S106
    yield door
    door.close()


@pytest.fixture(name="replica")
def _replica(port: int) -> Iterator[str]:
    """Its URL."""
    server = HTTPServer(("127.0.0.1", port), _Replica)
    serving = Thread(target=server.serve_forever, args=(0.01,))
    serving.start()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    serving.join()
    server.server_close()


def test_who_is_refused_at_first_tries_again(gateway: Gateway, port: int) -> None:
    """As a pod is that has just started, until network policies know it."""
    server: list[HTTPServer] = []

    def listen() -> None:
        server.append(HTTPServer(("127.0.0.1", port), _Replica))
        Thread(target=server[0].serve_forever, args=(0.01,)).start()

    late = Timer(LATE_S, listen)
    late.start()
    try:
        url = f"http://127.0.0.1:{port}"
        assert gateway.table(url) == Table(url, 3, "d", {})
    finally:
        late.join()
        server[0].shutdown()
        server[0].server_close()


def test_what_a_replica_has_answered_is_counted_by_status(gateway: Gateway, replica: str) -> None:
    """Whatever alias and version; by the gateway's own metrics, as it writes them."""
    for version, code in ((1, 200), (2, 200), (2, 503)):
        _Replica.metrics.answered("champion", "wine", version, code=code)
    _Replica.metrics.answered(code=404)
    assert gateway.answered(replica) == {200: 2, 404: 1, 503: 1}


def test_who_is_on_the_way_is_counted_by_version(gateway: Gateway, replica: str) -> None:
    """By whatever alias; of this model alone, and nobody whose answer is there."""
    for alias, model, version in (("champion", "wine", 1), ("challenger", "wine", 2), ("champion", "wine", 2)):
        _Replica.metrics.tally(alias, model, version).inflight.inc()
    _Replica.metrics.tally("champion", "beer", 2).inflight.inc()
    with _Replica.metrics.tally("champion", "wine", 3).inflight.track_inprogress():
        pass
    assert gateway.underway(replica, "wine") == {1: 1, 2: 2}


def test_who_is_not_there_is_named(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last try, with what was got."""
    monkeypatch.setattr(under_test, "CONNECTS", 1)
    door = Gateway(service="http://127.0.0.1:1", replicas="127.0.0.1:1", token="nobody's")  # noqa: S106
    with pytest.raises(GatewayAway, match=rf"127\.0\.0\.1:{port}/v1/aliases, got ConnectError"):
        door.table(f"http://127.0.0.1:{port}")
    door.close()
