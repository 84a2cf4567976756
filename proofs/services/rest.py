"""
The way to every service: JSON over HTTP, to a Service by its name (package ``httpx``).

No client of a vendor's stands here. They retry, so that a service that answers at the third try looks well; MLflow's
takes its credential from the environment of the process, which has one of them and not one an environment.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import httpx

from switchyard.kube import Kube
from switchyard.probe.endpoints import Place, address

from .errors import Declined, Unanswered

__all__ = ["Rest"]

ANSWER_S: Final = 30.0
"""The first request after a start imports what it needs: Airflow took 11 s beside everything else on two busy cores."""

NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Services speak plain HTTP here; the package would read all of the world's authorities for each client, in 24 ms."""

SHOWN_CHARS: Final = 200
"""Of an answer that was not wanted; evidence is read by people."""


@dataclass(frozen=True)
class Rest:
    """One service. Its address is looked up for every request: a service that was replaced is found again."""

    kube: Kube
    url: str
    """``http://<service>.<namespace>[:port]``."""
    login: tuple[str, str] | None = field(default=None, repr=False)
    """User and password, sent as basic authentication."""
    token: str = field(default="", repr=False)
    """Sent as a bearer's."""
    transport: httpx.BaseTransport | None = None
    """For unit tests."""

    def bearing(self, token: str) -> Rest:
        """The same service, asked with *token*."""
        return replace(self, token=token)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """
        Send one request, *body* as JSON or *content* as it is, and return whatever comes.

        Raises:
            Unanswered: Nothing came.
            NotFound: There is no such Service.
            Unreadable: The service's address could not be looked up.
        """
        url = httpx.URL(self.url)
        place = address(Place(url.host, url.port or 80), kube=self.kube)
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        # trust_env off: a proxy of this machine must not answer for a service of the cluster.
        with httpx.Client(
            auth=self.login, timeout=ANSWER_S, trust_env=False, verify=NO_TLS, transport=self.transport
        ) as client:
            try:
                return client.request(
                    method,
                    f"http://{place}{path}",
                    params=query,
                    headers={"Host": url.netloc.decode(), **bearer, **(headers or {})},
                    json=body,
                    content=content,
                )
            except httpx.TransportError as exc:
                raise Unanswered(f"{method} {self.url}{path}: {type(exc).__name__}: {exc}") from exc

    def get(
        self, path: str, *, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """GET, and the JSON that comes; raises as ``send``, and ``Declined``."""
        return self._document(self.send("GET", path, query=query, headers=headers), asked=f"GET {path}")

    def post(self, path: str, body: Any) -> Any:
        """POST *body*, and the JSON that comes; raises as ``send``, and ``Declined``."""
        return self._document(self.send("POST", path, body=body), asked=f"POST {path}")

    def delete(self, path: str, body: Any = None) -> None:
        """DELETE; raises as ``send``, and ``Declined``."""
        self._document(self.send("DELETE", path, body=body), asked=f"DELETE {path}")

    def put(self, path: str, content: bytes) -> None:
        """PUT bytes; raises as ``send``, and ``Declined``."""
        headers = {"Content-Type": "application/octet-stream"}
        self._document(self.send("PUT", path, headers=headers, content=content), asked=f"PUT {path}")

    def content(self, path: str) -> bytes:
        """GET, and the bytes that come; raises as ``send``, and ``Declined``."""
        return self._accepted(self.send("GET", path), asked=f"GET {path}").content

    def _document(self, reply: httpx.Response, *, asked: str) -> Any:
        if not self._accepted(reply, asked=asked).content:
            return None
        try:
            return reply.json()
        except ValueError as exc:
            raise Declined(f"{asked}: no JSON: {reply.text[:SHOWN_CHARS]}", status=reply.status_code) from exc

    def _accepted(self, reply: httpx.Response, *, asked: str) -> httpx.Response:
        if not reply.is_success:
            raise Declined(f"{asked}: HTTP {reply.status_code} {reply.text[:SHOWN_CHARS]}", status=reply.status_code)
        return reply
