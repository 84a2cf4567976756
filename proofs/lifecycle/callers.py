"""Callers of the champion, who name themselves or do not: each asks every replica once, and what each got is kept."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
from proofs.services.errors import ServiceError
from proofs.services.rest import Rest

from yardfacts.facts import Fact, Served, Traffic
from yardfacts.outputs import kept

__all__ = ["NOBODY", "Calls", "call", "said_by"]

KEY: Final = "X-Client-Key"
"""With this header a caller names itself (docs/reference/gateway.md)."""
NOBODY: Final = ""
"""The key of a caller who sends none."""
SHOWN: Final = 5


@dataclass(frozen=True)
class Reply:
    """One answer, and who gave it. outputs: probabilities of the classes, in the model's order."""

    key: str
    variant: str
    version: int
    generation: int
    outputs: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Calls:
    """What all callers of one environment got, through all doors. failed: the others' errors, in words."""

    environment: str
    sent: int
    replies: Sequence[Reply]
    failed: Sequence[str]
    slowest_ms: float
    span_s: float

    @property
    def by(self) -> str:
        """Who answered, in the words of ``said_by`` where everybody was answered; with the first errors else."""
        answered = {(one.variant, one.version, one.generation) for one in self.replies}
        said = "; ".join(f"{variant} {version} in generation {number}" for variant, version, number in sorted(answered))
        told = f"{len(self.replies)} of {self.sent} answered, by {said or 'nobody'}"
        return f"{told}; {'; '.join(self.failed[:SHOWN])}" if self.failed else told

    @property
    def changed(self) -> str:
        """How many callers were answered by more than one variant or version, of those who were answered twice."""
        answers = Counter(one.key for one in self.replies)
        by = {(one.key, one.variant, one.version) for one in self.replies}
        variants = Counter(key for key, _, _ in by)
        twice = [key for key, count in answers.items() if count > 1]
        return f"{sum(variants[key] > 1 for key in twice)} of {len(twice)} keys changed"

    def facts(self) -> tuple[Fact, ...]:
        """As a client's: the requests counted, and equal answers together."""
        traffic = Traffic(
            environment=self.environment,
            sent=self.sent,
            answered=len(self.replies),
            failed=len(self.failed),
            late=0,
            slowest_ms=round(self.slowest_ms, 1),
            span_s=round(self.span_s, 1),
            detail="; ".join(self.failed[:SHOWN]),
        )
        seen = Counter((one.generation, one.version, one.outputs) for one in self.replies)
        served = (
            Served(environment=self.environment, generation=generation, version=version, answers=count, outputs=outputs)
            for (generation, version, outputs), count in sorted(seen.items())
        )
        return (traffic, *served)


def said_by(sent: int, *, generation: int, **versions: int) -> str:
    """What ``Calls.by`` says where all *sent* calls were answered in *generation*. versions: variant to version."""
    said = "; ".join(f"{variant} {version} in generation {generation}" for variant, version in sorted(versions.items()))
    return f"{sent} of {sent} answered, by {said}"


def call(environment: str, doors: Sequence[Rest], *, keys: Sequence[str], body: Any) -> Calls:
    """
    Let each of *keys* ask the champion once through each of *doors*, one after the other.

    Args:
        doors: The replicas. Who asks through the Service cannot say which of them is met.
        keys: ``NOBODY`` for a caller who does not name itself.
    """
    replies: list[Reply] = []
    failed: list[str] = []
    slowest_ms, started_s = 0.0, time.monotonic()
    for door in doors:
        for key in keys:
            asked_s = time.monotonic()
            try:
                reply = door.send("POST", "/v1/champion/infer", headers=_named(key), body=body)
                slowest_ms = max(slowest_ms, 1000 * (time.monotonic() - asked_s))
                replies.append(_read(key, reply))
            except (ServiceError, LookupError, TypeError, ValueError) as exc:
                failed.append(f"{key or 'nobody'} at {door.url}: {exc!r}"[:300])
    return Calls(
        environment=environment,
        sent=len(doors) * len(keys),
        replies=replies,
        failed=failed,
        slowest_ms=slowest_ms,
        span_s=time.monotonic() - started_s,
    )


def _named(key: str) -> Mapping[str, str]:
    return {KEY: key} if key else {}


def _read(key: str, reply: httpx.Response) -> Reply:
    if not reply.is_success:
        raise ValueError(f"HTTP {reply.status_code} {reply.text[:100]}")
    found = {one["name"]: one["data"] for one in reply.json()["outputs"]}
    variant, version, generation = (
        reply.headers[f"x-switchyard-{name}"] for name in ("variant", "version", "generation")
    )
    outputs = kept(found["probabilities"])
    return Reply(key, variant, int(version), int(generation), outputs)
