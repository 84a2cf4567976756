"""
The one door to the gateways: every replica is told, and every replica has to say that it follows.

Replicas are found by name, each ready pod by its own address: through the Service one would answer for all.
"""

from __future__ import annotations

import json
import re
import socket
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import httpx
import numpy as np
import numpy.typing as npt

from yardflow.errors import Fenced, GatewayAway, NotReloaded

__all__ = ["Gateway", "Prediction", "Reload", "Table"]

ANSWER_S: Final = 10.0
"""For one call; a reload asks Triton twice before it answers."""
CONNECTS: Final = 5
"""
Tries after a refused connection, 7.5 s in all, before anything was sent. Who types a command starts a pod, and whoever
enforces network policies knows a new pod only after some seconds: until then it is refused everywhere.
"""
FENCED, UNFIT = 409, 412
ANSWERED: Final = re.compile(r'^yardgate_requests_total{.*\bcode="(\d{3})".*} (\S+)$', re.MULTILINE)
"""A line of a replica's metrics: status code and number of predictions that were answered so."""
UNDERWAY: Final = re.compile(r'^yardgate_inflight{.*\bmodel="([^"]+)".*\bversion="(\d+)".*} (\S+)$', re.MULTILINE)
"""Another: model, version, and number of predictions that are on their way there."""


@dataclass(frozen=True, kw_only=True)
class Reload:
    """What a replica is told of an alias. golden: rows that the version has to answer rightly before it serves."""

    deploy_id: str
    generation: int
    expect_generation: int | None
    """That the replica has to follow now; None where any lower one will do."""
    model: str
    version: int
    digest: str
    golden: Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """What a replica follows. aliases: name to (version, digest). weight: the challenger's share, 0 to 1."""

    replica: str
    generation: int
    deploy_id: str
    aliases: Mapping[str, tuple[int, str]]
    weight: float = 0.0

    def version(self, alias: str) -> int | None:
        """The version behind *alias*; None where it stands for nothing."""
        found = self.aliases.get(alias)
        return found[0] if found else None


@dataclass(frozen=True)
class Prediction:
    """An answer to a user. probabilities: float32[rows, classes]."""

    version: int
    generation: int
    variant: str
    probabilities: npt.NDArray[np.float32]


class Gateway:
    """The gateways of one environment."""

    def __init__(self, *, service: str, replicas: str, token: str) -> None:
        """*service* is a URL, *replicas* host:port; *token* opens the reload."""
        self.service, self._replicas, self._token = service.rstrip("/"), replicas, token
        self._client = httpx.Client(timeout=ANSWER_S, transport=httpx.HTTPTransport(retries=CONNECTS))

    def replicas(self) -> tuple[str, ...]:
        """
        The URL of every replica that is ready now.

        Raises:
            GatewayAway: There is none.
        """
        host, _, port = self._replicas.rpartition(":")
        try:
            found = socket.getaddrinfo(host, int(port), family=socket.AF_INET, type=socket.SOCK_STREAM)
        except socket.gaierror as failure:
            raise GatewayAway(
                f"wanted the replicas of the gateway at {host}, got {failure}: is any ready?"
            ) from failure
        return tuple(sorted({f"http://{address[4][0]}:{port}" for address in found}))

    def table(self, replica: str) -> Table:
        """
        What *replica* follows.

        Raises:
            GatewayAway: It does not answer.
        """
        document = self._json(self._ask("GET", f"{replica}/v1/aliases"))
        aliases = {name: (one["version"], one["digest"]) for name, one in document["aliases"].items()}
        weight = document["aliases"].get("challenger", {}).get("weight", 0.0)
        return Table(replica, document["generation"], document["deploy_id"], aliases, weight)

    def reload(self, replica: str, alias: str, ask: Reload) -> bool:
        """
        Let *replica* answer *alias* with another version; whether that changed anything.

        Raises:
            Fenced: It follows a higher generation: somebody else has decided since.
            NotReloaded: It refuses, and serves on as before; carries its words.
            GatewayAway: It does not answer.
        """
        answer = self._ask(
            "POST",
            f"{replica}/v1/aliases/{alias}/reload",
            content=json.dumps(asdict(ask)),
            headers={"authorization": f"Bearer {self._token}", "content-type": "application/json"},
        )
        if answer.status_code == FENCED:
            raise Fenced(f"wanted generation {ask.generation} at {replica}, got {answer.text[:300]}")
        if answer.status_code != httpx.codes.OK:
            raise NotReloaded(
                f"wanted {alias} at {replica} to be version {ask.version}, "
                f"got {answer.status_code}: {answer.text[:300]}"
            )
        return bool(self._json(answer)["changed"])

    def predict(self, url: str, features: npt.NDArray[np.float32], *, alias: str = "champion") -> Prediction:
        """
        Ask as users do. features: float32[rows, columns].

        Raises:
            GatewayAway: No answer, or one that is no prediction.
        """
        tensor = {
            "name": "features",
            "datatype": "FP32",
            "shape": list(features.shape),
            "data": features.ravel().tolist(),
        }
        answer = self._ask("POST", f"{url}/v1/{alias}/infer", content=json.dumps({"inputs": [tensor]}))
        if answer.status_code != httpx.codes.OK:
            raise GatewayAway(f"wanted a prediction from {url}, got {answer.status_code}: {answer.text[:300]}")
        outputs: Sequence[Mapping[str, Any]] = self._json(answer)["outputs"]
        found = next(one for one in outputs if one["name"] == "probabilities")
        return Prediction(
            version=int(answer.headers["x-switchyard-version"]),
            generation=int(answer.headers["x-switchyard-generation"]),
            variant=answer.headers["x-switchyard-variant"],
            probabilities=np.asarray(found["data"], dtype=np.float32).reshape(found["shape"]),
        )

    def answered(self, replica: str) -> Counter[int]:
        """
        Status code to the number of predictions that *replica* has answered so since it started.

        Raises:
            GatewayAway: It does not answer.
        """
        counted: Counter[int] = Counter()
        for code, number in ANSWERED.findall(self._ask("GET", f"{replica}/metrics").text):
            counted[int(code)] += int(float(number))
        return counted

    def underway(self, replica: str, model: str) -> Counter[int]:
        """
        Version of *model* to the number of predictions that are on their way there through *replica*, bodies included.

        Raises:
            GatewayAway: It does not answer.
        """
        counted: Counter[int] = Counter()
        for name, version, number in UNDERWAY.findall(self._ask("GET", f"{replica}/metrics").text):
            counted[int(version)] += int(float(number)) if name == model else 0
        return +counted

    def mirrored(self, replica: str) -> Mapping[str, Any]:
        """
        What *replica* has seen of the shadow; empty where it has none.

        Raises:
            GatewayAway: It does not answer.
        """
        answer = self._ask("GET", f"{replica}/v1/shadow")
        return self._json(answer) if answer.status_code == httpx.codes.OK else {}

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def _ask(self, method: str, url: str, **content: Any) -> httpx.Response:
        try:
            return self._client.request(method, url, **content)
        except httpx.HTTPError as failure:
            raise GatewayAway(f"wanted an answer to {method} {url}, got {failure!r}") from failure

    @staticmethod
    def _json(answer: httpx.Response) -> dict[str, Any]:
        try:
            document: dict[str, Any] = answer.json()
        except ValueError as failure:
            raise GatewayAway(f"wanted JSON from {answer.url}, got {answer.text[:100]!r}") from failure
        return document
