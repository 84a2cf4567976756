"""One HTTP request, held field by field against its expectation."""

from __future__ import annotations

import time

import httpx

from switchyard.probe.endpoints import Place
from switchyard.prober.expectation import fault, shown
from switchyard.prober.lane import RIGHT, UNANSWERED, WRONG
from switchyard.yard import Expectation, HttpProbe
from yardfacts.facts import Answer

__all__ = ["place_of", "request"]


def place_of(probe: HttpProbe) -> Place:
    """Host and port that the probe's URL names."""
    url = httpx.URL(probe.url)
    return Place(url.host, url.port or (443 if url.scheme == "https" else 80))


def request(probe: HttpProbe, *, place: Place, transport: httpx.BaseTransport | None = None) -> Answer:
    """
    Send the probe's request to *place*, with the URL's own host name in the Host header.

    ``got`` names the first thing that was not as wanted, or repeats what was.

    Args:
        probe: What to ask, and what is wanted.

        place: Where the service answers.

        transport: For unit tests.
    """
    url = httpx.URL(probe.url)
    start_s = time.monotonic()
    # trust_env off: a proxy of this machine must not answer for a service of the cluster.
    with httpx.Client(timeout=probe.timeout_s, trust_env=False, transport=transport) as client:
        try:
            reply = client.request(
                probe.method,
                url.copy_with(host=place.host, port=place.port),
                headers={"Host": url.netloc.decode(), **probe.headers},
                json=probe.body,
            )
        except httpx.TransportError as exc:
            outcome, got = UNANSWERED, f"{type(exc).__name__}: {exc}"
        else:
            wrong = fault(probe.expect, status=reply.status_code, headers=reply.headers, body=reply.content)
            outcome, got = (WRONG, wrong) if wrong else (RIGHT, f"HTTP {reply.status_code} {shown(reply.text)}")
    return Answer(
        probe=probe.name,
        environment=probe.environment,
        outcome=outcome,
        wanted=_wanted(probe.expect),
        got=got,
        took_s=round(time.monotonic() - start_s, 3),
    )


def _wanted(expect: Expectation) -> str:
    parts = [f"HTTP {expect.status}", *(f"{name}: {value}" for name, value in expect.headers.items())]
    parts += [f"text {expect.contains!r}"] if expect.contains else []
    for one in expect.values:
        near = f" +- {one.tolerance:g}" if one.tolerance else ""
        parts.append(f"{one.pointer or '/'} = {shown(one.value)}{near}")
    return ", ".join(parts)
