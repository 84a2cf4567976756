"""
A client that asks all the time, and remembers every answer: who gave it, of which generation, and what it said.

It asks over one connection that is kept, which one replica has for as long as it lasts, and over new ones, in turns.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
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
LATE_S: Final = 0.5
"""A request that goes out so much after its time, with no answer to wait for, was missed by this client."""
ANSWER_S: Final = 5.0
SHOWN: Final = 5


@dataclass
class Client:
    """A thread that asks one environment's champion for one known row, from entering to leaving the block."""

    kube: Kube
    environment: str
    body: Any
    sent: int = 0
    failed: list[str] = field(default_factory=list)
    late: int = 0
    new: int = 0
    """Answers on new connections."""
    slowest_ms: float = 0.0
    answers: list[tuple[float, float]] = field(default_factory=list)
    """Of each answer: when it was asked for, in seconds since 1970, and how many milliseconds it took."""
    seen: Counter[tuple[int, int, tuple[float, ...]]] = field(default_factory=Counter)
    _end: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Client:
        service = f"fastapi-{self.environment}-service.fastapi-{self.environment}"
        place = address(Place(service, 80), kube=self.kube)
        self._url, self._host = f"http://{place}/v1/champion/infer", service
        self._started_s = time.monotonic()
        self._thread = threading.Thread(target=self._ask_on, name=f"client {self.environment}", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()
        self._span_s = time.monotonic() - self._started_s

    def facts(self) -> tuple[Fact, ...]:
        """What was seen, once the block is left."""
        traffic = Traffic(
            environment=self.environment,
            sent=self.sent,
            answered=sum(self.seen.values()),
            failed=len(self.failed),
            late=self.late,
            new=self.new,
            slowest_ms=round(self.slowest_ms, 1),
            span_s=round(self._span_s, 1),
            detail="; ".join(self.failed[:SHOWN]),
        )
        served = (
            Served(environment=self.environment, generation=generation, version=version, answers=count, outputs=outputs)
            for (generation, version, outputs), count in sorted(self.seen.items())
        )
        return (traffic, *served)

    def _ask_on(self) -> None:
        with self._opened() as kept, self._opened({"Connection": "close"}) as new:
            by = {KEPT: kept, NEW: new}
            due_s = free_s = time.monotonic()
            while not self._end.wait(max(due_s - time.monotonic(), 0.0)):
                # Behind a slow answer the next request is due and cannot go: the gateway was asked all the while.
                self.late += time.monotonic() - max(due_s, free_s) > LATE_S
                connection = TURNS[self.sent % len(TURNS)]
                self.new += self._ask(by[connection]) and connection == NEW
                free_s = time.monotonic()
                # No catching up: what was missed is counted, and nobody is asked twice at once for it.
                due_s = max(due_s + PERIOD_S, free_s - LATE_S)

    def _opened(self, headers: Mapping[str, str] | None = None) -> httpx.Client:
        """One that keeps its connection; with a header that says so, it has a new one for each request."""
        return httpx.Client(
            timeout=ANSWER_S, trust_env=False, verify=NO_TLS, headers={"Host": self._host, **(headers or {})}
        )

    def _ask(self, client: httpx.Client) -> bool:
        """Ask once; whether there was an answer."""
        self.sent += 1
        at_s, started_s = time.time(), time.monotonic()
        try:
            reply = client.post(self._url, json=self.body)
            took_ms = 1000 * (time.monotonic() - started_s)
            reply.raise_for_status()
            key = _read(reply)
        except (httpx.HTTPError, LookupError, ValueError) as exc:
            self.failed.append(f"request {self.sent} after {time.monotonic() - self._started_s:.1f} s: {exc!r}"[:300])
            return False
        self.slowest_ms = max(self.slowest_ms, took_ms)
        self.answers.append((at_s, took_ms))
        self.seen[key] += 1
        return True


def _read(reply: httpx.Response) -> tuple[int, int, tuple[float, ...]]:
    found = {one["name"]: one["data"] for one in reply.json()["outputs"]}
    headers = reply.headers
    outputs = kept(found["probabilities"])
    return int(headers["x-switchyard-generation"]), int(headers["x-switchyard-version"]), outputs
