"""A client that goes on asking, at a real server: over one connection that is kept, and over new ones, in turns."""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

import pytest
from proofs.lifecycle import traffic as under_test
from proofs.lifecycle.traffic import Client
from proofs.unit.switchyard.scripted import Scripted

from switchyard.kube import Kube
from switchyard.probe.endpoints import Place
from yardfacts.facts import Served, Traffic

ENOUGH, ANSWER_S = 8, 10.0
OUTPUTS = [0.9, 0.1, 0.0]


class _Service(ThreadingHTTPServer):
    """Gives each new connection to the next of two replicas, as a Service does; one of them can be lost."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Replica)
        self.turns = itertools.count()
        self.asked: Counter[tuple[int, int]] = Counter()
        """How often by the client's port, and by which replica."""
        self.lost: set[int] = set()
        self.enough = threading.Event()


class _Replica(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.service = cast(_Service, self.server)
        self.number = next(self.service.turns) % 2

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"outputs": [{"name": "probabilities", "data": OUTPUTS}]}).encode()
        self.send_response(503 if self.number in self.service.lost else 200)
        for name, value in (("Generation", 4), ("Version", 3)):
            self.send_header(f"X-Switchyard-{name}", str(value))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.service.asked[self.client_address[1], self.number] += 1
        if sum(self.service.asked.values()) >= ENOUGH:
            self.service.enough.set()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the base's
        """Nobody reads it."""


@pytest.fixture(name="service")
def _service(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Service]:
    with _Service() as service:
        # The Service's port is always 80, which is nobody's here.
        place = Place("127.0.0.1", service.server_port)
        monkeypatch.setattr(under_test, "address", lambda _, *, kube: place)
        thread = threading.Thread(target=service.serve_forever, daemon=True)
        thread.start()
        yield service
        service.shutdown()
        thread.join()


def _asked(service: _Service) -> Client:
    with Client(Kube(Scripted()), "dev", {"inputs": []}) as client:
        assert service.enough.wait(ANSWER_S)
    return client


def test_every_other_request_goes_out_on_a_new_connection(service: _Service) -> None:
    """The others share one; so both replicas are met, and the answers on new connections are counted."""
    client = _asked(service)

    traffic, *served = client.facts()
    assert isinstance(traffic, Traffic)
    by_connection = Counter(by for by, _ in service.asked.elements())
    (_, kept), *others = by_connection.most_common()
    assert {count for _, count in others} == {1}
    assert (traffic.new, traffic.answered - traffic.new) == (len(others), kept)
    assert abs(traffic.new - kept) <= 1
    assert {replica for _, replica in service.asked} == {0, 1}
    assert [one.answers for one in served if isinstance(one, Served)] == [traffic.sent]


def test_a_replica_that_the_kept_connection_has_not_is_met_all_the_same(service: _Service) -> None:
    """Its loss is seen: requests fail, and none of them is counted as an answer."""
    service.lost.add(0)  # the first connection is a new one; the second, which is kept, is at replica 1

    client = _asked(service)

    traffic = client.facts()[0]
    assert isinstance(traffic, Traffic)
    assert traffic.failed > 0
    assert traffic.answered + traffic.failed == traffic.sent
    assert "503" in traffic.detail
