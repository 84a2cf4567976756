"""The pod beside a claim: what it is made of, what its programs do to a folder, and what is said of its answers."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from proofs.canaries import volume
from proofs.canaries.canary import GONE
from proofs.canaries.volume import ModelVolume
from proofs.services.content import summary
from proofs.unit.switchyard.scripted import Asked, Scripted, answer

from switchyard.errors import Unreadable
from switchyard.kube import Kube
from switchyard.transport import Reply

from .conftest import Played

NONCE = "abc123-00ff00ff"
TEXT = f"canary-{NONCE}"
FILE = f".canary-{NONCE}"
POD = f"/api/v1/namespaces/airflow-dev/pods/canary-{NONCE}"


class Cluster:
    """An API server whose kubelet starts everything at once; *message* is what every reader prints."""

    def __init__(self, message: str = "", *, code: int = 0, ready: bool = True) -> None:
        self.message, self.code, self.ready = message, code, ready
        self.pod: dict[str, Any] | None = None

    def __call__(self, asked: Asked) -> Reply:
        """Answer."""
        if asked.path == "/api/v1/namespaces/fastapi-dev/pods":
            return answer({"items": [{"spec": {"containers": [{"image": "here/gateway:1"}]}}]})
        match asked.method:
            case "POST":
                condition = {"type": "Ready", "status": str(self.ready)}
                phase = "Running" if self.ready else "Failed"
                self.pod = {**asked.body, "status": {"phase": phase, "conditions": [condition]}}
            case "PATCH" if self.pod is not None and asked.path == f"{POD}/ephemeralcontainers":
                readers = asked.body["spec"]["ephemeralContainers"]
                ended = {"terminated": {"exitCode": self.code, "message": self.message}}
                self.pod["spec"]["ephemeralContainers"] = readers
                self.pod["status"]["ephemeralContainerStatuses"] = [
                    {"name": one["name"], "state": ended} for one in readers
                ]
            case "DELETE":
                self.pod = None
        if asked.method == "GET" and not asked.path.endswith(f"canary-{NONCE}"):
            return answer({"items": [self.pod] if self.pod else []})
        return answer(self.pod or {}, status=404 if self.pod is None and asked.method == "GET" else 200)


def _of(played: Played, cluster: Cluster) -> tuple[ModelVolume, Scripted]:
    transport = Scripted(cluster)
    played.kube = Kube(transport)
    canary: Any = ModelVolume
    return canary(played), transport


def test_every_reading_is_a_container_of_its_own(played: Played) -> None:
    """In the one pod, after those before it; none executes anything in a pod of the platform's."""
    cluster = Cluster(summary(TEXT.encode()))
    canary, transport = _of(played, cluster)
    wanted = canary.write(NONCE)
    assert [canary.read(NONCE), canary.read(NONCE)] == [wanted, wanted]
    assert cluster.pod is not None
    assert [one["name"] for one in cluster.pod["spec"]["ephemeralContainers"]] == ["look-1", "look-2"]
    assert not any("exec" in asked.path for asked in transport.asked)
    assert canary.strays() == (NONCE,)
    canary.remove(NONCE)
    assert cluster.pod is None


def test_the_pod_may_nothing(played: Played) -> None:
    """As Pod Security "restricted" wants it, and labelled with the run; containers that are added later too."""
    cluster = Cluster()
    canary, _ = _of(played, cluster)
    canary.write(NONCE)
    canary.read(NONCE)
    assert cluster.pod is not None
    spec = cluster.pod["spec"]
    assert cluster.pod["metadata"]["labels"]["switchyard.mlops/run-id"] == "abc123"
    assert spec["securityContext"]["runAsNonRoot"]
    assert not spec["automountServiceAccountToken"]
    for container in (*spec["initContainers"], *spec["containers"], *spec["ephemeralContainers"]):
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert not container["securityContext"]["allowPrivilegeEscalation"]


def test_what_the_reader_says_is_the_answer(played: Played) -> None:
    """Loss and change are the volume's."""
    cluster = Cluster(f"{GONE}: no file")
    canary, _ = _of(played, cluster)
    canary.write(NONCE)
    assert canary.read(NONCE).startswith(GONE)


def test_a_reader_that_fails_knows_nothing(played: Played) -> None:
    """Nor does a pod that is gone, or one that never came up."""
    cluster = Cluster(code=1)
    canary, _ = _of(played, cluster)
    canary.write(NONCE)
    with pytest.raises(Unreadable):
        canary.read(NONCE)
    cluster.pod = None
    with pytest.raises(Unreadable):
        canary.read(NONCE)
    cluster.ready = False
    with pytest.raises(Unreadable):
        canary.write(NONCE)


def _run(code: str, *arguments: str) -> str:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True).stdout


def test_the_programs_do_what_they_are_for(tmp_path: Path) -> None:
    """What one writes another reads; what dead proofs left goes first, and this proof's other canaries stay."""
    for name in (".canary-dead00-1", ".canary-abc123-1", "repository"):
        (tmp_path / name).touch()
    _run(volume.WRITE, str(tmp_path), FILE, ".canary-abc123-", TEXT)
    assert sorted(path.name for path in tmp_path.iterdir()) == [FILE, ".canary-abc123-1", "repository"]
    assert _run(volume.READ, str(tmp_path / FILE)) == summary(TEXT.encode())
    assert _run(volume.READ, str(tmp_path / "nothing")) == f"{GONE}: no file"


def test_a_pod_takes_its_file_along(tmp_path: Path) -> None:
    """When it is told to go; nobody else has to look after it."""
    file = tmp_path / FILE
    file.touch()
    code = volume.KEEP.replace("while True", "print(flush=True)\nwhile True")
    with subprocess.Popen([sys.executable, "-c", code, str(file)], stdout=subprocess.PIPE) as keeper:
        assert keeper.stdout is not None
        keeper.stdout.readline()
        keeper.send_signal(signal.SIGTERM)
        assert keeper.wait(timeout=10.0) == 0
    assert not file.exists()
