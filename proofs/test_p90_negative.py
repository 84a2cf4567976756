"""P90: the yard is broken on purpose, and the claims have to say so: exactly this verdict, for exactly this reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from switchyard import labels
from switchyard.audit import audit
from switchyard.errors import Unreadable, as_fact
from switchyard.ground import Cluster
from switchyard.kinds import CONFIG_MAPS
from switchyard.kube import Kube, connect
from switchyard.scenario import Scenario
from switchyard.sweep import sweep
from switchyard.toggled import Toggled
from switchyard.yard import Yard
from yardfacts.facts import Obligation
from yardfacts.target import Target
from yardfacts.verdict import Verdict

from .outages import CONTROLLER, silence

pytestmark = [pytest.mark.order(90), pytest.mark.negative]

SILENT_S = 5.0
"""A controller that lives answers within one; the declared deadline is for one that has just started."""


@pytest.fixture(name="detached", scope="module")
def _detached(yard: Scenario, layer: str, bring: Callable[[str], None]) -> Toggled:
    """A detach that proved absence; controls break what comes after it."""
    bring("attached")
    return yard.detach(layer, moment="prepared")


def test_silence_is_no_absence(
    *, yard: Scenario, declared: Yard, target: Target, detached: Toggled, layer: str, tmp_path: Path
) -> None:
    """An API server that does not answer while the layer is counted leaves its absence open."""
    with yard.given("a detach that proved absence"):
        yard.record("detached", *(fact for fact in detached.facts if isinstance(fact, Obligation)))

    with yard.when("the rest is counted through an address at which nobody listens"):
        deaf = _deaf(target, tmp_path)
        yard.record("detached", *audit(deaf, yard=declared, target=target))
        try:
            yard.record("detached", sweep(deaf, yard=declared, layer=declared.layer(layer), decoy=yard.run_id))
        except Unreadable as exc:
            yard.record("detached", as_fact("Sweep", exc))

    broken = "the API server is out of reach while the layer is counted"
    yard.expect("nothing_left", Verdict.INCONCLUSIVE, "unreadable", broken=broken)
    yard.expect("root_absent", Verdict.INCONCLUSIVE, "unreadable", broken=broken)


def test_an_orphan_is_found(
    *, yard: Scenario, kube: Kube, declared: Yard, ground: Cluster, detached: Toggled, layer: str
) -> None:
    """An object with the layer's tracking id that is left in its namespace is found, whatever Argo CD says."""
    one = declared.layer(layer)
    namespace = one.namespaces[0]
    name = f"orphan-{yard.run_id}"
    environment = namespace.rpartition("-")[2]
    body = {
        "apiVersion": CONFIG_MAPS.api_version,
        "kind": CONFIG_MAPS.kind,
        "metadata": {
            "name": name,
            "labels": {labels.RUN_ID: yard.run_id},
            "annotations": {labels.TRACKING_ID: f"feast-{environment}:/ConfigMap:{namespace}/{name}"},
        },
    }
    with yard.given("a detach that proved absence"):
        yard.record("detached", *detached.facts)

    try:
        with yard.when(f"an object of the layer is left in {namespace}"):
            kube.create(CONFIG_MAPS, body, namespace=namespace)
        swept = sweep(kube, yard=declared, layer=one, applications=ground.applications(layer), decoy=yard.run_id)
        yard.record("detached", swept)
    finally:
        kube.delete(CONFIG_MAPS, name, namespace=namespace)

    yard.expect("nothing_left", Verdict.DISPROVED, "left_behind", broken=f"an orphan in {namespace}")


@pytest.fixture(name="silenced")
def _silenced(yard: Scenario, kube: Kube, declared: Yard) -> Iterator[None]:
    """Argo CD's application controller is scaled to nothing for the test, and answers again afterwards."""
    with silence(yard, kube=kube, declared=declared):
        yield


@pytest.mark.usefixtures("silenced")
def test_a_silent_controller_proves_nothing(yard: Scenario) -> None:
    """Synced and Healthy is not believed when the controller that says so does not answer the barrier."""
    with yard.when("everything is looked at while the application controller is away"):
        yard.observe("detached", barrier_s=SILENT_S)

    yard.expect("core_settled", Verdict.INCONCLUSIVE, "barrier_unanswered", broken=f"{CONTROLLER} is scaled to 0")


def _deaf(target: Target, folder: Path) -> Kube:
    """A connection to an address of this machine at which nobody listens: port 1 is nobody's."""
    config = yaml.safe_load(target.kubeconfig.read_text())
    for cluster in config["clusters"]:
        cluster["cluster"]["server"] = "https://127.0.0.1:1"
    path = folder / "kubeconfig"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(config))
    return connect(path, context=target.context)
