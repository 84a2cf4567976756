"""
What the gateway answers when it cannot do what was asked. Each error knows its status and its machine-readable reason.

GatewayError
├── RequestError                 the caller can do something about it
│   ├── AliasUnknown         404 no such alias; the answer names the known ones
│   ├── BodyTooLarge         413 over the limit
│   ├── BodyLate             408 announced, but not sent in time
│   ├── BodyMalformed        400 not what the route takes
│   ├── EntityUnknown        404 the feature store has no row for the key
│   ├── FeaturesMissing      422 keys only, and nobody there to look them up; the answer names the features
│   ├── Unauthorized         401 a reload without the right token
│   └── TooMany              429 too many predictions in flight, or too many wrong tokens
├── UpstreamError                a neighbour did not do its part; the answer names it and the reason
│   ├── Unreachable          502 no connection
│   ├── Broken               502 the connection ended, or carried what is no answer
│   ├── Slow                 504 no answer before the deadline
│   └── FeaturesUnreadable   503 the feature server is there, but refused the read
├── RoutesMalformed          412 the routes file is not what it must be; at the start the process ends with it
└── VersionNotReady          412 a new route points at a version that Triton does not serve; routing is unchanged

ClientGone stands beside the tree: the caller went away, so there is nobody to answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = [
    "AliasUnknown",
    "BodyLate",
    "BodyMalformed",
    "BodyTooLarge",
    "Broken",
    "ClientGone",
    "EntityUnknown",
    "FeaturesMissing",
    "FeaturesUnreadable",
    "GatewayError",
    "RequestError",
    "RoutesMalformed",
    "Slow",
    "TooMany",
    "Unauthorized",
    "Unreachable",
    "UpstreamError",
    "VersionNotReady",
]


class ClientGone(Exception):
    """The caller closed the connection before its request was complete."""


class GatewayError(Exception):
    """Base of the tree. ``details`` stand beside the message in the answer, ``headers`` in its head."""

    status = 500
    reason = "gateway"

    def __init__(
        self, message: str, *, details: Mapping[str, object] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.details = dict(details or {})
        self.headers = dict(headers or {})

    def document(self) -> dict[str, object]:
        """The JSON body of the answer; ``error`` is a text, as in the KServe protocol that Triton speaks."""
        return {"error": str(self), "reason": self.reason, **self.details}


class RequestError(GatewayError):
    """The caller can do something about it."""


class AliasUnknown(RequestError):
    """No route has this name."""

    status = 404
    reason = "alias-unknown"

    def __init__(self, alias: str, *, known: Sequence[str]) -> None:
        super().__init__(f"wanted one of the aliases {', '.join(known)}; got {alias!r}", details={"known": list(known)})


class BodyTooLarge(RequestError):
    """The body is over the limit."""

    status = 413
    reason = "body-too-large"

    def __init__(self, *, limit_bytes: int) -> None:
        super().__init__(
            f"wanted a body of at most {limit_bytes} bytes; send fewer rows, or send them as binary tensors",
            details={"limit_bytes": limit_bytes},
        )


class BodyLate(RequestError):
    """The body did not arrive within the deadline."""

    status = 408
    reason = "body-late"


class BodyMalformed(RequestError):
    """The body is not what the route takes."""

    status = 400
    reason = "body-malformed"


class EntityUnknown(RequestError):
    """The feature store holds no values for some keys."""

    status = 404
    reason = "entity-unknown"


class FeaturesMissing(RequestError):
    """The request carries keys only, and the feature store is absent."""

    status = 422
    reason = "features-missing"


class Unauthorized(RequestError):
    """The token is missing or wrong."""

    status = 401
    reason = "unauthorized"


class TooMany(RequestError):
    """Come back later: ``retry_after_s`` tells when."""

    status = 429
    reason = "too-many"

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message, headers={"retry-after": str(retry_after_s)})


class UpstreamError(GatewayError):
    """A neighbour did not do its part."""

    status = 502
    reason = "upstream"


class Unreachable(UpstreamError):
    """
    No connection came about.

    ``refused`` tells a definite no (no such name, nobody listens) from not knowing (a timeout, a resolver in trouble).
    """

    reason = "upstream-unreachable"

    def __init__(self, message: str, *, refused: bool) -> None:
        super().__init__(message)
        self.refused = refused


class Broken(UpstreamError):
    """The connection ended before the answer was complete, or carried what is no answer."""

    reason = "upstream-broken"


class Slow(UpstreamError):
    """No complete answer before the deadline."""

    status = 504
    reason = "upstream-slow"


class FeaturesUnreadable(UpstreamError):
    """The feature server answered, but not with features."""

    status = 503
    reason = "features-unreadable"


class RoutesMalformed(GatewayError):
    """The routes file cannot be read, or says what no route is."""

    status = 412
    reason = "routes-malformed"


class VersionNotReady(GatewayError):
    """Triton does not serve the version that a route names."""

    status = 412
    reason = "version-not-ready"
