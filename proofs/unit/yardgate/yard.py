"""One gateway under test: real uvicorn on loopback, real neighbours' sockets, and a stand-in for Triton's gRPC side."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import uvicorn

from yardgate.app import create_app
from yardgate.errors import Unreachable, VersionNotReady
from yardgate.settings import GatewaySettings

from .neighbour import Asked, Neighbour, answering, running

__all__ = ["TOKEN", "ControlSide", "Yard", "raising", "triton_answer"]

TOKEN = "t" * 32
ROUTES = "champion: {model: wine, version: 1}\n"
CARDS = Path(__file__).parents[3] / "serving" / "models"


async def triton_answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Answer like Triton: the version from the path, and the request's own body length, so that bytes can be told."""
    _, _, _, model, _, version, _ = asked.path.split("/")
    document = {"model_name": model, "model_version": version, "body_bytes": len(asked.body)}
    await answering(writer, document, headers="Inference-Header-Content-Length: 7\r\n")


@dataclass
class ControlSide:
    """Stands for ``Triton``, the door to the gRPC client: knows which versions are ready, or that nobody answers."""

    ready: set[tuple[str, int]] = field(default_factory=lambda: {("wine", 1)})
    reachable: bool = True

    async def require(self, model: str, *, version: int) -> None:
        """Answer as the door does."""
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
    routes_file: Path
    port: int

    def route(self, **aliases: tuple[str, int]) -> None:
        """Write the routes file."""
        document = {alias: {"model": model, "version": version} for alias, (model, version) in aliases.items()}
        self.routes_file.write_text(json.dumps(document), encoding="utf-8")

    def infer(self, body: bytes = b"{}", *, alias: str = "champion") -> httpx.Response:
        """One prediction."""
        return self.client.post(f"/v1/{alias}/infer", content=body)

    def reload(self, token: str = TOKEN) -> httpx.Response:
        """One reload."""
        return self.client.post("/v1/reload", headers={"authorization": f"Bearer {token}"})


async def _absent(asked: Asked, writer: asyncio.StreamWriter) -> None:
    raise AssertionError(f"nobody should have asked {asked}")


@contextmanager
def raising(
    folder: Path,
    *,
    triton: Neighbour | None = None,
    feast: Neighbour | None = None,
    routes: str = ROUTES,
    **settings: object,
) -> Iterator[Yard]:
    """
    Raise a gateway by the text of its routes file.

    A neighbour that is given must be running already; Triton otherwise runs for as long as the yard, and the feature
    server is absent.
    """
    folder.joinpath("token").write_text(TOKEN + "\n", encoding="utf-8")
    routes_file = folder / "routes.yaml"
    routes_file.write_text(routes, encoding="utf-8")
    if triton is None:
        with (
            running(Neighbour(triton_answer)) as own,
            raising(folder, triton=own, feast=feast, routes=routes, **settings) as yard,
        ):
            yield yard
        return
    # Port 1 is privileged and unused on loopback: a connection there is refused at once.
    feast = feast or Neighbour(_absent, port=1)
    control = ControlSide()
    made = GatewaySettings.model_validate(
        {
            "routes_file": routes_file,
            "cards_dir": CARDS,
            "triton_url": triton.url,
            "features_url": feast.url,
            "reload_token_file": folder / "token",
            "features_period_s": 0.02,
            "check_deadline_s": 0.2,
            **settings,
        }
    )
    with _serving(made, control) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
        yield Yard(client=client, triton=triton, feast=feast, control=control, routes_file=routes_file, port=port)


@contextmanager
def _serving(settings: GatewaySettings, control: ControlSide) -> Iterator[int]:
    app = create_app(settings, readiness=control)
    config = uvicorn.Config(app, port=0, http="httptools", loop="uvloop", ws="none", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    socket.listen()  # whoever comes before the server accepts has to wait, instead of being refused
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
    thread.start()
    try:
        yield socket.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        socket.close()
