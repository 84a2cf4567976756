"""The rungs of the api tier: programs, an API server that all share, one that a test may break, and a stage."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml

from switchyard.discovery import discover
from switchyard.kinds import APPLICATION_SETS, APPLICATIONS, PROJECTS, Kind
from switchyard.kube import Kube
from switchyard.waiting import wait_until

from .actor import Actor
from .server import OBSERVER, OPERATOR, ApiServer, Binaries, find_binaries
from .stage import Stage, set_stage

RBAC: Final = Path(__file__).resolve().parents[2] / "platform/switchyard/rbac.yaml"
"""What the engine asks of a cluster's administrator, and nothing more."""

_DEFINITIONS: Final = Kind(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False
)
_ROLES: Final = Kind("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", namespaced=False)
_BINDINGS: Final = Kind(
    "rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False
)


class _Loader(yaml.CSafeLoader):
    """The C loader, because these files have 30,000 lines; a bare ``=``, which one of them allows, is a text."""


_Loader.add_constructor("tag:yaml.org,2002:value", lambda _, node: str(node.value))


@pytest.fixture(name="binaries", scope="session")
def _binaries() -> Binaries:
    return find_binaries(os.environ)


@pytest.fixture(name="server", scope="session")
def _server(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    server = ApiServer(binaries, tmp_path_factory.mktemp("api"))
    try:
        server.start()
        _install(server.client(), binaries)
        yield server
    finally:
        server.stop()


@pytest.fixture(name="second", scope="session")
def _second(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    server = ApiServer(binaries, tmp_path_factory.mktemp("second"))
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(name="mortal")
def _mortal(second: ApiServer) -> ApiServer:
    """An API server that a test may kill; it runs again when the next test begins."""
    second.revive()
    return second


@pytest.fixture(name="kube", scope="session")
def _kube(server: ApiServer) -> Kube:
    return server.client()


@pytest.fixture(name="stage")
def _stage(kube: Kube, server: ApiServer, tmp_path: Path) -> Stage:
    return set_stage(kube, kubeconfig=server.kubeconfig, folder=tmp_path)


@pytest.fixture(name="actor")
def _actor(stage: Stage) -> Iterator[Actor]:
    with Actor(stage) as actor:
        yield actor


def _install(kube: Kube, binaries: Binaries) -> None:
    for file in binaries.definitions:
        document = yaml.load(file.read_text(), Loader=_Loader)  # noqa: S506 - the safe one, which knows one more way to write a text
        kube.apply(_DEFINITIONS, document["metadata"]["name"], document)
    for role in yaml.safe_load_all(RBAC.read_text()):
        kube.apply(_ROLES, role["metadata"]["name"], role)
    for role, users in {"switchyard-observer": (OBSERVER, OPERATOR), "switchyard-operator": (OPERATOR,)}.items():
        subjects = [{"apiGroup": _ROLES.group, "kind": "User", "name": user} for user in users]
        reference = {"apiGroup": _ROLES.group, "kind": _ROLES.kind, "name": role}
        kube.create(_BINDINGS, {"metadata": {"name": role}, "roleRef": reference, "subjects": subjects})
    wanted = {APPLICATIONS, APPLICATION_SETS, PROJECTS}
    wait_until(
        lambda: wanted - set(discover(kube).kinds),
        what="Argo CD's kinds are served",
        ready=lambda missing: not missing,
        within_s=15.0,
    )
