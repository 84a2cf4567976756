"""Ingress: who is reached from outside a cluster, under which name, and that the embedded node lets nobody in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pytest

from .helm import Manifest
from .monitors import NAMESPACE, Cluster, Peer, admits
from .tree import Application, Tree

Rendered = Mapping[Application, tuple[Manifest, ...]]

KIND: Final = "Ingress.networking.k8s.io"
HOSTS: Final = ("grafana", "prometheus", "alert", "airflow", "mlflow", "fastapi")


@pytest.fixture(name="cluster")
def _cluster(rendered: Rendered) -> Cluster:
    return Cluster(rendered, "cluster")


@pytest.mark.parametrize("env", ["dev", "prod"])
def test_people_reach_six_services_by_name_and_over_tls(env: str, cluster: Cluster) -> None:
    """Each of the agreed names is there once, in its own environment, with a certificate for exactly it."""
    specs = [item.body["spec"] for application, item in cluster.manifests(KIND) if application.env == env]
    names = [rule["host"] for spec in specs for rule in spec["rules"]]
    assert sorted(names) == sorted(f"{host}-{env}.local" for host in HOSTS)
    assert [host for spec in specs for entry in spec["tls"] for host in entry["hosts"]] == names


def test_a_name_leads_to_a_pod_that_lets_the_controller_in(tree: Tree, cluster: Cluster) -> None:
    """Behind each name stands a port of one Service, and the policies of its pods admit the controller's namespace."""
    controller = tree.samples("cluster")["node.yaml"]["ingress"]["namespace"]
    for _, item in cluster.manifests(KIND):
        (rule,) = item.body["spec"]["rules"]
        (path,) = rule["http"]["paths"]
        wanted = path["backend"]["service"]
        (service,) = [
            other
            for _, other in cluster.manifests("Service")
            if (other.namespace, other.name) == (item.namespace, wanted["name"])
        ]
        (target,) = [port for port in service.body["spec"]["ports"] if port["name"] == wanted["port"]["name"]]
        ((namespace, _, port, labels),) = cluster.pods(
            [service.namespace], service.body["spec"]["selector"], target["targetPort"]
        )
        rules = [one for spec in cluster.policies(namespace, labels) for one in spec.get("ingress", [])]
        outside = Peer({NAMESPACE: controller}, {"app.kubernetes.io/name": "any-controller"})
        assert admits(rules, side="from", own=namespace, other=outside, port=port), str(item)
        stranger = Peer({NAMESPACE: "default"}, {"app.kubernetes.io/name": "any-controller"})
        assert not admits(rules, side="from", own=namespace, other=stranger, port=port), str(item)


def test_the_embedded_node_lets_nobody_in(rendered: Rendered) -> None:
    """There is no controller, and no object that one would act upon."""
    assert list(Cluster(rendered, "embedded").manifests(KIND)) == []
