"""
The model repository's volume: a file beside the tree that Triton loads from, written and read by a pod of the proof's.

The pod stands beside a claim and lasts as long as the canary, so no pod comes or goes while others are compared. Every
reading is an ephemeral container of it, whose termination message is the answer: nothing is executed in anybody's pod,
nothing is logged, and no network is needed, which the namespace would refuse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from proofs.services.content import summary
from proofs.services.exercise import Hands

from switchyard import labels
from switchyard.errors import Late, NotFound, Unreadable
from switchyard.kinds import PODS, Kind
from switchyard.objects import Json, dig
from switchyard.waiting import wait_until

from .canary import GONE, name_of, nonces

__all__ = ["ModelVolume"]

CLAIM: Final = "model-repo"
COMPONENT: Final = "canary"
MOUNT: Final = "/data"
STARTED_S: Final = 60.0
"""A pod that mounts a volume is through in three seconds."""
READ_S: Final = 30.0
"""A container in a pod that runs takes one."""
MEMORY: Final = "64Mi"

# The file of a proof that was killed with its pod has nobody to take it away but the next. With the run's id first, so
# that two canaries of one run leave each other alone.
WRITE: Final = """\
import pathlib, sys
folder, name, mine, text = sys.argv[1:]
folder = pathlib.Path(folder)
for left in folder.glob('.canary-*'):
    if not left.name.startswith(mine):
        left.unlink()
with open(folder / name, 'x') as file:
    file.write(text)
"""
KEEP: Final = """\
import os, signal, sys
def end(*_):
    os.path.exists(sys.argv[1]) and os.unlink(sys.argv[1])
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
while True:
    signal.pause()
"""
"""As the pod goes, so does its file: one DELETE removes a canary, whoever sends it."""
READ: Final = f"""\
import hashlib, sys
try:
    data = open(sys.argv[1], 'rb').read()
except FileNotFoundError:
    print('{GONE}: no file', end='')
else:
    print(f'{{len(data)}} bytes, sha256 {{hashlib.sha256(data).hexdigest()}}', end='')
"""


@dataclass(frozen=True)
class ModelVolume:
    """A file on the volume that Airflow and Triton share; Triton mounts only a folder below it."""

    store: ClassVar[str] = "model-volume"
    stays: ClassVar[str] = ""

    hands: Hands

    @property
    def namespace(self) -> str:
        """Airflow's: it has a claim, and room in its quota beside a rollout."""
        return f"airflow-{self.hands.environment}"

    def where(self, nonce: str) -> str:
        """Claim and file."""
        return f"{_file(nonce)} on claim {self.namespace}/{CLAIM}"

    def write(self, nonce: str) -> str:
        """
        Make the pod, which writes the file before it is ready.

        Raises:
            Unreadable: The pod was refused, or did not come up: nothing is known of the volume then.
        """
        (neighbour, *_) = self.hands.kube.list(PODS, namespace=f"fastapi-{self.hands.environment}").items
        image = str(neighbour["spec"]["containers"][0]["image"])  # has Python, and is on the node
        self.hands.kube.create(PODS, self.pod(nonce, image=image), namespace=self.namespace)
        self._wait(nonce, _is_ready, failed=_has_failed, within_s=STARTED_S)
        return summary(name_of(nonce).encode())

    def read(self, nonce: str) -> str:
        """
        Size and digest of the file, by a process that opens it now.

        Raises:
            Unreadable: The pod is gone, or its container did not come to an end.
        """
        pod = self._wait(nonce, lambda _: True, within_s=0.0)
        earlier = dig(pod, "spec", "ephemeralContainers") or ()
        look = f"look-{len(earlier) + 1}"
        container = _container(look, READ, f"{MOUNT}/{_file(nonce)}", image=pod["spec"]["containers"][0]["image"])
        patch = {"spec": {"ephemeralContainers": [*earlier, container]}}
        # The API adds such containers through a part of the pod, which lies where an object of a collection would.
        part = Kind(PODS.group, PODS.version, PODS.kind, f"{PODS.plural}/{name_of(nonce)}")
        try:
            self.hands.kube.merge(part, "ephemeralcontainers", patch, namespace=self.namespace)
        except NotFound as exc:
            raise Unreadable(f"{self.where(nonce)}: the reader's pod went away") from exc
        state = _ended(self._wait(nonce, lambda seen: bool(_ended(seen, look)), within_s=READ_S), look)
        if state.get("exitCode") != 0:
            raise Unreadable(f"{self.where(nonce)}: the reader ended with {state.get('exitCode')}")
        return str(state.get("message") or "")

    def remove(self, nonce: str) -> None:
        """
        Delete the pod, which takes its file along.

        Raises:
            Unreadable: It does not go.
        """
        self.hands.kube.delete(PODS, name_of(nonce), namespace=self.namespace)
        try:
            wait_until(
                lambda: self.hands.kube.find(PODS, name_of(nonce), namespace=self.namespace),
                what=f"pod {name_of(nonce)} to be gone",
                ready=lambda pod: pod is None,
                within_s=STARTED_S,
            )
        except Late as exc:
            raise Unreadable(str(exc)) from exc

    def strays(self) -> tuple[str, ...]:
        """By their pods."""
        selector = f"{labels.NAME}={COMPONENT}"
        listed = self.hands.kube.list(PODS, namespace=self.namespace, selector=selector).items
        return nonces(str(dig(pod, "metadata", "name")) for pod in listed)

    def _wait(
        self,
        nonce: str,
        ready: Callable[[Json], bool],
        *,
        failed: Callable[[Json], bool] | None = None,
        within_s: float,
    ) -> Json:
        try:
            return wait_until(
                lambda: self.hands.kube.get(PODS, name_of(nonce), namespace=self.namespace),
                what=f"pod {name_of(nonce)}",
                ready=ready,
                failed=failed,
                within_s=within_s,
            )
        except (Late, NotFound) as exc:
            # The reader is the proof's own: without it nobody knows anything of the volume.
            raise Unreadable(f"pod {self.namespace}/{name_of(nonce)}: {type(exc).__name__}") from exc

    def pod(self, nonce: str, *, image: str) -> dict[str, Any]:
        """The pod of Python in *image*, as the API takes it."""
        mine, file = f".{name_of(self.hands.run_id)}-", _file(nonce)
        write = _container("write", WRITE, MOUNT, file, mine, name_of(nonce), image=image)
        keep = _container("keep", KEEP, f"{MOUNT}/{file}", image=image)
        budget = {"requests": {"cpu": "5m", "memory": "16Mi"}, "limits": {"memory": MEMORY}}
        return {
            "apiVersion": PODS.api_version,
            "kind": PODS.kind,
            "metadata": {
                "name": name_of(nonce),
                "labels": {
                    labels.NAME: COMPONENT,
                    labels.ENVIRONMENT: self.hands.environment,
                    labels.RUN_ID: self.hands.run_id,
                },
            },
            "spec": {
                "restartPolicy": "Never",
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "terminationGracePeriodSeconds": 5,  # it ends by itself within one
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 10001,
                    "runAsGroup": 10001,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "initContainers": [{**write, "resources": budget}],
                "containers": [{**keep, "resources": budget}],
                "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": CLAIM}}],
            },
        }


def _container(name: str, code: str, *arguments: str, image: str) -> dict[str, Any]:
    """Python with the volume; what it prints is its termination message, so that no log has to be fetched."""
    return {
        "name": name,
        "image": image,
        "command": ["sh", "-c", 'exec python3 -c "$0" "$@" > /dev/termination-log', code, *arguments],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "data", "mountPath": MOUNT}],
    }


def _is_ready(pod: Json) -> bool:
    conditions = dig(pod, "status", "conditions") or ()
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)


def _has_failed(pod: Json) -> bool:
    return bool(dig(pod, "status", "phase") == "Failed")


def _ended(pod: Json, container: str) -> Json:
    """How an ephemeral container ended; empty as long as it has not."""
    for status in dig(pod, "status", "ephemeralContainerStatuses") or ():
        if status["name"] == container:
            return dig(status, "state", "terminated") or {}
    return {}


def _file(nonce: str) -> str:
    return f".{name_of(nonce)}"
