"""A client that goes on asking, at a real server: over connections that are kept, and over new ones, in turns."""

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
from proofs.unit.yardflow.clock import Clock

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
        self.asked: Counter[int] = Counter()
        """How often by the client's port."""
        self.closed: set[int] = set()
        """Ports that said they would ask once only."""
        self.met: set[int] = set()
        """Replicas."""
        self.lost: set[int] = set()
        self.arrivals = itertools.count(1)
        self.together = threading.Event()
        """As many as are enough have arrived."""
        self.is_patient = False
        """Answers nobody before."""
        self.enough = threading.Event()
        """So many were answered, by both replicas, and one of them again on a connection that was kept."""


class _Replica(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.service = cast(_Service, self.server)
        self.number = next(self.service.turns) % 2

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._arrive()
        body = json.dumps({"outputs": [{"name": "probabilities", "data": OUTPUTS}]}).encode()
        self.send_response(503 if self.number in self.service.lost else 200)
        for name, value in (("Generation", 4), ("Version", 3)):
            self.send_header(f"X-Switchyard-{name}", str(value))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self._leave()

    def _arrive(self) -> None:
        service = self.service
        if next(service.arrivals) >= ENOUGH:
            service.together.set()
        if service.is_patient:
            service.together.wait(ANSWER_S)

    def _leave(self) -> None:
        service, (_, port) = self.service, self.client_address
        service.asked[port] += 1
        service.met.add(self.number)
        if self.headers.get("Connection") == "close":
            service.closed.add(port)
        if service.asked.total() >= ENOUGH and len(service.met) > 1 and max(service.asked.values()) > 1:
            service.enough.set()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the base's
        """Nobody reads it."""


class _Dozing(threading.Event):
    """Lets a clock go on whenever somebody waits for it, as for one who stands still; after some times it is set."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock, self._times = clock, itertools.count(1)

    def wait(self, timeout: float | None = None) -> bool:
        self._clock.sleep(2 * under_test.LATE_S)
        return next(self._times) > ENOUGH


@pytest.fixture(name="service")
def _service(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Service]:
    with _Service() as service:
        # The Service's port is always 80, which is nobody's here.
        place = Place("127.0.0.1", service.server_port)
        monkeypatch.setattr(under_test, "address", lambda _, *, kube: place)
        monkeypatch.setattr(under_test, "LATE_S", ANSWER_S)  # these tests' own machine may stand still, too
        thread = threading.Thread(target=service.serve_forever, daemon=True)
        thread.start()
        yield service
        service.shutdown()
        thread.join()


def _asked(service: _Service) -> tuple[Traffic, list[Served]]:
    with Client(Kube(Scripted()), "dev", {"inputs": []}) as client:
        assert service.enough.wait(ANSWER_S)
    return _seen(client)


def _seen(client: Client) -> tuple[Traffic, list[Served]]:
    traffic, *served = client.facts()
    assert isinstance(traffic, Traffic)
    return traffic, [one for one in served if isinstance(one, Served)]


def test_every_other_request_goes_out_on_a_new_connection(service: _Service) -> None:
    """The others are kept and shared; so both replicas are met, and the answers on new connections are counted."""
    traffic, served = _asked(service)

    kept = Counter({by: count for by, count in service.asked.items() if by not in service.closed})
    assert [service.asked[by] for by in service.closed] == [1] * traffic.new
    assert kept.total() == traffic.answered - traffic.new
    assert max(kept.values()) > 1
    assert abs(traffic.new - kept.total()) <= 1
    assert service.met == {0, 1}
    assert [one.answers for one in served] == [traffic.sent]


def test_a_replica_that_the_kept_connection_has_not_is_met_all_the_same(service: _Service) -> None:
    """Its loss is seen: requests fail, and none of them is counted as an answer."""
    service.lost.add(0)  # the first connection is a new one; the second, which is kept, is at replica 1

    traffic, served = _asked(service)

    assert traffic.failed > 0
    assert sum(one.answers for one in served) + traffic.failed == traffic.sent
    assert "503" in traffic.detail


def test_nobody_waits_for_another_ones_answer(service: _Service) -> None:
    """Requests go out though the first is not answered; that it takes long is told, and makes nobody late."""
    service.is_patient = True

    traffic, _ = _asked(service)

    assert (traffic.late, traffic.failed) == (0, 0)
    assert traffic.sent >= ENOUGH
    assert traffic.slowest_ms > 1000 * under_test.PERIOD_S


def test_what_was_due_while_the_client_stood_still_is_missed(
    service: _Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is counted, and not sent: nobody is asked ten times at once for what was missed."""
    clock = Clock()
    monkeypatch.setattr(under_test, "time", clock)

    with Client(Kube(Scripted()), "dev", {"inputs": []}, _end=_Dozing(clock)) as client:
        pass

    traffic, served = _seen(client)
    assert (traffic.late, traffic.sent, served) == (ENOUGH, 0, [])
    assert not service.asked


def test_a_mistake_of_the_clients_own_ends_the_proof(service: _Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that dies quietly would have seen nothing wrong."""

    def mistaken(_: object) -> None:
        service.enough.set()
        raise TypeError("nobody wrote this right")

    monkeypatch.setattr(under_test, "_read", mistaken)
    with pytest.raises(TypeError, match="wrote this right"):
        _asked(service)
