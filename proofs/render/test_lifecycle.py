"""The models' life cycle: who runs it has the volume, the same names, and a way to everything that it is told of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from yardnode.secretobjects import SECRETS

from .helm import Manifest
from .monitors import Cluster, admits
from .tree import Application, Tree

Rendered = Mapping[Application, tuple[Manifest, ...]]

RUNNERS: Final = {"airflow-scheduler", "airflow-worker", "airflow-lifecycle"}
OWN: Final = ("FLOW_", "MLFLOW_", "SLACK_", "AIRFLOW_CONN_SLACK")
ADDRESS: Final = re.compile(r"(?P<name>[a-z-]+)\.(?P<namespace>[a-z-]+)(?::(?P<port>\d+))?(?:/[a-z]*)?")


@pytest.fixture(name="clusters")
def _clusters(tree: Tree, rendered: Rendered) -> list[Cluster]:
    return [Cluster(rendered, profile) for profile in tree.profiles()]


def _runners(cluster: Cluster) -> Iterator[tuple[Manifest, Mapping[str, Any]]]:
    for _, manifest in cluster.manifests("Deployment.apps", "ConfigMap", "CronJob.batch"):
        pod = manifest.pod
        if pod is not None and pod["metadata"]["labels"]["app.kubernetes.io/name"] in RUNNERS:
            yield manifest, pod


def _environment(pod: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Return the variables of the life cycle by their names, as the pod states them."""
    (container,) = pod["spec"]["containers"]
    return {one["name"]: one for one in container["env"] if one["name"].startswith(OWN)}


def _addresses(environment: Mapping[str, Mapping[str, Any]]) -> set[tuple[str, str, int]]:
    """Return Service, namespace and port of everything that *environment* names."""
    texts = [str(one.get("value", "")) for one in environment.values()]
    hosts = [re.search(r'"host": "(.*?)"', text) for text in texts]
    named = [found[1] if found else text for found, text in zip(hosts, texts, strict=True)]
    matches = [ADDRESS.fullmatch(text.removeprefix("http://")) for text in named]
    return {(found["name"], found["namespace"], int(found["port"] or 80)) for found in matches if found}


def test_whoever_runs_it_is_told_the_same(clusters: list[Cluster]) -> None:
    """A task in the scheduler's pod, one in its own and an operator's job have one environment and one volume."""
    for cluster in clusters:
        told: dict[str, list[Any]] = {}
        for manifest, pod in _runners(cluster):
            (container,) = pod["spec"]["containers"]
            mounts = [one for one in container["volumeMounts"] if one["name"] == "models"]
            volumes = [one for one in pod["spec"]["volumes"] if one["name"] == "models"]
            told.setdefault(manifest.namespace, []).append((_environment(pod), mounts, volumes))
        assert {namespace: len(each) for namespace, each in told.items()} == {"airflow-dev": 3, "airflow-prod": 3}
        for environment, mounts, volumes in (one for each in told.values() for one in each):
            assert mounts == [{"name": "models", "mountPath": environment["FLOW_VOLUME"]["value"]}]
            assert volumes == [{"name": "models", "persistentVolumeClaim": {"claimName": "model-repo"}}]
        for first, *others in told.values():
            assert others == [first, first]


def test_whatever_it_is_told_of_is_there_and_lets_it_in(clusters: list[Cluster]) -> None:
    """Each address is a Service's port with pods behind it, and the policies of both sides are open."""
    for cluster in clusters:
        services = {(one.name, one.namespace): one.body["spec"] for _, one in cluster.manifests("Service")}
        for manifest, pod in _runners(cluster):
            labels = pod["metadata"]["labels"]
            leaving = [rule for spec in cluster.policies(manifest.namespace, labels) for rule in spec.get("egress", [])]
            addresses = _addresses(_environment(pod))
            parts = {"alert-sink", "fastapi", "minio", "mlflow", "triton"}
            assert {re.split(r"-(?:dev|prod)", name)[0] for name, _, _ in addresses} == parts, str(manifest)
            for name, namespace, number in addresses:
                service = services[name, namespace]
                (target,) = [one["targetPort"] for one in service["ports"] if one["port"] == number]
                ((_, _, port, behind),) = cluster.pods([namespace], service["selector"], target)
                arriving = [rule for spec in cluster.policies(namespace, behind) for rule in spec.get("ingress", [])]
                asked, asking = cluster.peer(namespace, behind), cluster.peer(manifest.namespace, labels)
                where = f"{cluster.profile}: {manifest} to {name}:{number}"
                assert admits(leaving, side="to", own=manifest.namespace, other=asked, port=port), f"{where}: leaving"
                assert admits(arriving, side="from", own=namespace, other=asking, port=port), f"{where}: arriving"


def test_messages_lead_to_where_people_outside_read(rendered: Rendered) -> None:
    """On a cluster the links are to the host that the controller knows as MLflow's; elsewhere there are none."""
    for profile in ("cluster", "embedded"):
        cluster = Cluster(rendered, profile)
        outside = {
            one.namespace: rule["host"]
            for _, one in cluster.manifests("Ingress.networking.k8s.io")
            for rule in one.body["spec"]["rules"]
            if one.name == "mlflow"
        }
        assert sorted(outside) == (["mlflow-dev", "mlflow-prod"] if profile == "cluster" else [])
        runners = list(_runners(cluster))
        assert len(runners) == 6
        for manifest, pod in runners:
            host = outside.get(manifest.namespace.replace("airflow", "mlflow"))
            links = _environment(pod).get("FLOW_LINKS_URL", {}).get("value")
            assert links == (f"https://{host}" if host else None), f"{profile}: {manifest}"


def test_a_reload_finds_every_replica(clusters: list[Cluster]) -> None:
    """The name of the replicas has no address of its own, and chooses the pods that predictions go to."""
    for cluster in clusters:
        for env in ("dev", "prod"):
            chosen = {
                one.name: one.body["spec"]
                for _, one in cluster.manifests("Service")
                if one.namespace == f"fastapi-{env}"
            }
            every, one = chosen[f"fastapi-{env}-replicas"], chosen[f"fastapi-{env}-service"]
            assert every["clusterIP"] == "None"
            assert every["selector"] == one["selector"]


def test_no_job_comes_by_itself_where_proofs_run(rendered: Rendered) -> None:
    """On the embedded node the schedule is suspended; on a cluster it is not."""
    for profile, suspended in (("embedded", True), ("cluster", False)):
        found = [one.body["spec"]["suspend"] for _, one in Cluster(rendered, profile).manifests("CronJob.batch")]
        assert found == [suspended, suspended]


def test_every_secret_that_a_pod_takes_is_declared(rendered: Rendered) -> None:
    """Names and keys in charts are those that bring-up seals; one that is not would keep its pod from starting."""
    declared = {(f"{each.service}-{env}", each.name): set(each.keys) for each in SECRETS for env in ("dev", "prod")}
    taken: dict[tuple[str, str], set[str]] = {}
    for application, manifests in rendered.items():
        if application.env == "shared":  # its one Secret is the controller's key, which no chart makes
            continue
        for manifest in manifests:
            for name, keys in _taken((manifest.pod or {}).get("spec", {})):
                taken.setdefault((manifest.namespace, name), set()).update(keys)
    assert taken.keys() == declared.keys()
    for place, keys in taken.items():
        assert keys <= declared[place], place


def _taken(part: Any) -> Iterator[tuple[str, set[str]]]:
    """Yield the Secrets that a pod's specification refers to, each with the keys that it names."""
    if isinstance(part, list):
        for each in part:
            yield from _taken(each)
    if isinstance(part, dict):
        if "secretKeyRef" in part:
            yield part["secretKeyRef"]["name"], {part["secretKeyRef"]["key"]}
        if "secretName" in part:
            yield part["secretName"], {item["key"] for item in part.get("items", ())}
        for each in part.values():
            yield from _taken(each)
