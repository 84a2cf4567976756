"""Logs: what the agent reads and labels, what the store keeps and where, and that a slip in either is found here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from .alloy import Block, parse, value
from .errors import BadSyntax
from .helm import Manifest
from .tree import Application, Tree, document

Rendered = Mapping[Application, tuple[Manifest, ...]]

LOKI: Final = "baseline/charts/loki/files/loki.yaml"
ALLOY: Final = "baseline/charts/alloy/files/config.alloy"

SHIPPED: Final = ("airflow", "mlflow", "fastapi", "triton", "feature-store")
LABELS: Final = {"namespace", "pod", "container", "app", "env"}


@pytest.fixture(name="store", scope="module")
def _store(tree: Tree) -> Mapping[str, Any]:
    return _read(tree.root / LOKI)


@pytest.fixture(name="agent", scope="module")
def _agent(tree: Tree) -> Block:
    return parse(tree.root / ALLOY)


def _read(path: Path) -> Mapping[str, Any]:
    """Return the YAML in *path*; what is wrong with it is said with the file's name and line."""
    return document(path)


def _of(rendered: Rendered, app: str) -> Iterator[tuple[Application, tuple[Manifest, ...]]]:
    for application, manifests in rendered.items():
        if application.name == f"{app}-{application.env}":
            yield application, manifests


def _one(manifests: tuple[Manifest, ...], kind: str) -> Manifest:
    (found,) = [manifest for manifest in manifests if manifest.kind == kind]
    return found


def _variables(manifest: Manifest) -> Mapping[str, str]:
    """Return the environment of the one container; a variable from elsewhere has its own name as value."""
    assert manifest.pod is not None
    (container,) = manifest.pod["spec"]["containers"]
    return {item["name"]: item.get("value", item["name"]) for item in container["env"]}


def _services(rendered: Rendered, profile: str) -> set[str]:
    """Return where the services of *profile* answer: ``name.namespace.svc.cluster.local:port``."""
    return {
        f"{manifest.name}.{manifest.namespace}.svc.cluster.local:{port['port']}"
        for application, manifests in rendered.items()
        if application.profile == profile
        for manifest in manifests
        if manifest.kind == "Service"
        for port in manifest.body["spec"].get("ports", [])  # a headless one may name none
    }


def test_pods_read_the_files_that_were_checked(tree: Tree, rendered: Rendered) -> None:
    """What is mounted is the file in the chart, letter by letter, and a change of it is another pod."""
    for app, file, kind in (("loki", LOKI, "StatefulSet.apps"), ("alloy", ALLOY, "DaemonSet.apps")):
        for application, manifests in _of(rendered, app):
            (text,) = _one(manifests, "ConfigMap").body["data"].values()
            assert text.strip() == (tree.root / file).read_text().strip(), application
            pod = _one(manifests, kind).pod
            assert pod is not None
            assert "switchyard.mlops/configuration" in pod["metadata"]["annotations"], application


def test_a_week_is_kept(store: Mapping[str, Any]) -> None:
    """Lines are deleted after 168 hours, by a compactor that is on, from tables of a day in the newest schema."""
    assert store["limits_config"]["retention_period"] == "168h"
    assert store["limits_config"]["reject_old_samples_max_age"] == "168h"
    assert store["compactor"]["retention_enabled"] is True
    assert store["compactor"]["delete_request_store"] == "filesystem"
    (schema,) = store["schema_config"]["configs"]
    assert (schema["store"], schema["object_store"], schema["schema"]) == ("tsdb", "s3", "v13")
    assert schema["index"]["period"] == "24h"


def test_chunks_and_rules_lie_in_the_object_store(tree: Tree, rendered: Rendered, store: Mapping[str, Any]) -> None:
    """Chunks and rules have buckets of their own in the environment's MinIO, addressed by path and without TLS."""
    s3 = store["common"]["storage"]["s3"]
    assert s3["bucketnames"] == "loki-chunks"
    assert store["ruler"]["storage"] == {"type": "s3", "s3": {"bucketnames": "loki-ruler"}}
    assert (s3["insecure"], s3["s3forcepathstyle"]) == (True, True)
    for application, manifests in _of(rendered, "loki"):
        variables = _variables(_one(manifests, "StatefulSet.apps"))
        assert set(re.findall(r"\$\{(.*?)\}", (tree.root / LOKI).read_text())) <= set(variables)  # in comments too
        endpoint = s3["endpoint"].replace("${SWITCHYARD_ENV}", variables["SWITCHYARD_ENV"])
        assert endpoint in _services(rendered, application.profile), application


def test_what_is_not_in_a_chunk_yet_survives(rendered: Rendered, store: Mapping[str, Any]) -> None:
    """Everything that Loki writes lies on a claim of 20Gi that no deletion and no scale takes away."""
    paths = {
        store["common"]["path_prefix"],
        store["ingester"]["wal"]["dir"],
        store["compactor"]["working_directory"],
        store["storage_config"]["filesystem"]["directory"],
        store["ruler"]["rule_path"],
        store["ruler"]["wal"]["dir"],
    }
    for application, manifests in _of(rendered, "loki"):
        loki = _one(manifests, "StatefulSet.apps")
        assert loki.pod is not None
        (container,) = loki.pod["spec"]["containers"]
        (template,) = loki.body["spec"]["volumeClaimTemplates"]
        (data,) = [m["mountPath"] for m in container["volumeMounts"] if m["name"] == template["metadata"]["name"]]
        assert all(path == data or path.startswith(f"{data}/") for path in paths), application
        assert template["spec"]["resources"]["requests"]["storage"] == "20Gi"
        kept = loki.body["spec"]["persistentVolumeClaimRetentionPolicy"]
        assert kept == {"whenDeleted": "Retain", "whenScaled": "Retain"}
        for volume in (manifest for manifest in manifests if manifest.kind == "PersistentVolume"):
            assert volume.body["spec"]["claimRef"] == {
                "namespace": loki.namespace,
                "name": f"{template['metadata']['name']}-{loki.name}-0",
            }


def test_a_line_has_five_labels(agent: Block, store: Mapping[str, Any]) -> None:
    """The agent sets five labels and sends no other, and the store adds none."""
    (relabel,) = agent.blocks("discovery.relabel")
    (process,) = agent.blocks("loki.process")
    (keep,) = process.blocks("stage.label_keep")
    assert {rule.attributes()["target_label"] for rule in relabel.blocks("rule")} == LABELS
    assert set(keep.attributes()["values"]) == LABELS  # type: ignore[arg-type]  # a list, or the comparison fails
    limits = store["limits_config"]
    assert limits["discover_service_name"] == []
    assert limits["discover_log_levels"] is limits["allow_structured_metadata"] is False
    assert limits["shard_streams"] == {"enabled": False}


def test_a_chunk_is_larger_than_a_block(store: Mapping[str, Any]) -> None:
    """A chunk is not cut before its first block is: lines that are read twice are told from new ones within a block."""
    assert store["ingester"]["chunk_target_size"] > store["ingester"]["chunk_block_size"]


@pytest.mark.parametrize(
    ("name", "container", "app"), [("mlflow", "server", "mlflow"), ("", "server", "server"), ("a;b", "c", "a")]
)
def test_the_label_app_is_never_empty(agent: Block, name: str, container: str, app: str) -> None:
    """A pod without a name for what it is has its container's."""
    (relabel,) = agent.blocks("discovery.relabel")
    (rule,) = [rule for rule in relabel.blocks("rule") if rule.attributes()["target_label"] == "app"]
    match = re.fullmatch(str(rule.attributes()["regex"]), f"{name};{container}")
    assert match is not None
    assert match[1] == app


def test_the_agent_reads_five_namespaces(rendered: Rendered, agent: Block) -> None:
    """It looks for its node's pods in five namespaces of its environment, and may read logs there and nowhere else."""
    (discovery,) = agent.blocks("discovery.kubernetes")
    (namespaces,) = discovery.blocks("namespaces")
    (selectors,) = discovery.blocks("selectors")
    for application, manifests in _of(rendered, "alloy"):
        wanted = {f"{service}-{application.env}" for service in SHIPPED}
        variables = _variables(_one(manifests, "DaemonSet.apps"))
        assert value(namespaces.attributes()["names"], variables) == [f"{s}-{application.env}" for s in SHIPPED]
        assert value(selectors.attributes()["field"], variables) == "spec.nodeName=NODE_NAME"
        roles = [manifest for manifest in manifests if manifest.kind.startswith("Role.")]
        assert {role.namespace for role in roles} == wanted, application
        for role in roles:
            granted = {(r, verb) for rule in role.body["rules"] for r in rule["resources"] for verb in rule["verbs"]}
            assert granted == {("pods", "get"), ("pods", "list"), ("pods", "watch"), ("pods/log", "get")}, application
        bindings = [manifest for manifest in manifests if manifest.kind.startswith("RoleBinding.")]
        assert {binding.namespace for binding in bindings} == wanted, application
        assert not [manifest for manifest in manifests if manifest.kind.startswith("ClusterRole")], application


def test_the_agent_sends_to_its_own_store_and_does_not_give_up(rendered: Rendered, agent: Block) -> None:
    """It pushes to the environment's Loki, which lets it in, for as long as it takes."""
    (write,) = agent.blocks("loki.write")
    (endpoint,) = write.blocks("endpoint")
    attributes = endpoint.attributes()
    assert attributes["max_backoff_retries"] == 0  # for ever
    for application, manifests in _of(rendered, "alloy"):
        url = value(attributes["url"], _variables(_one(manifests, "DaemonSet.apps")))
        address = re.fullmatch(r"http://([^/]+)/loki/api/v1/push", str(url))
        assert address is not None, url
        assert address[1] in _services(rendered, application.profile), application


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ('"pod"', '"pod', "a name, a literal or a mark"),
        ("namespaces {", "namespaces", "= for an attribute, or { for a block"),
        ('"labels"', "labels", "= for an attribute, or { for a block"),
        ('sys.env("SWITCHYARD_ENV"),', 'sys.env("SWITCHYARD_ENV")', ", or ]"),
        ('"mlflow-" +', '"mlflow-" + +', "an expression"),
        ('sys.env("NODE_NAME")', 'sys.("NODE_NAME")', "a name after the dot"),
    ],
    ids=["open string", "no brace", "bare label", "no comma", "no operand", "no name"],
)
def test_a_slip_in_the_agents_configuration_is_found(
    tree: Tree, tmp_path: Path, *, old: str, new: str, wanted: str
) -> None:
    """A syntax error is found without the agent's binary, with file and line."""
    text = (tree.root / ALLOY).read_text()
    broken = tmp_path / "config.alloy"
    broken.write_text(text.replace(old, new, 1))
    with pytest.raises(BadSyntax, match=rf"config\.alloy:{_line(text, old)}:\d+: wanted {re.escape(wanted)}"):
        parse(broken)


def test_a_slip_in_the_stores_configuration_is_found(tree: Tree, tmp_path: Path) -> None:
    """A syntax error is found without the store's binary, with file and line."""
    text = (tree.root / LOKI).read_text()
    broken = tmp_path / "loki.yaml"
    broken.write_text(text.replace("listen_port: 3100", "listen_port: 3100:", 1))
    with pytest.raises(BadSyntax, match=rf"loki\.yaml:{_line(text, 'listen_port: 3100')}:\d+: wanted YAML"):
        _read(broken)


def _line(text: str, part: str) -> int:
    """Return the line of *text* in which *part* first stands."""
    return text[: text.index(part)].count("\n") + 1
