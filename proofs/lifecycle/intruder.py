"""Whoever asks the gateway for what it must not give: tensors that are none, reloads that are stale or nobody's."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import httpx
from proofs.lifecycle.replicas import gateways
from proofs.services.exercise import Hands
from proofs.services.inquiry import Inquiry
from proofs.services.rest import Rest

from switchyard.probe.secret import secret

__all__ = ["REPLICAS", "Intruder"]

REPLICAS: Final = 2
"""Of the gateway: what is said of a reload holds for each of them, or for none."""
TOKEN: Final = "gateway_token"  # noqa: S105 - the name of a credential, not one
LIMIT_BYTES, RELOAD_LIMIT_BYTES = 1024 * 1024, 4096
"""Of a prediction's body and of a reload's (docs/reference/gateway.md)."""
COLUMNS, MOST_ROWS = 13, 64
WINDOW_S: Final = 60.0
"""For how long a wrong token counts."""
LET_IN_S: Final = WINDOW_S + 15.0
NOBODY: Final = 999_999
"""A version that nobody has."""
MINE: Final = "intruder"
"""Name of the deployment that is announced, and that never was."""


@dataclass
class Intruder:
    """One environment's; asks in the order of its methods, for wrong tokens shut the door to the right one too."""

    inquiry: Inquiry
    service: Rest
    replicas: Sequence[Rest]
    token: str = field(repr=False)

    @classmethod
    def of(cls, hands: Hands, inquiry: Inquiry) -> Intruder:
        """The one at an environment's gateway."""
        service = f"http://fastapi-{hands.environment}-service.fastapi-{hands.environment}"
        token = secret(hands.target.secrets_file, environment=hands.environment, key=TOKEN)
        return cls(inquiry, Rest(hands.kube, service), gateways(hands), token)

    def predict(self) -> None:
        """Ask for predictions of what no model takes, and of nobody."""
        for probe, path, content, wanted, told in _PREDICTIONS:
            self.inquiry.ask(probe, wanted=wanted, got=partial(self._predicted, path, content, told))

    def announce(self) -> None:
        """With the right token, announce to each replica what does not follow from what it follows."""
        for probe, alias, content, wanted in _ANNOUNCEMENTS:
            self._everywhere(probe, wanted, partial(self._announced, alias, content))

    def knock(self) -> None:
        """Come to each replica without a token, and with wrong ones until even the right one is not compared."""
        self._everywhere("reload-tokenless", "401 unauthorized", lambda door: _said(_reload(door, b"{")))
        self._everywhere("reload-wrong-token", "401 unauthorized", _knocked)
        self._everywhere("variant-tokenless", "401 unauthorized", _steered)
        self._everywhere("reload-sixth", "401, 401, 429 too-many, Retry-After within a minute", _flooded)
        self._everywhere("reload-locked-out", "429 too-many", lambda door: _said(self._again(door)))

    def come_back(self) -> None:
        """With the right token, announce what is followed already, until the wrong ones are forgotten."""
        self._everywhere("reload-let-in-again", "200 unchanged", self._let_in, within_s=LET_IN_S)

    def _everywhere(self, probe: str, wanted: str, act: Callable[[Rest], str], *, within_s: float = 0.0) -> None:
        def got() -> str:
            said = Counter(act(replica) for replica in self.replicas)
            return "; ".join(f"{answer}, from {count}" for answer, count in sorted(said.items()))

        self.inquiry.ask(probe, wanted=f"{wanted}, from {REPLICAS}", got=got, within_s=within_s)

    def _predicted(self, path: str, content: bytes, told: str) -> str:
        reply = self.service.send("POST", path, headers=_JSON, content=content)
        if not told:
            return _said(reply)
        if reply.is_success:
            found = {one["name"]: one["data"] for one in reply.json()["outputs"]}
            return f"{reply.status_code}, probabilities {', '.join(map(str, found['probabilities']))}"
        # Triton's own words, of which a part has to be there; whose they are, the gateway adds.
        words = str(reply.json()["error"])
        version = "a version" if reply.headers.get("x-switchyard-version") else "no version"
        return f"{reply.status_code} of {version}: {told if told in words else words}"

    def _announced(self, alias: str, content: bytes | _Change, door: Rest) -> str:
        if isinstance(content, bytes):
            return _said(_reload(door.bearing(self.token), content, alias=alias))
        table = door.get("/v1/aliases")
        document = {**_standing(table), "deploy_id": MINE, **content(int(table["generation"]))}
        reply = _reload(door.bearing(self.token), json.dumps(document).encode(), alias=alias)
        if reply.status_code == 409:
            is_told = reply.json()["generation"] == table["generation"]
            return f"{_said(reply)}, telling {'the current' if is_told else 'another'} state"
        return _said(reply)

    def _again(self, door: Rest) -> httpx.Response:
        return _reload(door.bearing(self.token), json.dumps(_standing(door.get("/v1/aliases"))).encode())

    def _let_in(self, door: Rest) -> str:
        reply = self._again(door)
        if not reply.is_success:
            return _said(reply)
        return f"{reply.status_code} {'changed' if reply.json()['changed'] else 'unchanged'}"


_Change = Callable[[int], Mapping[str, Any]]
"""What an announcement says instead of what is followed, by the generation that is followed."""
_JSON: Final = {"Content-Type": "application/json"}


def _rows(count: int, *, columns: int = COLUMNS, datatype: str = "FP32", value: float = 0.5) -> bytes:
    data = [value] * (count * columns)
    tensor = {"name": "features", "datatype": datatype, "shape": [count, columns], "data": data}
    return json.dumps({"inputs": [tensor]}).encode()


_INFER: Final = "/v1/champion/infer"
_PREDICTIONS: Final[Sequence[tuple[str, str, bytes, str, str]]] = (
    ("predict-oversized", _INFER, b" " * (LIMIT_BYTES + 1), "413 body-too-large", ""),
    ("predict-unknown-alias", "/v1/nobody/infer", _rows(1), "404 alias-unknown", ""),
    ("predict-unserved-alias", "/v1/previous/infer", _rows(1), "404 alias-unknown", ""),
    ("predict-by-no-key", "/v1/champion/infer-by-key", b'{"entities": {}}', "400 body-malformed", ""),
    *(
        (probe, _INFER, content, f"{status} of a version: {told}", told)
        for probe, content, status, told in (
            ("predict-no-json", b"{", 500, "failed to parse the request JSON buffer"),
            ("predict-wrong-type", _rows(1, datatype="FP64"), 400, "data-type is 'FP64'"),
            ("predict-wrong-shape", _rows(1, columns=COLUMNS - 1), 400, "unexpected shape for input 'features'"),
            ("predict-too-many-rows", _rows(MOST_ROWS + 1), 400, f"batch-size must be <= {MOST_ROWS}"),
        )
    ),
    ("predict-not-finite", _INFER, _rows(1, value=float("nan")), "200, probabilities nan, nan, nan", "nan"),
)
"""Probe, path, body, the answer, and what of it are Triton's words; those of the gateway's own are read as such."""

_ANNOUNCEMENTS: Final[Sequence[tuple[str, str, bytes | _Change, str]]] = (
    ("reload-unknown-alias", "nobody", b"{}", "404 alias-unknown"),
    # Another alias than the champion's, for five calls in a row are all that one alias is given.
    ("reload-malformed", "challenger", b"{", "400 body-malformed"),
    ("reload-oversized", "challenger", b" " * (RELOAD_LIMIT_BYTES + 1), "413 body-too-large"),
    ("reload-stale", "champion", lambda now: {"generation": max(now - 1, 1)},
     "409 overtaken, telling the current state"),
    ("reload-overtaken", "champion", lambda now: {"generation": now + 1, "expect_generation": now - 1},
     "409 overtaken, telling the current state"),
    ("reload-unloaded", "champion", lambda now: {"generation": now + 1, "expect_generation": now, "version": NOBODY},
     "412 version-not-ready"),
)  # fmt: skip


def _reload(door: Rest, content: bytes, *, alias: str = "champion") -> httpx.Response:
    return door.send("POST", f"/v1/aliases/{alias}/reload", headers=_JSON, content=content)


def _standing(table: Mapping[str, Any]) -> dict[str, Any]:
    """The announcement of what is followed already."""
    champion = table["aliases"]["champion"]
    placed = {name: champion[name] for name in ("model", "version", "digest")}
    return {"deploy_id": table["deploy_id"], "generation": table["generation"], **placed}


def _knocked(door: Rest) -> str:
    return _said(_reload(door.bearing(secrets.token_hex(32)), b"{"))


def _steered(door: Rest) -> str:
    return _said(door.send("POST", _INFER, headers={**_JSON, "X-Switchyard-Variant": "champion"}, content=_rows(1)))


def _flooded(door: Rest) -> str:
    """The fourth, fifth and sixth attempt of this minute."""
    replies = [_reload(door.bearing(secrets.token_hex(32)), b"{") for _ in range(3)]
    last, after_s = replies[-1], int(replies[-1].headers.get("retry-after", "0"))
    when = "within a minute" if 1 <= after_s <= WINDOW_S + 1 else f"{after_s} s"
    return f"{', '.join(str(one.status_code) for one in replies[:-1])}, {_said(last)}, Retry-After {when}"


def _said(reply: httpx.Response) -> str:
    return f"{reply.status_code} {reply.json()['reason']}" if not reply.is_success else f"{reply.status_code} accepted"
