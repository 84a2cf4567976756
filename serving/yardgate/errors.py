"""
What the gateway answers when it cannot do what was asked. Each error knows its status and its machine-readable reason.

GatewayError
├── RequestError                 the caller can do something about it
│   ├── AliasUnknown         404 no such alias; the answer names the served ones
│   ├── ShadowVacant         404 evidence of a shadow is wanted, and there is no shadow
│   ├── BodyTooLarge         413 over the limit
│   ├── BodyLate             408 announced, but not sent in time
│   ├── BodyMalformed        400 not what the route takes
│   ├── EntityUnknown        404 the feature store has no row for the key
│   ├── FeaturesMissing      422 keys only, and nobody there to look them up; the answer names the features
│   ├── Overtaken            409 a reload that does not follow from the current state; the answer tells that state
│   ├── Unauthorized         401 a reload, or an override of the variant, without the right token
│   └── TooMany              429 too many predictions in flight, reloads in a row, or wrong tokens
├── UpstreamError                a neighbour did not do its part; the answer names it and the reason
│   ├── Unreachable          502 no connection
│   ├── Broken               502 the connection ended, or carried what is no answer
│   ├── Slow                 504 no answer before the deadline
│   └── FeaturesUnreadable   503 the feature server is there, but refused the read
├── AliasVacant              503 the alias is served, but the ledger puts nothing behind it
├── LedgerUnreadable         at the start the process ends with it; later the routing is unchanged
├── VersionNotReady          412 Triton does not serve the version; routing is unchanged
├── GoldenFailed             412 the version gave no answer to the golden rows; routing is unchanged
└── GoldenMismatch           412 it gave another one than was recorded; routing is unchanged

ClientGone stands beside the tree: the caller went away, so there is nobody to answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

__all__ = [
    "AliasUnknown",
    "AliasVacant",
    "BodyLate",
    "BodyMalformed",
    "BodyTooLarge",
    "Broken",
    "ClientGone",
    "EntityUnknown",
    "FeaturesMissing",
    "FeaturesUnreadable",
    "GatewayError",
    "GoldenFailed",
    "GoldenMismatch",
    "LedgerUnreadable",
    "Overtaken",
    "RequestError",
    "ShadowVacant",
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
    """
    Base of the tree. ``details`` stand beside the message in the answer, ``headers`` in its head.

    A class gives its status and reason where it names its base; what it does not give is its base's.
    """

    status = 500
    reason = "gateway"

    def __init_subclass__(cls, *, status: int = 0, reason: str = "") -> None:
        super().__init_subclass__()
        cls.status, cls.reason = status or cls.status, reason or cls.reason

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


class AliasUnknown(RequestError, status=404, reason="alias-unknown"):
    """No alias of this name is served."""

    def __init__(self, alias: str, *, known: Sequence[str]) -> None:
        super().__init__(f"wanted one of the aliases {', '.join(known)}; got {alias!r}", details={"known": list(known)})


class ShadowVacant(RequestError, status=404, reason="alias-vacant"):
    """There is no shadow to tell about."""

    def __init__(self, *, generation: int) -> None:
        super().__init__(
            f"wanted what is known of the shadow, got no shadow in generation {generation}; deploy one to that alias",
            details={"generation": generation},
        )


class BodyTooLarge(RequestError, status=413, reason="body-too-large"):
    """The body is over the limit."""

    def __init__(self, *, limit_bytes: int) -> None:
        super().__init__(
            f"wanted a body of at most {limit_bytes} bytes; send fewer rows, or send them as binary tensors",
            details={"limit_bytes": limit_bytes},
        )


class BodyLate(RequestError, status=408, reason="body-late"):
    """The body did not arrive within the deadline."""


class BodyMalformed(RequestError, status=400, reason="body-malformed"):
    """The body is not what the route takes."""


class EntityUnknown(RequestError, status=404, reason="entity-unknown"):
    """The feature store holds no values for some keys."""


class FeaturesMissing(RequestError, status=422, reason="features-missing"):
    """The request carries keys only, and the feature store is absent."""


class Documented(Protocol):
    """A state that can be shown."""

    def document(self) -> dict[str, object]:
        """As the control routes show it."""


class Overtaken(RequestError, status=409, reason="overtaken"):
    """The announcement does not follow from the current state, which stands in the answer."""

    def __init__(self, message: str, *, current: Documented) -> None:
        super().__init__(message, details=current.document())


class Unauthorized(RequestError, status=401, reason="unauthorized"):
    """The token is missing or wrong."""


class TooMany(RequestError, status=429, reason="too-many"):
    """Come back later: ``retry_after_s`` tells when."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message, headers={"retry-after": str(retry_after_s)})


class UpstreamError(GatewayError, status=502, reason="upstream"):
    """A neighbour did not do its part."""


class Unreachable(UpstreamError, reason="upstream-unreachable"):
    """
    No connection came about.

    ``refused`` tells a definite no (no such name, nobody listens) from not knowing (a timeout, a resolver in trouble).
    """

    def __init__(self, message: str, *, refused: bool) -> None:
        super().__init__(message)
        self.refused = refused


class Broken(UpstreamError, reason="upstream-broken"):
    """The connection ended before the answer was complete, or carried what is no answer."""


class Slow(UpstreamError, status=504, reason="upstream-slow"):
    """No complete answer before the deadline."""


class FeaturesUnreadable(UpstreamError, status=503, reason="features-unreadable"):
    """The feature server answered, but not with features."""


class AliasVacant(GatewayError, status=503, reason="alias-vacant"):
    """The alias is served, but stands for nothing."""

    def __init__(self, alias: str, *, generation: int, ledger: str) -> None:
        super().__init__(
            f"wanted a version behind the alias {alias}, got none: generation {generation} of the ledger at {ledger} "
            "names none; deploy one",
            details={"alias": alias, "generation": generation, "ledger": ledger},
        )
        self.alias = alias


class LedgerUnreadable(GatewayError, reason="ledger-unreadable"):
    """The ledger, or an outcome in it, cannot be read, or says what none may say."""


class VersionNotReady(GatewayError, status=412, reason="version-not-ready"):
    """Triton does not serve the version."""


class GoldenFailed(GatewayError, status=412, reason="golden-failed"):
    """The version gave no answer to the golden rows, or none that has scores."""


class GoldenMismatch(GatewayError, status=412, reason="golden-mismatch"):
    """The version's answer to the golden rows is not the recorded one."""
