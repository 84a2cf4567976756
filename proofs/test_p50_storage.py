"""P50: storage outlives what stands on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from switchyard import labels
from switchyard.errors import Late
from switchyard.kinds import NAMESPACES, PODS, VOLUME_CLAIMS, VOLUMES, Kind
from switchyard.kube import Kube
from switchyard.objects import dig
from switchyard.scenario import Scenario
from switchyard.waiting import wait_until
from switchyard.yard import Yard
from yardfacts.facts import Answer

pytestmark = [pytest.mark.order(50), pytest.mark.resilience]

STEP_S = 60.0
"""A pod that mounts a volume is through in three seconds; deletion waits for its mounts."""
SOURCES = ("hostPath", "nfs")
"""What stands behind a volume of the model repository, on the embedded node and on a cluster."""
WRITE = "import sys; open(sys.argv[1], 'x').write(sys.argv[2]); print(open(sys.argv[1]).read(), end='')"
READ_AND_REMOVE = "import os, sys; print(open(sys.argv[1]).read(), end=''); os.unlink(sys.argv[1])"


@dataclass(frozen=True)
class Bench:
    """A volume of the proof's own in one environment, like the model repository's, with another file in it."""

    kube: Kube
    environment: str
    name: str
    """Of everything that is made."""
    image: str
    """Has Python; pods of the platform run it."""

    @property
    def volume(self) -> str:
        """Name of the volume, and of the namespace for claims and pods; objects of the cluster say the environment."""
        return f"{self.name}-{self.environment}"

    def make_volume(self) -> None:
        """Make a volume on what the model repository's stands on, for the first claim, and a namespace for it."""
        self.kube.create(NAMESPACES, self._body(NAMESPACES, self.volume, {}))
        like = self.kube.get(VOLUMES, f"model-repo-airflow-{self.environment}")["spec"]
        kept = ("accessModes", "capacity", "persistentVolumeReclaimPolicy", *SOURCES)
        spec = {
            **{key: like[key] for key in kept if key in like},
            "storageClassName": "",
            "claimRef": self._claim_ref("first"),
        }
        self.kube.create(VOLUMES, self._body(VOLUMES, self.volume, spec))

    def claim(self, which: str) -> str:
        """Claim the volume, and return the claim's phase once it is Bound, or as it was to the end."""
        spec = {
            "accessModes": ["ReadWriteMany"],
            "storageClassName": "",
            "volumeName": self.volume,
            "resources": {"requests": {"storage": "1Mi"}},
        }
        self.kube.create(VOLUME_CLAIMS, self._body(VOLUME_CLAIMS, self._claim(which), spec), namespace=self.volume)
        return self._phase(VOLUME_CLAIMS, self._claim(which), wanted="Bound")

    def give_up(self, which: str) -> str:
        """Delete a claim, and return the volume's phase once it is Released, or as it was to the end."""
        self.kube.delete(VOLUME_CLAIMS, self._claim(which), namespace=self.volume)
        return self._phase(VOLUMES, self.volume, wanted="Released")

    def promise(self, which: str) -> None:
        """Promise the volume to another claim; a Released one remembers the claim that is gone."""
        promise = {"op": "replace", "path": "/spec/claimRef", "value": self._claim_ref(which)}
        self.kube.patch(VOLUMES, self.volume, [promise])

    def run(self, which: str, code: str, *arguments: str) -> str:
        """Run Python in a pod that mounts the claim, and return what it printed, or how it ended."""
        name = f"{self.name}-{which}"
        self.kube.create(PODS, self._body(PODS, name, self._pod(which, code, arguments)), namespace=self.volume)
        phase = self._phase(PODS, name, wanted="Succeeded", end="Failed")
        found = self.kube.get(PODS, name, namespace=self.volume)
        (status,) = dig(found, "status", "containerStatuses") or [{}]
        self.kube.delete(PODS, name, namespace=self.volume)
        self._gone(PODS, name)
        said = dig(status, "state", "terminated", "message") or ""
        return str(said) if phase == "Succeeded" else f"{phase}: {said}"

    def remove(self) -> None:
        """Take everything away that is still there; the volume's data is the model repository's and stays."""
        if self.kube.find(NAMESPACES, self.volume) is not None:
            self.kube.delete(NAMESPACES, self.volume)
            self._gone(NAMESPACES, self.volume)
        if self.kube.find(VOLUMES, self.volume) is not None:
            self.kube.delete(VOLUMES, self.volume)

    def _pod(self, which: str, code: str, arguments: tuple[str, ...]) -> dict[str, Any]:
        return {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 10001,
                "runAsGroup": 10001,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": "python",
                    "image": self.image,
                    # What it prints is its termination message: no log has to be fetched for a word.
                    "command": ["sh", "-c", 'exec python3 -c "$0" "$@" > /dev/termination-log', code, *arguments],
                    "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
                    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                    "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                }
            ],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": self._claim(which)}}],
        }

    def _claim(self, which: str) -> str:
        return f"{self.name}-{which}"

    def _claim_ref(self, which: str) -> dict[str, str]:
        return {"namespace": self.volume, "name": self._claim(which)}

    def _body(self, kind: Kind, name: str, spec: dict[str, Any]) -> dict[str, Any]:
        return {
            "apiVersion": kind.api_version,
            "kind": kind.kind,
            "metadata": {"name": name, "labels": {labels.RUN_ID: self.name.removeprefix("proof-")}},
            "spec": spec,
        }

    def _phase(self, kind: Kind, name: str, *, wanted: str, end: str = "") -> str:
        """The phase, once it is *wanted* or *end*; otherwise what it was when the time was over."""
        seen: list[str] = []

        def look() -> str:
            found = self.kube.find(kind, name, namespace=self.volume)
            seen.append("404" if found is None else str(dig(found, "status", "phase")))
            return seen[-1]

        try:
            return wait_until(look, what=f"{kind} {name}", ready=lambda phase: phase in (wanted, end), within_s=STEP_S)
        except Late:
            return seen[-1]  # the observation; a claim says what it means

    def _gone(self, kind: Kind, name: str) -> None:
        wait_until(
            lambda: self.kube.find(kind, name, namespace=self.volume),
            what=f"{kind} {name} to be gone",
            ready=lambda found: found is None,
            within_s=STEP_S,
        )


@pytest.fixture(name="benches")
def _benches(yard: Scenario, kube: Kube, declared: Yard) -> Iterator[list[Bench]]:
    """A volume an environment; whatever is left of it is taken away."""
    benches = []
    for environment in declared.environments:
        (pod, *_) = kube.list(PODS, namespace=f"fastapi-{environment}").items
        image = str(pod["spec"]["containers"][0]["image"])
        benches.append(Bench(kube, environment, f"proof-{yard.run_id}", image))
    try:
        yield benches
    finally:
        with yard.recorder.step("restore: the proof's own volumes, claims and pods are taken away"):
            for bench in benches:
                bench.remove()


def test_a_retained_volume_is_bound_again(yard: Scenario, benches: list[Bench]) -> None:
    """A volume whose claim is deleted keeps its data, and another claim gets it."""
    for bench in benches:
        file, word = f"/data/.{bench.name}", bench.volume
        with yard.when(f"the claim of a volume with data is deleted in {bench.environment}, and another one made"):
            bench.make_volume()
            bench.claim("first")
            written = bench.run("first", WRITE, file, word)
            released = bench.give_up("first")
            bench.promise("second")
            bound = bench.claim("second")
            read = bench.run("second", READ_AND_REMOVE, file)
        seen = (
            ("volume-written", word, written),
            ("volume-released", "Released", released),
            ("volume-bound-again", "Bound", bound),
            ("volume-read", word, read),
        )
        for probe, wanted, got in seen:
            outcome = "right" if got == wanted else "wrong"
            answer = Answer(
                probe=probe, environment=bench.environment, outcome=outcome, wanted=wanted, got=got, took_s=0.0
            )
            yard.record("rebound", answer)

    yard.judge("volume_rebinds")
