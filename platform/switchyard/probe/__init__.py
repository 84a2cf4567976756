"""
Functional checks: a service asked for something whose right answer is known.

``ask`` runs one probe of yard.toml and returns an ``Answer``; it never raises for what the service does, only for what
the cluster's API does.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from switchyard.errors import NotFound
from switchyard.kube import Kube
from switchyard.probe import http, s3
from switchyard.probe.endpoints import Place, address
from switchyard.probe.known import fill
from switchyard.probe.secret import secret
from switchyard.prober.lane import UNANSWERED
from switchyard.yard import HttpProbe, Probe, S3Probe
from yardfacts.facts import Answer

__all__ = ["ask", "ask_all", "open_store"]


def ask(probe: Probe, *, kube: Kube, secrets_file: Path | None) -> Answer:
    """
    Run one probe.

    ``right``: everything expected was there. ``wrong``: it answered otherwise. ``unanswered``: refused, timed out, or
    the service does not exist.

    Raises:
        Unreadable: The service's address could not be looked up, or the registry does not tell what is wanted.
        Misconfigured: The secrets file lacks a key that the probe names.
    """
    try:
        if isinstance(probe, HttpProbe):
            asked = fill(probe, kube=kube, secrets_file=secrets_file)
            return http.request(asked, place=address(http.place_of(asked), kube=kube))
        return s3.round_trip(probe, store=open_store(probe, kube=kube, secrets_file=secrets_file))
    except NotFound as exc:
        return Answer(
            probe=probe.name,
            environment=probe.environment,
            outcome=UNANSWERED,
            wanted="a Service that answers",
            got=str(exc),
            took_s=0.0,
        )


def ask_all(probes: Iterable[Probe], *, kube: Kube, secrets_file: Path | None) -> tuple[Answer, ...]:
    """Run all at once, answers in the order of *probes*; raises as ``ask``."""
    every = tuple(probes)
    with ThreadPoolExecutor(max(len(every), 1), thread_name_prefix="probe") as threads:
        return tuple(threads.map(lambda probe: ask(probe, kube=kube, secrets_file=secrets_file), every))


def open_store(probe: S3Probe, *, kube: Kube, secrets_file: Path | None) -> s3.Store:
    """
    The store behind an S3 probe of yard.toml, for canaries.

    Raises:
        NotFound: There is no such Service.
        Unreadable: The service's address could not be looked up.
        Misconfigured: The secrets file lacks a key that the probe names.
    """
    host, _, port = probe.endpoint.partition(":")
    return s3.Store.at(
        address(Place(host, int(port or 80)), kube=kube),
        access_key=secret(secrets_file, environment=probe.environment, key=probe.access_key),
        secret_key=secret(secrets_file, environment=probe.environment, key=probe.secret_key),
        timeout_s=probe.timeout_s,
    )
