"""As much of a cluster as the prober's stand needs: objects that are kept, and pods that become real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from switchyard.errors import Unreachable
from switchyard.probe.endpoints import Place
from switchyard.probing import manifests
from switchyard.probing.door import Door
from switchyard.transport import Reply, Request
from switchyard.waiting import wait_until

__all__ = ["ECHO_ADDRESS", "STARTED_S", "Cluster", "answers"]

ECHO_ADDRESS: Final = "127.0.0.3"
"""Of the only Service, and of the pod behind it: nothing translates one into the other here."""
PROBER_ADDRESS: Final = "127.0.0.1"
"""It asks itself there."""
STARTED_S: Final = 20.0
"""Python starts within a second, on a machine that has nothing else to do."""
IMAGE: Final = "switchyard.local/sink:0123456789ab"


class Cluster:
    """A transport that keeps what is created, gives it back, and runs the command of a pod on loopback."""

    def __init__(self, folder: Path) -> None:
        self.where = "https://cluster"
        self.objects: dict[str, dict[str, Any]] = {
            "/apis/apps/v1/namespaces/tools/deployments/python": {
                "spec": {"template": {"spec": {"containers": [{"image": IMAGE}]}}}
            }
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.deleted: list[str] = []
        self._folder = folder

    def send(self, request: Request) -> Reply:
        """Answer one request."""
        match request.method:
            case "GET" if request.path in self.objects:
                return Reply(200, json.dumps(self.objects[request.path]).encode())
            case "POST":
                body = json.loads(request.body or b"{}")
                path = f"{request.path}/{body['metadata']['name']}"
                self.objects[path] = body | {"metadata": body["metadata"] | {"uid": f"uid of {path}"}}
                if body["kind"] == "Service":
                    body["spec"]["clusterIP"] = ECHO_ADDRESS
                if body["kind"] == "Pod":
                    self.objects[path]["status"] = self._run(body)
                return Reply(201, json.dumps(self.objects[path]).encode())
            case "DELETE" if request.path in self.objects:
                self.deleted.append(request.path)
                self.objects = {path: body for path, body in self.objects.items() if not path.startswith(request.path)}
                self.end()
                return Reply(200, b"{}")
            case _:
                return Reply(404, b'{"message": "not found"}')

    def open(self, request: Request) -> Any:
        """Nothing is watched."""
        raise NotImplementedError(request.path)

    def close(self) -> None:
        """Nothing is kept alive."""

    def end(self) -> None:
        """End every process."""
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.processes.clear()

    def _run(self, pod: dict[str, Any]) -> dict[str, Any]:
        name = pod["metadata"]["name"]
        address = ECHO_ADDRESS if name == "echo" else PROBER_ADDRESS
        (container,) = pod["spec"]["containers"]
        assert container["image"] == IMAGE
        sources = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        command: list[str] = container["command"]
        environment = {one["name"]: one["value"] for one in container["env"]}
        for mount in container["volumeMounts"]:
            folder = self._folder / name / mount["mountPath"].lstrip("/")
            folder.mkdir(parents=True)
            if "configMap" in (source := sources[mount["name"]]):
                path = f"/api/v1/namespaces/switchyard-proof/configmaps/{source['configMap']['name']}"
                for file, text in self.objects[path]["data"].items():
                    (folder / file).write_text(text)
        root = self._folder / name
        moved = [str(root / word.lstrip("/")) if word.startswith("/") else word for word in command[1:]]
        self.processes[name] = subprocess.Popen(
            [sys.executable, "-S", *moved, "--host", address],
            env=environment | {"PYTHONPATH": str(root / environment["PYTHONPATH"].lstrip("/"))},
        )
        place = Place(address, manifests.PORT)
        wait_until(lambda: answers(place), what=f"{name} answers", ready=bool, within_s=STARTED_S)
        return {
            "phase": "Running",
            "podIP": address,
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"restartCount": 0}],
        }


def answers(place: Place) -> bool:
    """Whether a prober answers there."""
    door = Door(place)
    try:
        door.skew_ms()
    except Unreachable:
        return False
    finally:
        door.close()
    return True
