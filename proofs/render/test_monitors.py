"""Monitors: everything is measured once in its environment, from where it can be reached, or there is a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

import pytest
import yaml

from .helm import Manifest
from .monitors import Cluster, admits
from .tree import Application, Tree

Rendered = Mapping[Application, tuple[Manifest, ...]]

# Monitors of what no chart here makes.
OUTSIDE: Final = {
    "apiserver": "the API server's Service is Kubernetes' own",
    "argocd": "Argo CD's Services come with it",
    "kubelet": "the operator keeps the Service that leads to the nodes",
}

# Ports that serve nothing but metrics; those that serve more are known by their monitor.
METRICS: Final = {"metrics", "telemetry"}

# By the name of the part: kube-state-metrics and the kubelet tell of these whether they run and what they cost.
UNMEASURED: Final = {
    "alert-sink": "a stand-in for a receiver; that it hears is what a proof reads from it",
    "grafana": "it shows, and nothing depends on it",
    "postgres": "its exporter is, which asks it",
    "airflow-api": "it sends its figures to airflow-statsd, which is",
    "airflow-dag-processor": "as airflow-api",
    "airflow-scheduler": "as airflow-api",
    "airflow-triggerer": "as airflow-api",
}


@pytest.fixture(name="clusters")
def _clusters(tree: Tree, rendered: Rendered) -> list[Cluster]:
    return [Cluster(rendered, profile) for profile in tree.profiles()]


def test_every_monitor_leads_somewhere(clusters: list[Cluster]) -> None:
    """An endpoint of a monitor leads to one workload, through one Service port unless it asks pods themselves."""
    for cluster in clusters:
        for endpoint in cluster.endpoints():
            if endpoint.monitor not in OUTSIDE:
                assert len(endpoint.pods) == 1, f"{cluster.profile}: {endpoint}: {endpoint.services}"
                assert len(endpoint.services) <= 1, f"{cluster.profile}: {endpoint}"


def test_every_metrics_port_is_asked_once(clusters: list[Cluster]) -> None:
    """A Service's metrics port has exactly one monitor in its environment; in every one, if the cluster shares it."""
    for cluster in clusters:
        asked = Counter((endpoint.env, name) for endpoint in cluster.endpoints() for name in endpoint.services)
        environments = {endpoint.env for endpoint in cluster.endpoints()}
        for application, service in cluster.manifests("Service"):
            for port in service.body["spec"].get("ports", []):
                name = f"{service.namespace}/{service.name}:{port['name']}"
                wanted = environments if application.env == "shared" else {application.env}
                if port["name"] in METRICS:
                    assert {env for env, other in asked if other == name} == wanted, name
        assert set(asked.values()) == {1}


def test_every_workload_is_measured(clusters: list[Cluster]) -> None:
    """What runs has a monitor or a reason, and every reason is needed."""
    excused = set()
    for cluster in clusters:
        measured = {pod[:2] for endpoint in cluster.endpoints() for pod in endpoint.pods}
        for workload, pod in cluster.workloads():
            part = pod["metadata"]["labels"]["app.kubernetes.io/name"]
            if (workload.namespace, workload.name) not in measured:
                assert part in UNMEASURED, f"{cluster.profile}: {workload}"
                excused.add(part)
    assert excused == set(UNMEASURED)


def test_every_target_lets_prometheus_in(clusters: list[Cluster]) -> None:
    """Between an environment's Prometheus and each of its targets, the policies of both sides are open at the port."""
    for cluster in clusters:
        for endpoint in cluster.endpoints():
            labels = {
                "app.kubernetes.io/name": "prometheus",
                "app.kubernetes.io/instance": f"monitoring-{endpoint.env}",
            }
            prometheus = (f"monitoring-{endpoint.env}", labels)
            for namespace, workload, port, target in endpoint.pods:
                if workload == prometheus[0] and port == 9090:  # itself
                    continue
                where = f"{cluster.profile}: {endpoint} to {namespace}/{workload}:{port}"
                leaving = [rule for spec in cluster.policies(*prometheus) for rule in spec.get("egress", [])]
                arriving = [rule for spec in cluster.policies(namespace, target) for rule in spec.get("ingress", [])]
                asked, asking = cluster.peer(namespace, target), cluster.peer(*prometheus)
                assert admits(leaving, side="to", own=prometheus[0], other=asked, port=port), f"{where}: leaving"
                assert admits(arriving, side="from", own=namespace, other=asking, port=port), f"{where}: arriving"


def test_prometheus_may_ask_nobody_else(tree: Tree, clusters: list[Cluster]) -> None:
    """The namespaces and ports that Prometheus may reach are those of its targets, and Argo CD's."""
    stated = yaml.safe_load((tree.root / "baseline/charts/monitoring/values.yaml").read_text())["prometheus"]
    for cluster in clusters:
        for env in {endpoint.env for endpoint in cluster.endpoints()}:
            needed = {
                (pod[0], pod[2]) for endpoint in cluster.endpoints() if endpoint.env == env for pod in endpoint.pods
            }
            allowed = {
                (f"{namespace}{suffix}", port["port"])
                for key, suffix in (("scrapes", f"-{env}"), ("scrapesOfCluster", ""))
                for namespace, ports in stated[key].items()
                for port in ports
                if namespace != "argocd"
            }
            assert allowed == needed - {(f"monitoring-{env}", 9090)}, f"{cluster.profile} {env}"
