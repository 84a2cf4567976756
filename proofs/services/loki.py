"""Loki: lines that pods wrote to stdout, found again by who wrote them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from switchyard.errors import Late
from switchyard.waiting import wait_until
from yardfacts.facts import Timing

from .inquiry import Inquiry
from .rest import Rest

__all__ = ["Line", "Loki", "Writer", "arrive", "check_namespaces", "check_stranger", "ship", "url"]

API: Final = "/loki/api/v1"
LABELS: Final = ("app", "container", "env", "namespace", "pod")
SERVICES: Final = ("airflow", "mlflow", "fastapi", "triton", "feature-store")

BUDGET_S: Final = 10.0
"""For the 95th percentile from stdout to an answer: a goal, reported and not judged."""
ARRIVED_S: Final = 45.0
"""What is not there after this long, several times the budget, is called lost."""
LOOKED_BACK_S: Final = 3600.0
"""Of Loki's answers; a nonce is never older than its proof."""

CATEGORISED: Final = {"X-Loki-Response-Encoding-Flags": "categorize-labels"}
"""Labels apart from what Loki itself says of a line; else a level that it guessed would stand among them."""


def url(environment: str) -> str:
    """Where Loki answers."""
    return f"http://loki-{environment}.baseline-{environment}:3100"


@dataclass(frozen=True)
class Found:
    """One line as Loki has it."""

    labels: dict[str, str]
    text: str


@dataclass(frozen=True)
class Loki:
    """The door to one Loki; raises as ``Rest`` does."""

    rest: Rest

    def lines(self, text: str, *, namespaces: str) -> tuple[Found, ...]:
        """Every line of the last hour that contains *text*, in namespaces that match a regular expression."""
        since_ns = time.time_ns() - int(LOOKED_BACK_S * 1e9)
        return self.search(f'{{namespace=~"{namespaces}"}} |= "{text}"', since_ns=since_ns)

    def search(self, logql: str, *, since_ns: int) -> tuple[Found, ...]:
        """Every line that *logql* selects since a Unix time in nanoseconds."""
        query = {
            "query": logql,
            "start": str(since_ns),
            "end": str(time.time_ns() + 1_000_000_000),
            "limit": "1000",
        }
        data = self.rest.get(f"{API}/query_range", query=query, headers=CATEGORISED)["data"]
        return tuple(Found(stream["stream"], str(value[1])) for stream in data["result"] for value in stream["values"])

    def push(self, text: str, *, labels: Mapping[str, str]) -> None:
        """Bring one line of now without any agent, into the stream of *labels*."""
        stream = {"stream": dict(labels), "values": [[str(time.time_ns()), text]]}
        self.rest.post(f"{API}/push", {"streams": [stream]})

    def namespaces(self) -> tuple[str, ...]:
        """All values of the label ``namespace``."""
        start = {"start": str(time.time_ns() - int(LOOKED_BACK_S * 1e9))}
        return tuple(sorted(self.rest.get(f"{API}/label/namespace/values", query=start).get("data") or ()))


@dataclass(frozen=True)
class Writer:
    """A service that writes a line to stdout for a request that it cannot serve, with the path in it."""

    namespace: str
    rest: Rest
    path: str = "/{}"
    """Where ``{}`` stands, any text is logged."""
    method: str = "GET"

    def write(self, text: str) -> int:
        """Have one line with *text* written, and return the status; what the service answers does not matter."""
        return self.rest.send(self.method, self.path.format(text)).status_code


@dataclass
class Line:
    """One line on its way."""

    text: str
    namespace: str
    written_s: float = 0.0
    arrived_s: float = 0.0
    """0 as long as it has not arrived."""
    found: list[Found] = field(default_factory=list)


def ship(
    loki: Loki, inquiry: Inquiry, *, writers: Sequence[Writer], nonce: str, count: int, within_s: float = ARRIVED_S
) -> None:
    """
    Have *count* lines written, one a look, and look until all have arrived; then look once more for doubles.

    A line's time begins before it is asked for and ends with the answer that first has it: never flattering.
    """
    lines = [Line(f"{nonce}-{number:03d}", writers[number % len(writers)].namespace) for number in range(count)]
    unwritten = [(line, writers[number % len(writers)]) for number, line in enumerate(lines)]

    def look() -> int:
        if unwritten:
            line, writer = unwritten.pop(0)
            line.written_s = time.monotonic()
            writer.write(line.text)
        _match(lines, loki.lines(nonce, namespaces=".+"))
        return len(unwritten) + sum(not line.arrived_s for line in lines)

    def shipped() -> str:
        with suppress(Late):  # each line says for itself whether it came
            wait_until(look, what="lines", ready=lambda left: left == 0, within_s=within_s)
        _match(lines, loki.lines(nonce, namespaces=".+"))
        return "looked for"

    if not inquiry.ask("lines-looked-for", wanted="looked for", got=shipped):
        return
    for line in lines:
        _keep(inquiry, line)
    times_s = sorted(line.arrived_s - line.written_s for line in lines if line.arrived_s)
    if times_s:
        percentile_s = times_s[math.ceil(0.95 * len(times_s)) - 1]
        inquiry.facts.append(Timing(phase="stdout to Loki, p95", took_s=round(percentile_s, 3), budget_s=BUDGET_S))


def arrive(loki: Loki, inquiry: Inquiry, *, line: Line, within_s: float = ARRIVED_S) -> None:
    """Look for a line that was written earlier, as long as that takes."""

    def look() -> str:
        _match([line], loki.lines(line.text, namespaces=".+"))
        return _described(line)

    inquiry.ask("line-shipped", wanted=_wanted(line, inquiry.environment), got=look, within_s=within_s)


def check_namespaces(loki: Loki, inquiry: Inquiry, *, wrote: Callable[[], Sequence[str]]) -> None:
    """Ask whose lines there are: all of *wrote*, and nobody's beside the platform's own."""
    allowed = {f"{service}-{inquiry.environment}" for service in SERVICES}

    def seen() -> str:
        found = loki.namespaces()
        strangers = [name for name in found if name not in allowed]
        missing = [name for name in wrote() if name not in found]
        if strangers or missing:
            return f"strangers: {', '.join(strangers) or 'none'}; missing: {', '.join(missing) or 'none'}"
        return "the platform's namespaces, and no others"

    inquiry.ask("lines-of-platform", wanted="the platform's namespaces, and no others", got=seen)


def check_stranger(
    loki: Loki, inquiry: Inquiry, *, stranger: Writer, text: str, ship_others: Callable[[], None]
) -> None:
    """
    Have somebody write whose namespace is not shipped, and look whether that line is nowhere.

    The others write after it: whatever brought it would have brought it by the time their lines have come.
    """
    inquiry.ask("stranger-wrote", wanted="HTTP 404", got=lambda: f"HTTP {stranger.write(text)}")
    ship_others()

    def left_out() -> str:
        found = {one.labels.get("namespace", "") for one in loki.lines(text, namespaces=".+")}
        return f"in {', '.join(sorted(found))}" if found else "nowhere"

    inquiry.ask("stranger-left-out", wanted="nowhere", got=left_out)


def _match(lines: Sequence[Line], found: Sequence[Found]) -> None:
    now_s = time.monotonic()
    for line in lines:
        line.found = [one for one in found if line.text in one.text]
        if line.found and not line.arrived_s:
            line.arrived_s = now_s


def _keep(inquiry: Inquiry, line: Line) -> None:
    wanted, got = _wanted(line, inquiry.environment), _described(line)
    took_s = (line.arrived_s or time.monotonic()) - line.written_s
    outcome = "right" if got == wanted else "wrong"
    inquiry.keep("line-shipped", outcome=outcome, wanted=wanted, got=got, took_s=took_s)


def _wanted(line: Line, environment: str) -> str:
    return f"once, from {line.namespace} in {environment}, labels {' '.join(LABELS)}"


def _described(line: Line) -> str:
    if not line.found:
        return "not there"
    times = "once" if len(line.found) == 1 else f"{len(line.found)} times"
    first: dict[str, Any] = line.found[0].labels
    empty = [name for name in LABELS if not first.get(name)]
    names = " ".join(sorted(first)) + (f" (empty: {' '.join(empty)})" if empty else "")
    return f"{times}, from {first.get('namespace')} in {first.get('env')}, labels {names}"
