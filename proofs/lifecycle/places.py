"""Who serves, asked of every place that knows: registry, Triton, an answer, the gateways, and the people's channel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from proofs.lifecycle.replicas import gateways
from proofs.services.alertmanager import sink_url
from proofs.services.rest import Rest

from switchyard.objects import dig

if TYPE_CHECKING:
    from proofs.services.exercise import Hands
    from proofs.services.inquiry import Inquiry

    from yardfacts.facts import Generation

__all__ = ["MODEL", "Places"]

MODEL: Final = "wine"
TOLD_S: Final = 30.0
"""Until a message that was sent is in the channel."""


@dataclass(frozen=True)
class Places:
    """The places of one environment; each says ``wine version N``, or what it knows instead."""

    hands: Hands

    def champion(self) -> Mapping[str, Any]:
        """The registry's version that bears the alias."""
        return self.hands.mlflow().aliased(MODEL, "champion")

    def loaded(self) -> frozenset[int]:
        """Versions that Triton's index calls READY."""
        index = Rest(self.hands.kube, self._triton).post("/v2/repository/index", {"ready": True})
        return frozenset(int(one["version"]) for one in index if one["name"] == MODEL and one.get("state") == "READY")

    def everywhere(self, version: int, generation: int) -> str:
        """What registry, Triton, an answer and the replicas say, one after the other; see ``said_everywhere``."""
        return "; ".join((
            self._registered(),
            self._ready(version),
            self._answered(),
            self.followed(version, generation),
        ))  # fmt: skip

    def said_everywhere(self, version: int, generation: int) -> str:
        """What all of them have to say where *version* is the champion since *generation*."""
        said = _said(version)
        return "; ".join((said, said, said, self.said_followed(version, generation)))

    def followed(self, version: int, generation: int) -> str:
        """How many replicas have *version* as the champion in *generation*; see ``said_followed``."""
        tables = [door.get("/v1/aliases") for door in gateways(self.hands)]
        right = [
            one
            for one in tables
            if (one["generation"], dig(one, "aliases", "champion", "version")) == (generation, version)
        ]
        return f"{_said(version)}, generation {generation}, in {len(right)} of {len(tables)}"

    def said_followed(self, version: int, generation: int) -> str:
        """What is said where both replicas do."""
        return f"{_said(version)}, generation {generation}, in 2 of 2"

    def trace(self, inquiry: Inquiry, *, version: int, now: Generation) -> None:
        """Ask one place after the other for *version*, and the channel for the message of generation *now*."""
        wanted, followed = _said(version), self.said_followed(version, now.generation)
        inquiry.ask("version-in-registry", wanted=wanted, got=self._registered)
        inquiry.ask("version-in-triton", wanted=wanted, got=lambda: self._ready(version))
        inquiry.ask("version-in-answer", wanted=wanted, got=self._answered)
        inquiry.ask("version-in-replicas", wanted=followed, got=lambda: self.followed(version, now.generation))
        told = f"1 message of {_name(now)} with version {version}"
        inquiry.ask("message-in-channel", wanted=told, got=lambda: self._told(now, version), within_s=TOLD_S)

    @property
    def _triton(self) -> str:
        return f"http://triton.triton-{self.hands.environment}:8000"

    def _registered(self) -> str:
        return _said(self.champion()["version"])

    def _ready(self, version: int) -> str:
        ready = self.loaded()
        return _said(version if version in ready else ", ".join(map(str, sorted(ready))) or "none")

    def _answered(self) -> str:
        trace = self.hands.trace()
        reply = trace.gateway.send("POST", "/v1/champion/infer", body=trace.inference)
        return _said(reply.headers.get("x-switchyard-version")) if reply.is_success else str(reply)

    def _told(self, now: Generation, version: int) -> str:
        page = Rest(self.hands.kube, sink_url(self.hands.environment)).get("/slack")
        mine = [one["body"] for one in page["messages"] if _name(now) in json.dumps(one["body"])]
        right = [one for one in mine if f"version {version}" in one["text"]]
        return f"{len(right)} message{'' if len(right) == 1 else 's'} of {_name(now)} with version {version}"


def _said(version: object) -> str:
    return f"{MODEL} version {version}"


def _name(now: Generation) -> str:
    """By which a message tells of its deployment."""
    return f"{now.generation}-{now.deploy_id}"
