"""Airflow: nobody waits for what the first request makes, and every part's figures have a way to Prometheus."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from .helm import Manifest
from .monitors import Cluster, admits
from .tree import Application, Tree

Rendered = Mapping[Application, tuple[Manifest, ...]]

HOST: Final = "AIRFLOW__METRICS__STATSD_HOST"
REPORTED_TO: Final = "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"
DATAGRAMS: Final = 8125  # where Airflow sends unless told otherwise


@pytest.fixture(name="clusters")
def _clusters(tree: Tree, rendered: Rendered) -> list[Cluster]:
    return [Cluster(rendered, profile) for profile in tree.profiles()]


def _parts(cluster: Cluster) -> Iterator[tuple[Manifest, Mapping[str, Any], Mapping[str, str]]]:
    """Yield what runs Airflow but the migration: object, pod, and the variables that are stated in clear."""
    for _, manifest in cluster.manifests("Deployment.apps", "ConfigMap"):
        for container in manifest.pod["spec"]["containers"] if manifest.pod else ():
            variables = {one["name"]: one.get("value", "") for one in container.get("env", ())}
            if manifest.pod and REPORTED_TO in variables:
                yield manifest, manifest.pod, variables


def test_the_start_is_over_when_a_task_can_report(clusters: list[Cluster]) -> None:
    """The API that tasks report to is made by its first request, which holds up all others: the start sends it."""
    asked = [
        (pod["spec"]["containers"][0]["startupProbe"]["httpGet"]["path"], variables[REPORTED_TO])
        for cluster in clusters
        for manifest, pod, variables in _parts(cluster)
        if manifest.name == "airflow-api"
    ]
    assert len(asked) == 2 * len(clusters)
    for path, url in asked:
        assert path.startswith(re.sub(r"^http://[^/]+", "", url))


def test_every_part_tells_its_figures(clusters: list[Cluster]) -> None:
    """Each part and each task's pod sends to the Service that listens, and the policies of both sides let it."""
    for cluster in clusters:
        told = 0
        for manifest, pod, variables in _parts(cluster):
            name, _, namespace = variables[HOST].partition(".")
            (service,) = [
                one.body["spec"]
                for _, one in cluster.manifests("Service")
                if (one.name, one.namespace) == (name, namespace)
            ]
            (port,) = service["ports"]
            assert (port["port"], port["protocol"]) == (DATAGRAMS, "UDP")
            ((_, _, listening, target),) = cluster.pods([namespace], service["selector"], port["targetPort"])
            labels = pod["metadata"]["labels"]
            sender, listener = cluster.peer(namespace, labels), cluster.peer(namespace, target)
            leaving = [rule for spec in cluster.policies(namespace, labels) for rule in spec.get("egress", [])]
            arriving = [rule for spec in cluster.policies(namespace, target) for rule in spec.get("ingress", [])]
            assert admits(leaving, side="to", own=namespace, other=listener, port=listening), str(manifest)
            assert admits(arriving, side="from", own=namespace, other=sender, port=listening), str(manifest)
            told += 1
        assert told == 2 * 5  # four parts and the pod of a task, in two environments
