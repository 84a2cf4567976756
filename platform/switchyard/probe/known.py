"""
What a model is known to answer, from the registry that keeps it beside the model: MLflow's REST API 2.0.

A probe names it instead of a value: ``{champion:/rows/0/features}`` is what stands at that JSON pointer of the file
that was kept with the version behind the alias. Whoever is promoted, a probe wants what that version's training gave.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

from switchyard import pointer
from switchyard.errors import NotFound, Refused, Unreachable, Unreadable
from switchyard.kube import Kube
from switchyard.probe.endpoints import Place, address
from switchyard.probe.secret import secret
from switchyard.references import resolved
from switchyard.yard import HttpProbe, Known, Probe, Yard

__all__ = ["document", "fill", "fill_known"]

ALIAS: Final = "/api/2.0/mlflow/registered-models/alias"
ARTIFACTS: Final = "/api/2.0/mlflow-artifacts/artifacts/"
SCHEME: Final = "mlflow-artifacts:/"

P = TypeVar("P", bound=Probe)


def fill_known(yard: Yard, *, kube: Kube, secrets_file: Path | None) -> Yard:
    """
    The yard with what is known at this moment, also in its probes. A registry that does not tell leaves its probes as
    they are: whoever asks one of them asks the registry again, and says why that went wrong.

    Raises:
        Misconfigured: The secrets file lacks a credential.
    """

    def read(known: Known) -> Known:
        try:
            return replace(known, document=document(known, kube=kube, secrets_file=secrets_file))
        except Unreadable:
            return known

    every = {(one.name, one.environment): read(one) for one in yard.known}

    def filled(probe: Probe) -> Probe:
        if not isinstance(probe, HttpProbe) or not probe.known:
            return probe
        known = tuple(every[one.name, one.environment] for one in probe.known)
        if any(one.document is None for one in known):
            return probe
        return fill(replace(probe, known=known), kube=kube, secrets_file=secrets_file)

    return replace(yard, known=tuple(every.values()), probes=tuple(filled(probe) for probe in yard.probes))


def fill(probe: P, *, kube: Kube, secrets_file: Path | None) -> P:
    """
    The probe with values in the place of references; without references, as it is.

    Raises:
        Unreadable: The registry does not answer, or what it keeps has nothing at that pointer.
        Misconfigured: The secrets file lacks a credential.
    """
    if not isinstance(probe, HttpProbe) or not probe.known:
        return probe
    documents = {one.name: document(one, kube=kube, secrets_file=secrets_file) for one in probe.known}

    def at(name: str, place: str) -> Any:
        try:
            return pointer.at(documents[name], place)
        except LookupError as exc:
            raise Unreadable(f"probe {probe.name} ({probe.environment}): {exc} in what is known of {name}") from exc

    expect = replace(
        probe.expect,
        headers={name: str(resolved(value, at)) for name, value in probe.expect.headers.items()},
        values=tuple(replace(one, value=resolved(one.value, at)) for one in probe.expect.values),
    )
    return replace(probe, url=resolved(probe.url, at), body=resolved(probe.body, at), expect=expect, known=())


def document(
    known: Known, *, kube: Kube, secrets_file: Path | None, transport: httpx.BaseTransport | None = None
) -> Mapping[str, Any]:
    """
    What was kept with the version behind the alias, and ``version``: a training does not know its number yet. What was
    read before is not read again. transport: for unit tests.

    Raises:
        Unreadable: The registry does not answer, or not with a version and its file.
        Misconfigured: The secrets file lacks the credential.
    """
    if known.document is not None:
        return known.document
    url = httpx.URL(known.url)
    password = secret(secrets_file, environment=known.environment, key=known.password)
    what = f"what is known of {known.name} ({known.environment})"
    try:
        place = address(Place(url.host, url.port or 80), kube=kube)
    except NotFound as exc:  # of the registry: says nothing about the service that a probe asks
        raise Unreadable(f"{what}: {exc}") from exc
    with httpx.Client(
        base_url=f"http://{place}",
        headers={"Host": url.netloc.decode()},
        auth=(known.user, password),
        timeout=known.timeout_s,
        trust_env=False,  # a proxy of this machine must not answer for a service of the cluster
        transport=transport,
    ) as client:
        try:
            found = _read(client, ALIAS, what=what, name=known.model, alias=known.alias)["model_version"]
            home, _, _ = str(found["source"]).removeprefix(SCHEME).strip("/").rpartition("/")
            kept = _read(client, f"{ARTIFACTS}{home}/{known.artifact}", what=what)
            return {**kept, "version": int(found["version"])}
        except httpx.TransportError as exc:
            raise Unreachable(f"{what}: {known.url}: {type(exc).__name__}: {exc}") from exc
        except (ValueError, LookupError, TypeError) as exc:
            raise Unreadable(f"{what}: {known.url}: wanted a version and its {known.artifact}, got {exc!r}") from exc


def _read(client: httpx.Client, path: str, *, what: str, **query: str) -> Any:
    reply = client.get(path, params=query)
    if reply.status_code != 200:
        raise Refused(f"{what}: GET {path}: HTTP {reply.status_code} {reply.text[:200]}", status=reply.status_code)
    return reply.json()
