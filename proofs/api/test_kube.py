"""The door to the API server: what goes in and out, and what each error answer becomes."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchyard.discovery import discover
from switchyard.errors import Conflict, Forbidden, NoTarget, NotFound, Refused, Unauthorised, Unreachable
from switchyard.inventory import take_inventory
from switchyard.kinds import APPLICATIONS, CONFIG_MAPS, NAMESPACES, Kind
from switchyard.kube import MANAGER, Kube, connect
from switchyard.objects import Meta
from switchyard.waiting import wait_until

from .server import NOBODY, STRANGER, ApiServer
from .stage import Stage

_SERVICES = Kind("apiregistration.k8s.io", "v1", "APIService", "apiservices", namespaced=False)


def test_an_object_goes_in_and_comes_out(stage: Stage) -> None:
    """Create, get, merge, patch and delete do what they say; a deleted object is an explicit 404."""
    kube, place = stage.kube, stage.store
    stage.config_map("thing", labels={"a": "1"})
    kube.merge(CONFIG_MAPS, "thing", {"data": {"x": "1"}, "metadata": {"labels": {"a": None}}}, namespace=place)
    kube.patch(CONFIG_MAPS, "thing", [{"op": "add", "path": "/data/y", "value": "2"}], namespace=place)
    live = kube.get(CONFIG_MAPS, "thing", namespace=place)
    assert live["data"] == {"x": "1", "y": "2"}
    assert Meta.of(CONFIG_MAPS, live).labels == {}
    kube.delete(CONFIG_MAPS, "thing", namespace=place)
    assert kube.find(CONFIG_MAPS, "thing", namespace=place) is None
    with pytest.raises(NotFound, match="thing"):
        kube.get(CONFIG_MAPS, "thing", namespace=place)


def test_every_write_carries_our_field_manager(stage: Stage) -> None:
    """Claims subtract the proof's own writes by the manager's name."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}, "data": {"x": "1"}}
    stage.kube.apply(CONFIG_MAPS, "applied", body, namespace=stage.store)
    stage.kube.merge(CONFIG_MAPS, "applied", {"data": {"y": "2"}}, namespace=stage.store)
    live = stage.kube.get(CONFIG_MAPS, "applied", namespace=stage.store)
    assert {entry["manager"] for entry in live["metadata"]["managedFields"]} == {MANAGER}


def test_a_dry_run_stores_nothing(stage: Stage) -> None:
    """Server-side apply with dry run validates only."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dry"}}
    stage.kube.apply(CONFIG_MAPS, "dry", body, namespace=stage.store, dry_run=True)
    assert stage.kube.find(CONFIG_MAPS, "dry", namespace=stage.store) is None


def test_a_field_that_nobody_knows_is_refused(stage: Stage) -> None:
    """Server-side apply validates strictly: a misspelt field is no silent default."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "odd"}, "dta": {"x": "1"}}
    with pytest.raises(Refused, match="dta"):
        stage.kube.apply(CONFIG_MAPS, "odd", body, namespace=stage.store, dry_run=True)


def test_a_delete_meant_for_another_object_is_a_conflict(stage: Stage) -> None:
    """A UID precondition protects whoever came back under the same name."""
    stage.config_map("thing")
    with pytest.raises(Conflict):
        stage.kube.delete(CONFIG_MAPS, "thing", namespace=stage.store, uid="00000000-0000-0000-0000-000000000000")
    assert stage.kube.find(CONFIG_MAPS, "thing", namespace=stage.store)


def test_a_patch_whose_test_fails_is_refused(stage: Stage) -> None:
    """A JSON patch can be conditional."""
    stage.config_map("thing")
    with pytest.raises(Refused) as caught:
        stage.kube.patch(
            CONFIG_MAPS, "thing", [{"op": "test", "path": "/metadata/name", "value": "other"}], namespace=stage.store
        )
    assert caught.value.status == 422


def test_a_list_is_complete_page_by_page(stage: Stage) -> None:
    """Small pages give the same list as one large page, full or metadata only."""
    for number in range(7):
        stage.config_map(f"thing-{number}", namespace=stage.yard.namespace, labels={"n": "7"})
    place = stage.yard.namespace
    whole = stage.kube.list(CONFIG_MAPS, namespace=place, selector="n=7")
    paged = stage.kube.list(CONFIG_MAPS, namespace=place, selector="n=7", page=2)
    light = stage.kube.list(CONFIG_MAPS, namespace=place, selector="n=7", metadata_only=True)
    names = [Meta.of(CONFIG_MAPS, item).name for item in whole.items]
    assert len(names) == 7
    assert [Meta.of(CONFIG_MAPS, item).name for item in paged.items] == names
    assert [Meta.of(CONFIG_MAPS, item).uid for item in light.items] == [
        Meta.of(CONFIG_MAPS, item).uid for item in whole.items
    ]
    assert whole.version


def test_an_empty_list_is_empty(stage: Stage) -> None:
    """Nothing is an answer, with a version to watch from."""
    listing = stage.kube.list(APPLICATIONS, namespace=stage.store, metadata_only=True)
    assert listing.items == ()
    assert listing.version


def test_who_is_not_known_is_told_so(server: ApiServer) -> None:
    """401 is unreadable, and the message says what to do."""
    with pytest.raises(Unauthorised, match="--context"):
        server.client(STRANGER).list(NAMESPACES)


def test_who_may_not_is_told_so(server: ApiServer) -> None:
    """403 is unreadable, never an empty list."""
    with pytest.raises(Forbidden, match="nobody"):
        server.client(NOBODY).list(NAMESPACES)


def test_nobody_at_the_address_is_unreachable(server: ApiServer, tmp_path: Path) -> None:
    """A closed port is unreadable, never an empty list."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(_elsewhere(server))
    kube = connect(kubeconfig, context="admin")
    with pytest.raises(Unreachable, match="--context"):
        kube.list(NAMESPACES)
    kube.close()


def _elsewhere(server: ApiServer) -> str:
    """The kubeconfig with a port below 1024, where nobody listens in a test."""
    lines = server.kubeconfig.read_text().splitlines(keepends=True)
    return "".join(
        line.partition("server:")[0] + "server: https://127.0.0.1:1\n" if "server:" in line else line for line in lines
    )


def test_a_context_that_does_not_exist_is_named(server: ApiServer) -> None:
    """A wrong context is an error before anything is sent."""
    with pytest.raises(NoTarget, match="elsewhere"):
        connect(server.kubeconfig, context="elsewhere")


def test_every_kind_with_list_and_delete_is_discovered(kube: Kube) -> None:
    """Discovery names each kind once, events left out, custom kinds included."""
    found = discover(kube)
    names = [str(kind) for kind in found.kinds]
    assert len(names) == len(set(names))
    assert {"ConfigMap", "Secret", "Role.rbac.authorization.k8s.io", "Lease.coordination.k8s.io"} <= set(names)
    assert "Application.argoproj.io" in names
    assert not {"Event", "Event.events.k8s.io", "ComponentStatus"} & set(names)
    assert found.stale == ()


def test_a_group_that_the_server_cannot_ask_is_stale(mortal: ApiServer) -> None:
    """An aggregated API without a backend is named, for its kinds are unknown."""
    kube = mortal.client()
    spec = {
        "group": "gone.example.com",
        "version": "v1",
        "service": {"namespace": "default", "name": "gone"},
        "insecureSkipTLSVerify": True,
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
    }
    kube.create(_SERVICES, {"metadata": {"name": "v1.gone.example.com"}, "spec": spec})
    found = wait_until(lambda: discover(kube), what="the group is known", ready=lambda d: bool(d.stale), within_s=10.0)
    assert [hole.partition(":")[0] for hole in found.stale] == ["gone.example.com/v1"]
    assert take_inventory(kube, found).unreadable == found.stale
