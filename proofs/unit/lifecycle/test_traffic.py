"""A client that goes on asking, at a real server: over one connection that is kept, and over new ones, in turns."""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest
from proofs.lifecycle import traffic as under_test
from proofs.lifecycle.traffic import Client
from proofs.unit.switchyard.scripted import Scripted
from proofs.unit.yardflow.clock import Clock

from switchyard.kube import Kube
from switchyard.probe.endpoints import Place
from yardfacts.facts import Served, Traffic

ENOUGH, ANSWER_S = 8, 10.0
LONG_S = 2 * under_test.LATE_S
"""Who does nothing for so long was away."""
MOMENT_S = 0.001
"""Goes by whatever one does."""
OUTPUTS = [0.9, 0.1, 0.0]


class _Service(ThreadingHTTPServer):
    """Gives each new connection to the next of two replicas, as a Service does; one of them can be lost."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Replica)
        self.turns = itertools.count()
        self.asked: Counter[tuple[int, int]] = Counter()
        """How often by the client's port, and by which replica."""
        self.lost: set[int] = set()
        self.slow: Callable[[], None] = lambda: None
        """What goes by before each answer."""
        self.enough = threading.Event()


class _Replica(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.service = cast(_Service, self.server)
        self.number = next(self.service.turns) % 2

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.service.slow()
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


class _Dozing(threading.Event):
    """Lets a clock go on whenever somebody waits for it: who waits stood still so long."""

    def __init__(self, clock: Clock, for_s: float) -> None:
        super().__init__()
        self._clock, self._for_s = clock, for_s

    def wait(self, timeout: float | None = None) -> bool:
        self._clock.sleep(self._for_s)
        return super().wait(timeout)


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


def _asked(service: _Service, **fields: Any) -> Client:
    with Client(Kube(Scripted()), "dev", {"inputs": []}, **fields) as client:
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


def test_who_waits_for_a_slow_answer_is_not_late(service: _Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next request was due long ago and could not go; how slow the answer was is told by itself."""
    clock = Clock()
    monkeypatch.setattr(under_test, "time", clock)
    service.slow = lambda: clock.sleep(LONG_S)

    client = _asked(service, _end=_Dozing(clock, MOMENT_S))

    assert (client.late, client.failed) == (0, [])
    assert client.slowest_ms == pytest.approx(1000 * LONG_S)


def test_who_stands_still_with_nothing_to_wait_for_is_late(service: _Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request that this client brought itself to send too late is counted, though each was answered at once."""
    clock = Clock()
    monkeypatch.setattr(under_test, "time", clock)

    client = _asked(service, _end=_Dozing(clock, LONG_S))

    assert client.late == client.sent >= ENOUGH
    assert (client.failed, client.slowest_ms) == ([], 0.0)
