"""What a version's training recorded of its golden rows, and whether whoever serves it answers them so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from proofs.lifecycle.forged import GOLDEN, NAME
from proofs.lifecycle.replicas import replicas
from proofs.services.exercise import Hands
from proofs.services.rest import Rest

from models.wine.golden import TOLERANCE
from yardfacts.facts import Known

__all__ = ["Memory"]


@dataclass(frozen=True)
class Memory:
    """One version's golden rows. features: of each row, raw units. outputs: the probabilities that were recorded."""

    environment: str
    version: int
    features: Sequence[Sequence[float]]
    outputs: Sequence[Sequence[float]]

    @classmethod
    def of(cls, hands: Hands, version: int) -> Memory:
        """What is kept with *version*; raises as ``Rest`` does."""
        mlflow = hands.mlflow()
        home = str(mlflow.version(NAME, str(version))["source"]).rpartition("/")[0]
        rows = json.loads(mlflow.content(f"{home}/{GOLDEN}"))["rows"]
        features, outputs = ([row[name] for row in rows] for name in ("features", "probabilities"))
        return cls(hands.environment, version, features, outputs)

    @property
    def known(self) -> Known:
        """Of the row that a client asks for all the time, the first."""
        outputs = tuple(float(value) for value in self.outputs[0])
        return Known(environment=self.environment, version=self.version, outputs=outputs)

    @property
    def said(self) -> str:
        """What ``asked`` says where the Service and two replicas answer as recorded."""
        return f"{len(self.features)} golden rows of version {self.version} as recorded, by 3 of 3"

    def asked(self, hands: Hands) -> str:
        """Ask the champion for all golden rows: through the Service, and at each replica that is ready."""
        doors = (hands.trace().gateway, *(Rest(hands.kube, url) for url in replicas(hands)))
        wrong = [said for said in map(self._differs, doors) if said]
        right = f"{len(self.features)} golden rows of version {self.version} as recorded"
        return "; ".join(wrong) or f"{right}, by {len(doors)} of {len(doors)}"

    def _differs(self, door: Rest) -> str:
        """What one door answers otherwise than recorded; empty where nothing is."""
        shape = [len(self.features), len(self.features[0])]
        data = [value for row in self.features for value in row]
        tensor = {"name": "features", "datatype": "FP32", "shape": shape, "data": data}
        reply = door.send("POST", "/v1/champion/infer", body={"inputs": [tensor]})
        if not reply.is_success:
            return f"HTTP {reply.status_code} from {door.url}"
        if reply.headers["x-switchyard-version"] != str(self.version):
            return f"version {reply.headers['x-switchyard-version']} from {door.url}"
        got = next(one["data"] for one in reply.json()["outputs"] if one["name"] == "probabilities")
        recorded = [value for row in self.outputs for value in row]
        distance = max(abs(a - b) for a, b in zip(got, recorded, strict=True))
        # What is no number is at no distance at all.
        return "" if distance <= TOLERANCE else f"a difference of {distance:g} from {door.url}"
