"""
The only door to the ``kubernetes`` package: a kubeconfig becomes a connection pool, and objects go in and out as JSON.

The package's generated clients are not used: they know the kinds of one release, and an all-kinds sweep must not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.config import ConfigException

from switchyard.errors import Gap, NoTarget, NotFound, Refused
from switchyard.kinds import PODS, Kind
from switchyard.objects import Json, dig
from switchyard.pool import Pool
from switchyard.transport import Request, Stream, Transport, raise_for

__all__ = ["MANAGER", "WATCH_S", "Event", "Kube", "Listing", "connect"]

MANAGER: Final = "switchyard"
"""Field manager of every write, so that claims can tell the proof's own writes from everybody else's."""

CONNECTIONS: Final = 160
"""Kept alive at most: a watch holds one each, and a detach watches some sixty collections."""
ANSWER_S: Final = 30.0
"""
A healthy API server lists 20,000 objects in 2.3 s, and one on a machine that lost two thirds of its time to others was
silent for 10 s; one that needs longer than this is not answering.
"""
PAGE: Final = 5000
"""Objects a page: one request for all but very large collections."""
WATCH_S: Final = 30
"""The server ends a watch after this long; a resume follows, so a frozen server is noticed soon after."""

_AS_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
_AS_ONE = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"


@dataclass(frozen=True)
class Listing:
    """One consistent LIST: its objects, and the version that a watch goes on from."""

    items: tuple[Json, ...]
    version: str


@dataclass(frozen=True)
class Event:
    """One watch event: ``ADDED``, ``MODIFIED``, ``DELETED`` or ``BOOKMARK``."""

    type: str
    object: Json


class Kube:
    """
    A typed client over one transport. Every method raises ``Unreadable`` kinds, ``NotFound`` and ``Conflict``.

    Thread-safe; nothing is retried and nothing is cached.
    """

    def __init__(self, transport: Transport, *, answer_s: float = ANSWER_S) -> None:
        self._transport, self._answer_s = transport, answer_s

    @property
    def where(self) -> str:
        """The API server, for messages."""
        return self._transport.where

    def close(self) -> None:
        """Close the kept-alive connections."""
        self._transport.close()

    def get(self, kind: Kind, name: str, *, namespace: str = "") -> Json:
        """One object; raises ``NotFound`` where the API server says 404."""
        return self._json("GET", kind.path(namespace=namespace, name=name))

    def find(self, kind: Kind, name: str, *, namespace: str = "") -> Json | None:
        """One object, or None where the API server says 404."""
        try:
            return self.get(kind, name, namespace=namespace)
        except NotFound:
            return None

    def list(
        self, kind: Kind, *, namespace: str = "", selector: str = "", metadata_only: bool = False, page: int = PAGE
    ) -> Listing:
        """
        All objects of *kind*, read consistently (never from a cache), page by page.

        Raises:
            Gap: A page expired while the list was read.
        """
        items: list[Json] = []
        query = {"limit": str(page)} | ({"labelSelector": selector} if selector else {})
        accept = {"Accept": f"{_AS_LIST},application/json"} if metadata_only else {}
        while True:
            answer = self._json("GET", kind.path(namespace=namespace), query=query, headers=accept)
            # Metadata lists of nothing carry "items": null.
            items.extend(answer.get("items") or ())
            following = dig(answer, "metadata", "continue")
            if not following:
                return Listing(tuple(items), str(dig(answer, "metadata", "resourceVersion") or ""))
            query = query | {"continue": following}

    def create(self, kind: Kind, body: Json, *, namespace: str = "") -> Json:
        """POST one object."""
        return self._json("POST", kind.path(namespace=namespace), query={"fieldManager": MANAGER}, body=body)

    def replace(self, kind: Kind, name: str, body: Json, *, namespace: str = "") -> Json:
        """PUT one object; with its ``resourceVersion`` this is a compare-and-swap (``Conflict`` when lost)."""
        path = kind.path(namespace=namespace, name=name)
        return self._json("PUT", path, query={"fieldManager": MANAGER}, body=body)

    def apply(self, kind: Kind, name: str, body: Json, *, namespace: str = "", dry_run: bool = False) -> Json:
        """Server-side apply, taking fields over from other managers; *dry_run* validates and stores nothing."""
        query = {"fieldManager": MANAGER, "force": "true", "fieldValidation": "Strict"}
        query |= {"dryRun": "All"} if dry_run else {}
        path = kind.path(namespace=namespace, name=name)
        return self._json("PATCH", path, query=query, body=body, content="application/apply-patch+yaml")

    def merge(self, kind: Kind, name: str, patch: Json, *, namespace: str = "") -> Json:
        """JSON merge patch; a null removes."""
        path = kind.path(namespace=namespace, name=name)
        query = {"fieldManager": MANAGER}
        return self._json("PATCH", path, query=query, body=patch, content="application/merge-patch+json")

    def patch(self, kind: Kind, name: str, operations: Sequence[Json], *, namespace: str = "") -> Json:
        """JSON patch; a ``test`` operation that fails raises ``Refused`` with status 422."""
        path = kind.path(namespace=namespace, name=name)
        query = {"fieldManager": MANAGER}
        return self._json("PATCH", path, query=query, body=operations, content="application/json-patch+json")

    def delete(self, kind: Kind, name: str, *, namespace: str = "", uid: str = "", propagation: str = "") -> None:
        """DELETE one object; with *uid* only that very one (``Conflict`` when it is another)."""
        options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions"}
        options |= {"preconditions": {"uid": uid}} if uid else {}
        options |= {"propagationPolicy": propagation} if propagation else {}
        self._json("DELETE", kind.path(namespace=namespace, name=name), body=options)

    def raw(self, path: str, *, accept: str = "application/json") -> Json:
        """GET of any path that answers a JSON object."""
        return self._json("GET", path, headers={"Accept": accept})

    @contextmanager
    def watch(
        self, kind: Kind, *, version: str, namespace: str = "", metadata_only: bool = False, for_s: int = WATCH_S
    ) -> Iterator[tuple[Iterator[Event], Stream]]:
        """
        One watch request from *version* on: its events, and the stream to interrupt from another thread.

        The server ends the watch by itself after *for_s* seconds; resume from the last version seen.

        Raises:
            Gap: *version* is compacted; also from within the events.
        """
        query = {
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(for_s),
        }
        headers = {"Accept": f"{_AS_ONE},application/json" if metadata_only else "application/json"}
        path = kind.path(namespace=namespace)
        stream = self._transport.open(
            Request(method="GET", path=path, query=query, headers=headers, timeout_s=for_s + self._answer_s)
        )
        try:
            if stream.status >= 400:
                raise_for(stream.status, b"".join(stream.lines()), asked=f"watch {self.where}{path}")
            yield _events(stream, asked=f"watch {self.where}{path} from {version}"), stream
        finally:
            stream.close()

    def log(self, pod: str, *, namespace: str, for_s: float) -> Iterator[str]:
        """The lines of a pod's only container, as they come, to its end; it may be silent for *for_s* seconds."""
        path = f"{PODS.path(namespace=namespace, name=pod)}/log"
        request = Request(method="GET", path=path, query={"follow": "true"}, headers={}, timeout_s=for_s)
        stream = self._transport.open(request)
        try:
            if stream.status >= 400:
                raise_for(stream.status, b"".join(stream.lines()), asked=f"log {self.where}{path}")
            for line in stream.lines():
                yield line.decode(errors="replace")
        finally:
            stream.close()

    def _json(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Json | Sequence[Json] | None = None,
        content: str = "application/json",
    ) -> Json:
        sent = {"Accept": "application/json", **(headers or {})}
        sent |= {"Content-Type": content} if body is not None else {}
        reply = self._transport.send(
            Request(
                method=method,
                path=path,
                query=query or {},
                headers=sent,
                body=None if body is None else json.dumps(body).encode(),
                timeout_s=self._answer_s,
            )
        )
        asked = f"{method} {self.where}{path}"
        raise_for(reply.status, reply.body, asked=asked)
        return _parsed(reply.body, asked=asked)


def _parsed(body: bytes, *, asked: str) -> Json:
    try:
        parsed = json.loads(body)
    except ValueError as exc:
        raise Refused(f"{asked}: wanted JSON, got {body[:80]!r}. Is this an API server?", status=200) from exc
    if not isinstance(parsed, dict):
        raise Refused(f"{asked}: wanted a JSON object, got {type(parsed).__name__}", status=200)
    return parsed


def _events(stream: Stream, *, asked: str) -> Iterator[Event]:
    for line in stream.lines():
        if not line.strip():
            continue
        event = _parsed(line, asked=asked)
        kind, thing = str(event.get("type")), event.get("object") or {}
        if kind == "ERROR":
            code, said = int(thing.get("code") or 500), str(thing.get("message"))
            if code == 410:
                raise Gap(f"{asked}: HTTP 410: {said}")
            raise Refused(f"{asked}: {said}", status=code)
        yield Event(kind, thing)


def connect(kubeconfig: Path, *, context: str, answer_s: float = ANSWER_S) -> Kube:
    """
    Open a pool for *context* (empty: the current one) of *kubeconfig*; nothing is sent yet.

    Each answer may take *answer_s*.

    Raises:
        NoTarget: The file cannot be read, or it has no such context.
    """
    settings = Configuration()
    try:
        config.load_kube_config(  # type: ignore[no-untyped-call]  # the package types its clients only
            config_file=str(kubeconfig), context=context or None, client_configuration=settings, persist_config=False
        )
    except (ConfigException, OSError, ValueError) as exc:
        raise NoTarget(f"{kubeconfig}: context {context!r}: {exc}. Name an existing file and context") from exc
    settings.connection_pool_maxsize = CONNECTIONS
    client = ApiClient(configuration=settings)

    def authorise(headers: dict[str, str]) -> None:
        # Asked for every request: exec plugins and token files renew what they give.
        client.update_params_for_auth(headers, [], ["BearerToken"], "", "", None)

    return Kube(Pool(client.rest_client.pool_manager, host=settings.host, authorise=authorise), answer_s=answer_s)
