"""What the prober asks: every watched probe of yard.toml in two ways over two kinds of connection, and the controls."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from switchyard.probe.endpoints import Place
from switchyard.prober.plan import KEPT, NEW, Expectation, Plan, Question
from switchyard.yard import HttpProbe, S3Probe
from switchyard.yard import Probe as Declared

__all__ = ["CONTROL", "ECHO", "LOOPBACK", "Watched", "namespace", "plan", "watched"]

PATH_MS: Final = 500
FUNCTIONAL_MS: Final = 4000
"""On each kind of connection. New and kept ones take turns: together a service is asked four times a second whether it
is there, and every two seconds for what it is there for."""
PATH_SUFFIX: Final = "-path"
"""Behind the probe's name: what is asked of its cheap path."""

CONTROL: Final = "control"
"""Stands for an environment where the proof asks itself."""
LOOPBACK: Final = "loopback"
ECHO: Final = "echo"
CONTROL_MS: Final = 5000

JSON_HEADERS: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Watched:
    """One probe as it is asked: a request to a URL of the cluster, what it has to answer, and its cheap path."""

    name: str
    environment: str
    url: str
    path: str
    method: str
    headers: dict[str, str]
    body: str
    expect: Expectation
    state: str
    timeout_s: float


def watched(probes: Iterable[Declared], *, known: Callable[[S3Probe], tuple[str, str]]) -> tuple[Watched, ...]:
    """
    Those of *probes* that have a path.

    Args:
        probes: As yard.toml declares them.

        known: Of a store, the URL of an object and the object's content.
    """
    return tuple(_watched(probe, known) for probe in probes if probe.path)


def plan(every: Iterable[Watched], *, locate: Callable[[Place], Place], own: Place, echo: Place) -> Plan:
    """
    All questions, each at its own place in its period; the same one on new and on kept connections half a period apart.

    Args:
        every: What is watched.

        locate: Address of a Service.

        own: Where the prober answers itself.

        echo: Where the proof's own Service answers.
    """
    every = tuple(every)
    hosts = {one.url: locate(_place(one.url)) for one in every}
    paths = [_path(one, hosts[one.url]) for one in every]
    paths += [_control(LOOPBACK, own), _control(ECHO, echo)]
    functional = [_functional(one, hosts[one.url]) for one in every]
    return Plan((*_spread(paths), *_spread(functional)))


def _spread(questions: list[Question]) -> Iterator[Question]:
    both = [replace(one, connection=connection) for connection in (NEW, KEPT) for one in questions]
    for number, one in enumerate(both):
        yield replace(one, phase_ms=number * one.period_ms // len(both))


def _watched(probe: Declared, known: Callable[[S3Probe], tuple[str, str]]) -> Watched:
    if isinstance(probe, HttpProbe):
        body = "" if probe.body is None else json.dumps(probe.body)
        headers = {**(JSON_HEADERS if body else {}), **probe.headers}
        asked = (probe.method, headers, body, probe.expect, probe.state)
        url = probe.url
    else:
        url, content = known(probe)
        asked = ("GET", {}, "", Expectation(contains=content), "")
    return Watched(probe.name, probe.environment, url, probe.path, *asked, probe.timeout_s)


def namespace(url: str) -> str:
    """Namespace of the Service that a URL names; empty where it names none of the cluster."""
    parts = _place(url).host.split(".")
    return parts[1] if len(parts) > 1 and not parts[0].isdigit() else ""


def _place(url: str) -> Place:
    parts = urlsplit(url)
    return Place(str(parts.hostname), parts.port or 80)


def _question(place: Place, *, url: str, **given: Any) -> Question:
    host = {"Host": urlsplit(url).netloc}
    return Question(
        connection=NEW, phase_ms=0, host=place.host, port=place.port, **given | {"headers": host | given["headers"]}
    )


def _path(one: Watched, place: Place) -> Question:
    return _question(
        place,
        url=one.url,
        probe=f"{one.name}{PATH_SUFFIX}",
        environment=one.environment,
        period_ms=PATH_MS,
        deadline_ms=round(one.timeout_s * 1000),
        method="GET",
        target=one.path,
        headers={},
    )


def _functional(one: Watched, place: Place) -> Question:
    url = urlsplit(one.url)
    return _question(
        place,
        url=one.url,
        probe=one.name,
        environment=one.environment,
        period_ms=FUNCTIONAL_MS,
        deadline_ms=round(one.timeout_s * 1000),
        method=one.method,
        target=(url.path or "/") + (f"?{url.query}" if url.query else ""),
        headers=one.headers,
        body=one.body,
        expect=one.expect,
        state=one.state,
    )


def _control(name: str, place: Place) -> Question:
    return _question(
        place,
        url=f"http://{place}/echo",
        probe=name,
        environment=CONTROL,
        period_ms=PATH_MS,
        deadline_ms=CONTROL_MS,
        method="GET",
        target="/echo",
        headers={},
        expect=Expectation(contains="echo"),
    )
