"""Workloads: nothing is left to accident, in any environment or profile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from .helm import Manifest
from .operated import OPERATED
from .operated import claims as operated_claims
from .rules import container_faults, environment_faults, pod_faults, quantity
from .tree import Application

Rendered = Mapping[Application, tuple[Manifest, ...]]

# The embedded node has two cores and 14 GiB, of which the control plane, Argo CD and rollouts need a part.
CORES_AT_MOST: Final = 1.4
BYTES_AT_MOST: Final = 9 * 2**30


def _pods(rendered: Rendered) -> Iterator[tuple[Application, Manifest, Mapping[str, Any]]]:
    for application, manifests in rendered.items():
        for manifest in manifests:
            if manifest.pod is not None:
                yield application, manifest, manifest.pod


def _privileged(rendered: Rendered, profile: str) -> set[str]:
    """Return the namespaces that admit pods which reach the host."""
    return {
        manifest.name
        for application, manifests in rendered.items()
        if application.profile == profile
        for manifest in manifests
        if manifest.kind == "Namespace"
        and manifest.body["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    }


def _leads_outside(manifest: Manifest) -> bool:
    """Whether *manifest* is a Service that is only another name of something elsewhere."""
    return bool(manifest.body["spec"].get("type") == "ExternalName")


def _selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return selector.items() <= labels.items()


def test_every_workload_states_everything(rendered: Rendered) -> None:
    """Every pod has users, limits, probes, a content-addressed image and a service account of its own."""
    faults = []
    for application, manifest, pod in _pods(rendered):
        found = [*pod_faults(pod, privileged=manifest.namespace in _privileged(rendered, application.profile))]
        for container in pod["spec"].get("initContainers", []):
            # One that stays beside the others serves as they do; any other runs to its end.
            found += container_faults(container, serves=container.get("restartPolicy") == "Always")
            found += environment_faults(container)
        for container in pod["spec"]["containers"]:
            several = len(pod["spec"]["containers"]) > 1
            found += container_faults(container, serves=not manifest.ends, has_neighbours=several)
            found += environment_faults(container)
        faults += [f"{application} {manifest}: {fault}" for fault in found]
    assert faults == []


def test_every_object_is_labelled(rendered: Rendered) -> None:
    """Every object, and every pod, tells its part, Application, layer and environment."""
    for application, manifests in rendered.items():
        wanted = {
            "app.kubernetes.io/instance": application.name,
            "app.kubernetes.io/part-of": "switchyard",
            "app.kubernetes.io/managed-by": "argocd",
            "switchyard.mlops/layer": application.layer,
            "switchyard.mlops/env": application.env,
        }
        for manifest in manifests:
            for metadata in (manifest.body["metadata"], (manifest.pod or manifest.body)["metadata"]):
                labels = dict(metadata["labels"])
                if metadata is not manifest.body["metadata"] and manifest.kind in OPERATED:
                    labels["app.kubernetes.io/managed-by"] = "argocd"  # the operator names itself, and rightly so
                assert wanted.items() <= labels.items(), f"{application} {manifest}"
                assert labels.get("app.kubernetes.io/name"), f"{application} {manifest}"


def test_service_accounts_are_used_once(rendered: Rendered) -> None:
    """Every service account mounts no token and belongs to exactly one workload, and every workload's exists."""
    made, used = set(), []
    for application, manifests in rendered.items():
        for manifest in manifests:
            if manifest.kind == "ServiceAccount":
                assert manifest.body["automountServiceAccountToken"] is False, f"{application} {manifest}"
                made.add((application.profile, manifest.namespace, manifest.name))
    for application, manifest, pod in _pods(rendered):
        used.append((application.profile, manifest.namespace, pod["spec"]["serviceAccountName"]))
    assert sorted(used) == sorted(made)


def test_selectors_select_their_own(rendered: Rendered) -> None:
    """A workload's, service's or budget's selector matches exactly one workload of its namespace."""
    for application, manifest, pod in _pods(rendered):
        if "selector" in manifest.body.get("spec", {}):
            assert _selects(manifest.body["spec"]["selector"]["matchLabels"], pod["metadata"]["labels"]), str(manifest)
        assert application.env in manifest.namespace
    for application, manifests in rendered.items():
        for manifest in manifests:
            if manifest.kind not in {"Service", "PodDisruptionBudget.policy"} or _leads_outside(manifest):
                continue
            selector = manifest.body["spec"]["selector"]
            chosen = [
                pod
                for other, workload, pod in _pods(rendered)
                if other.profile == application.profile
                and workload.namespace == manifest.namespace
                and _selects(selector.get("matchLabels", selector), pod["metadata"]["labels"])
            ]
            assert len(chosen) == 1, f"{application} {manifest}: {len(chosen)} workloads"


def test_service_ports_are_open_and_served(rendered: Rendered) -> None:
    """Every service port leads to a port that a container serves and some network policy lets in."""
    for application, manifests in rendered.items():
        for service in (item for item in manifests if item.kind == "Service" and not _leads_outside(item)):
            selector = service.body["spec"]["selector"]
            (pod,) = [
                pod
                for other, workload, pod in _pods(rendered)
                if other.profile == application.profile
                and workload.namespace == service.namespace
                and _selects(selector, pod["metadata"]["labels"])
            ]
            served = {
                port["name"]: port["containerPort"]
                for container in pod["spec"]["containers"]
                for port in container.get("ports", [])
            }
            wanted = {served[port["targetPort"]] for port in service.body["spec"]["ports"]}
            assert wanted <= _let_in(rendered, application.profile, service.namespace, pod), f"{application} {service}"


def _let_in(rendered: Rendered, profile: str, namespace: str, pod: Mapping[str, Any]) -> set[int]:
    """Return the ports at which some policy of *namespace* lets somebody reach *pod*."""
    return {
        port["port"]
        for application, manifests in rendered.items()
        if application.profile == profile
        for manifest in manifests
        if manifest.kind == "NetworkPolicy.networking.k8s.io" and manifest.namespace == namespace
        if _selects(manifest.body["spec"]["podSelector"].get("matchLabels", {}), pod["metadata"]["labels"])
        for rule in manifest.body["spec"].get("ingress", [])
        for port in rule["ports"]
    }


def test_replicas_have_a_budget(rendered: Rendered) -> None:
    """A workload with more than one replica has a disruption budget, and a single one has none."""
    for application, manifest, pod in _pods(rendered):
        if manifest.ends or manifest.kind == "DaemonSet.apps":  # nobody evicts one for another node
            continue
        budgets = [
            other
            for other in rendered[application]
            if other.kind == "PodDisruptionBudget.policy"
            and _selects(other.body["spec"]["selector"]["matchLabels"], pod["metadata"]["labels"])
        ]
        assert len(budgets) == (1 if manifest.replicas > 1 else 0), f"{application} {manifest}"


def test_the_embedded_node_can_hold_it_all(rendered: Rendered) -> None:
    """Both environments' requests together leave room for the control plane on two cores and 6 GiB."""
    cores, memory = quantity(0), quantity(0)
    for application, manifest, pod in _pods(rendered):
        if application.profile == "embedded":
            for container in pod["spec"]["containers"]:
                replicas = manifest.replicas
                cores += replicas * quantity(container["resources"]["requests"]["cpu"])
                memory += replicas * quantity(container["resources"]["requests"]["memory"])
    assert cores <= CORES_AT_MOST
    assert memory <= BYTES_AT_MOST


def test_quotas_admit_a_rollout(rendered: Rendered) -> None:
    """Every namespace's quota holds its workloads twice, as a rollout needs them, and its claims."""
    for application, manifest in ((a, m) for a, ms in rendered.items() for m in ms if m.kind == "ResourceQuota"):
        hard = manifest.body["spec"]["hard"]
        inside = [
            (workload.replicas, container["resources"])
            for other, workload, pod in _pods(rendered)
            if other.profile == application.profile and workload.namespace == manifest.namespace
            for container in pod["spec"]["containers"]
        ]
        where = f"{application} {manifest}"
        assert 2 * sum(replicas for replicas, _ in inside) <= quantity(hard["pods"]), where
        for field, (part, resource) in {
            "requests.cpu": ("requests", "cpu"),
            "requests.memory": ("requests", "memory"),
            "limits.memory": ("limits", "memory"),
        }.items():
            needed = 2 * sum(replicas * quantity(resources[part][resource]) for replicas, resources in inside)
            assert needed <= quantity(hard[field]), f"{where}: {field}"
        claims = [
            other
            for a, ms in rendered.items()
            if a.profile == application.profile
            for other in ms
            if other.kind == "PersistentVolumeClaim" and other.namespace == manifest.namespace
        ]
        claims += [
            template
            for a, ms in rendered.items()
            if a.profile == application.profile
            for other in ms
            if other.kind == "StatefulSet.apps" and other.namespace == manifest.namespace
            for template in other.body["spec"].get("volumeClaimTemplates", [])
        ]
        made = sum(
            operated_claims(other.body)
            for a, ms in rendered.items()
            if a.profile == application.profile
            for other in ms
            if other.kind in OPERATED and other.namespace == manifest.namespace
        )
        assert len(claims) + made == quantity(hard["persistentvolumeclaims"]), where


GOOD: Final = {
    "image": "switchyard.local/triton:0123456789ab",
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    },
    "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"memory": "1Mi"}},
    "startupProbe": {},
    "readinessProbe": {},
    "livenessProbe": {},
}


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ({"image": "switchyard.local/triton:latest"}, "names its image by content"),
        ({"image": "docker.io/library/redis:7.2"}, "names its image by content"),
        ({"securityContext": {}}, "has no capability"),
        ({"resources": {"requests": {"cpu": "1m", "memory": "1Mi"}}}, "limits memory"),
        ({"resources": {"limits": {"cpu": 1, "memory": "1Mi"}}}, "limits memory, and no cpu"),
    ],
)
def test_a_broken_container_is_found(broken: Mapping[str, Any], fault: str) -> None:
    """The rules notice each thing that they are there for."""
    assert list(container_faults(GOOD, serves=True)) == []
    assert any(found.startswith(fault) for found in container_faults({**GOOD, **broken}, serves=True))


def test_a_missing_probe_is_found() -> None:
    """A server without a probe is found; a job needs none, and what tells figures beside a server not all of them."""
    bare = {key: value for key, value in GOOD.items() if key != "readinessProbe"}
    assert list(container_faults(bare, serves=True)) == ["has a readinessProbe"]
    assert list(container_faults(bare, serves=False)) == []
    telling = {**bare, "ports": [{"name": "metrics", "containerPort": 9121}]}
    assert list(container_faults(telling, serves=True)) == ["has a readinessProbe"]
    assert list(container_faults(telling, serves=True, has_neighbours=True)) == []
    eager = {**telling, "readinessProbe": {}}
    unwanted = "has no readinessProbe: its neighbours serve without it"
    assert list(container_faults(eager, serves=True, has_neighbours=True)) == [unwanted]


def test_a_secret_in_clear_is_found() -> None:
    """A password in a manifest is found; a reference to a Secret is none."""
    clear = {"env": [{"name": "MINIO_ROOT_PASSWORD", "value": "hunter22"}]}
    reference = {"env": [{"name": "MINIO_ROOT_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}]}
    assert list(environment_faults(clear)) == ["takes MINIO_ROOT_PASSWORD from a Secret"]
    assert list(environment_faults(reference)) == []
