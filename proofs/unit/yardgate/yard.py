"""One gateway under test: real uvicorn on loopback, real neighbours' sockets, and a stand-in for Triton's gRPC side."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from yardgate.app import create_app
from yardgate.errors import Unreachable, VersionNotReady
from yardgate.settings import GatewaySettings

from .neighbour import Asked, Neighbour, answering, running

__all__ = [
    "SCORES",
    "TOKEN",
    "ControlSide",
    "Standing",
    "Yard",
    "commit",
    "digest",
    "put",
    "raising",
    "scoring",
    "triton_answer",
    "until",
    "version_of",
]

TOKEN = "t" * 32
SCORES = (0.7, 0.2, 0.1)

Standing = int | tuple[int, float]
"""A version, or a version and its share."""

FIRST: Mapping[str, Standing] = {"champion": 1}
CARDS = Path(__file__).parents[3] / "serving" / "models"


async def triton_answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Answer like Triton: the version from the path, and the request's own body length, so that bytes can be told."""
    model, version = version_of(asked)
    document = {"model_name": model, "model_version": str(version), "body_bytes": len(asked.body)}
    await answering(writer, document, headers="Inference-Header-Content-Length: 7\r\n")


def version_of(asked: Asked) -> tuple[str, int]:
    """Model and version that the path names."""
    _, _, _, model, _, version, _ = asked.path.split("/")
    return model, int(version)


async def scoring(asked: Asked, writer: asyncio.StreamWriter, *, shift: float = 0.0, winner: int = 0) -> None:
    """Answer like the model: the same scores for each row, the class *winner*, all probabilities off by *shift*."""
    model, version = version_of(asked)
    rows = json.loads(asked.body)["inputs"][0]["shape"][0]
    outputs = [
        {"name": "probabilities", "datatype": "FP32", "shape": [rows, 3], "data": [p + shift for p in SCORES] * rows},
        {"name": "class", "datatype": "INT64", "shape": [rows, 1], "data": [winner] * rows},
    ]
    await answering(writer, {"model_name": model, "model_version": str(version), "outputs": outputs})


def digest(version: int) -> str:
    """The digest that a version has here."""
    return f"{version:064x}"


def commit(folder: Path, generation: int, *, phase: str = "committed", **aliases: Standing) -> None:
    """Write an outcome into the ledger. A pair is version and weight."""
    entries: dict[str, dict[str, object]] = {}
    for alias, entry in aliases.items():
        version, weight = entry if isinstance(entry, tuple) else (entry, None)
        entries[alias] = {"version": version, "digest": digest(version)}
        if weight is not None:
            entries[alias]["weight"] = weight
    document = {
        "model": "wine",
        "generation": generation,
        "phase": phase,
        "deploy_id": f"d{generation}",
        "action": "promote",
        "aliases": entries,
        "actor": "test",
        "evidence": {},
    }
    put(folder, generation, json.dumps(document).encode())


def put(folder: Path, generation: int, content: bytes) -> None:
    """Let an outcome with this *content* appear, whole at once: complete under another name, then renamed."""
    folder.mkdir(exist_ok=True)
    made = folder / f".{generation}.made"
    made.write_bytes(content)
    made.rename(folder / f"{generation:012}.outcome.json")


def until(holds: Callable[[], bool]) -> None:
    """Ask again until it holds; what is looked up in the background is looked up every 20 ms here."""
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline, "did not come true within 5 s"


@dataclass
class ControlSide:
    """Stands for ``Triton``, the door to the gRPC client: knows which versions are ready, or that nobody answers."""

    ready: set[tuple[str, int]] = field(default_factory=lambda: {("wine", 1)})
    reachable: bool = True

    asked: list[tuple[str, int]] = field(default_factory=list)

    async def require(self, model: str, *, version: int) -> None:
        """Answer as the door does."""
        self.asked.append((model, version))
        if not self.reachable:
            raise Unreachable("nobody listens", refused=True)
        if (model, version) not in self.ready:
            raise VersionNotReady(f"{model} {version} is not ready")

    async def close(self) -> None:
        """Nothing is held."""


@dataclass
class Yard:
    """The gateway, its neighbours, and a client that talks to it."""

    client: httpx.Client
    triton: Neighbour
    feast: Neighbour
    control: ControlSide
    ledger: Path
    port: int
    stop: Callable[[], None]

    def commit(self, generation: int, *, phase: str = "committed", **aliases: Standing) -> None:
        """Write an outcome into the ledger."""
        commit(self.ledger, generation, phase=phase, **aliases)

    def follows(self, generation: int) -> None:
        """Wait until the gateway follows *generation*."""
        until(lambda: self.state()["generation"] == generation)

    def state(self) -> dict[str, Any]:
        """What the aliases are."""
        document: dict[str, Any] = self.client.get("/v1/aliases").json()
        return document

    def infer(
        self, body: bytes = b"{}", *, alias: str = "champion", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """One prediction."""
        return self.client.post(f"/v1/{alias}/infer", content=body, headers=headers)

    def reload(
        self, version: int = 2, *, alias: str = "champion", token: str = TOKEN, **changes: object
    ) -> httpx.Response:
        """One reload: generation 2 after generation 1, unless *changes* say otherwise; None takes a field away."""
        document = {
            "deploy_id": "d2",
            "generation": 2,
            "model": "wine",
            "version": version,
            "digest": digest(int(version)),
            "expect_generation": 1,
            **changes,
        }
        sent = {name: value for name, value in document.items() if value is not None}
        headers = {"authorization": f"Bearer {token}"}
        return self.client.post(f"/v1/aliases/{alias}/reload", json=sent, headers=headers)


async def _absent(asked: Asked, writer: asyncio.StreamWriter) -> None:
    raise AssertionError(f"nobody should have asked {asked}")


@contextmanager
def raising(
    folder: Path,
    *,
    triton: Neighbour | None = None,
    feast: Neighbour | None = None,
    standing: Mapping[str, Standing] = FIRST,
    **settings: object,
) -> Iterator[Yard]:
    """
    Raise a gateway by what its ledger says is *standing* in generation 1; nothing is committed if that is nothing.

    A neighbour that is given must be running already; Triton otherwise runs for as long as the yard, and the feature
    server is absent.
    """
    folder.joinpath("token").write_text(TOKEN + "\n", encoding="utf-8")
    ledger = folder / "wine"
    if standing:
        commit(ledger, 1, phase="committed", **standing)
    if triton is None:
        with (
            running(Neighbour(triton_answer)) as own,
            raising(folder, triton=own, feast=feast, standing=standing, **settings) as yard,
        ):
            yield yard
        return
    # Port 1 is privileged and unused on loopback: a connection there is refused at once.
    feast = feast or Neighbour(_absent, port=1)
    control = ControlSide()
    made = GatewaySettings.model_validate(
        {
            "ledger_dir": ledger,
            "ledger_period_s": 0.02,
            "cards_dir": CARDS,
            "triton_url": triton.url,
            "features_url": feast.url,
            "reload_token_file": folder / "token",
            "features_period_s": 0.02,
            "check_deadline_s": 0.2,
            **settings,
        }
    )
    with (
        _serving(made, control) as (port, stop),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client,
    ):
        yield Yard(client=client, triton=triton, feast=feast, control=control, ledger=ledger, port=port, stop=stop)


@contextmanager
def _serving(settings: GatewaySettings, control: ControlSide) -> Iterator[tuple[int, Callable[[], None]]]:
    app = create_app(settings, readiness=control)
    config = uvicorn.Config(app, port=0, http="httptools", loop="uvloop", ws="none", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    socket.listen()  # whoever comes before the server accepts has to wait, instead of being refused
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join(timeout=10)

    try:
        yield socket.getsockname()[1], stop
    finally:
        stop()
        socket.close()
