"""
A client that asks all the time, and remembers every answer: who gave it, of which generation, and what it said.

Ten times a second, however long the answers take: who waited for one would not see what becomes of the others. Every
other request goes over a connection that is kept, which one replica has for as long as it lasts, and over a new one.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final

import httpx
from proofs.services.rest import NO_TLS

from switchyard.kube import Kube
from switchyard.probe.endpoints import Place, address
from switchyard.prober.plan import KEPT, NEW
from yardfacts.facts import Fact, Served, Traffic
from yardfacts.outputs import kept

__all__ = ["Client"]

PERIOD_S: Final = 0.1
"""Ten requests a second: a switch takes longer than that, and two cores have something else to do."""
TURNS: Final = (NEW, KEPT)
LATE_S: Final = 1.0
"""
So long after its time a request is not sent any more: it would only say what the next one says. Shorter standstills are
common where two cores are used up, and what was due in one goes out behind it.
"""
ANSWER_S: Final = 5.0
"""For a connection, and again for the answer."""
IN_FLIGHT: Final = 128
"""More than are due while one waits to its end: nobody's request waits for another one's answer."""
KEPT_S: Final = 1.0
"""Between two requests on one connection: before the gateway, which waits longer, closes it as one is on its way."""
SHOWN: Final = 5

Said = tuple[int, int, tuple[float, ...]]
"""Generation, version, and the probabilities of the classes."""


@dataclass(frozen=True)
class _Answer:
    at_s: float
    """When it was asked for, since 1970."""
    took_ms: float
    said: Said
    is_new: bool
    """It came on a connection of its own."""


@dataclass
class Client:
    """
    Threads that ask one environment's champion for one known row, from entering to leaving the block.

    What they found is there once the block is left, and an error in them is raised there. They append to lists and
    share nothing else.
    """

    kube: Kube
    environment: str
    body: Any
    _answered: list[_Answer] = field(default_factory=list)
    _failed: list[str] = field(default_factory=list)
    _late: list[int] = field(default_factory=list)
    """Numbers of the requests that were not sent: this client itself was away when they were due."""
    _end: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Client:
        service = f"fastapi-{self.environment}-service.fastapi-{self.environment}"
        place = address(Place(service, 80), kube=self.kube)
        self._url, self._host = f"http://{place}/v1/champion/infer", service
        self._started_s = time.monotonic()
        self._pace = ThreadPoolExecutor(1, thread_name_prefix=f"client {self.environment}")
        self._asking = self._pace.submit(self._ask_on)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._pace.shutdown()
        self._span_s = time.monotonic() - self._started_s
        self._asking.result()

    @property
    def answers(self) -> Sequence[tuple[float, float]]:
        """Of each answer so far: when it was asked for, in seconds since 1970, and how many milliseconds it took."""
        return [(one.at_s, one.took_ms) for one in self._answered]

    def facts(self) -> tuple[Fact, ...]:
        """What was seen, once the block is left."""
        traffic = Traffic(
            environment=self.environment,
            sent=len(self._answered) + len(self._failed),
            answered=len(self._answered),
            failed=len(self._failed),
            late=len(self._late),
            new=sum(one.is_new for one in self._answered),
            slowest_ms=round(max((one.took_ms for one in self._answered), default=0.0), 1),
            span_s=round(self._span_s, 1),
            detail="; ".join(self._failed[:SHOWN]),
        )
        seen = Counter(one.said for one in self._answered)
        served = (
            Served(environment=self.environment, generation=generation, version=version, answers=count, outputs=outputs)
            for (generation, version, outputs), count in sorted(seen.items())
        )
        return (traffic, *served)

    def _ask_on(self) -> None:
        asked: list[Future[None]] = []
        with (
            self._opened() as kept,
            self._opened({"Connection": "close"}) as new,
            ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix=f"asks {self.environment}") as threads,
        ):
            by = {KEPT: kept, NEW: new}
            for number in itertools.count():
                due_s = self._started_s + number * PERIOD_S
                if self._end.wait(max(due_s - time.monotonic(), 0.0)):
                    break
                connection = TURNS[number % len(TURNS)]
                asked.append(threads.submit(self._ask, by[connection], number, due_s, is_new=connection == NEW))
        for one in asked:
            one.result()

    def _opened(self, headers: Mapping[str, str] | None = None) -> httpx.Client:
        """One that keeps its connections; with a header that says so, it has a new one for each request."""
        limits = httpx.Limits(max_connections=IN_FLIGHT, keepalive_expiry=KEPT_S)
        headers = {"Host": self._host, **(headers or {})}
        return httpx.Client(timeout=ANSWER_S, trust_env=False, verify=NO_TLS, headers=headers, limits=limits)

    def _ask(self, client: httpx.Client, number: int, due_s: float, *, is_new: bool) -> None:
        at_s, started_s = time.time(), time.monotonic()
        if started_s - due_s > LATE_S:
            self._late.append(number)
            return
        try:
            reply = client.post(self._url, json=self.body)
            took_ms = 1000 * (time.monotonic() - started_s)
            reply.raise_for_status()
            self._answered.append(_Answer(at_s, took_ms, _read(reply), is_new))
        except (httpx.HTTPError, LookupError, ValueError) as exc:
            self._failed.append(f"request {number + 1} after {started_s - self._started_s:.1f} s: {exc!r}"[:300])


def _read(reply: httpx.Response) -> Said:
    found = {one["name"]: one["data"] for one in reply.json()["outputs"]}
    headers = reply.headers
    outputs = kept(found["probabilities"])
    return int(headers["x-switchyard-generation"]), int(headers["x-switchyard-version"]), outputs
