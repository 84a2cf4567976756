"""What counts of an object's versions, and who wrote them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from yardfacts.deltas import difference
from yardfacts.versions import UNKNOWN, counted, creators, times_of, writer

SALT = b"salt"
EARLIER, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:00:05Z"


def _moved(kind: str, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return sorted(
        delta.pointer for delta in difference(counted(kind, before, salt=SALT), counted(kind, after, salt=SALT))
    )


def _pod(**status: Any) -> dict[str, Any]:
    container = {"name": "c", "ready": True, "restartCount": 0, "image": "i", "imageID": "d", "state": {"running": {}}}
    ready = {"type": "Ready", "status": "True", "lastProbeTime": None}
    told = {"phase": "Running", "podIP": "10.0.0.1", "conditions": [ready], "containerStatuses": [container], **status}
    return {"metadata": {"name": "p", "labels": {"a": "b"}}, "spec": {"nodeName": "n"}, "status": told}


@pytest.mark.parametrize(
    ("kind", "before", "after", "pointers"),
    [
        pytest.param(
            "Node",
            {"metadata": {"resourceVersion": "1", "generation": 1}},
            {"metadata": {"resourceVersion": "2", "generation": 2}},
            [],
            id="a version",
        ),
        pytest.param("Node", {"status": {"a": 1}}, {"status": {"a": 2}}, ["/status/a"], id="a status"),
        pytest.param(
            "Application.argoproj.io", {"status": {"a": 1}}, {"status": {"a": 2}}, [], id="an Application's status"
        ),
        pytest.param(
            "Application.argoproj.io",
            {"spec": {"a": 1}, "metadata": {"finalizers": ["x"]}},
            {"spec": {"a": 2}, "metadata": {}},
            ["/metadata/finalizers", "/spec/a"],
            id="an Application's wish",
        ),
        pytest.param("Pod", _pod(), _pod(startTime="now", qosClass="x"), [], id="a pod's chatter"),
        pytest.param(
            "Pod",
            _pod(),
            _pod(conditions=[{"type": "Ready", "status": "False"}]),
            ["/status/conditions/0/status"],
            id="readiness",
        ),
        pytest.param("Pod", _pod(), _pod(podIP="10.0.0.2"), ["/status/podIP"], id="a new sandbox"),
        pytest.param("Pod", _pod(), {**_pod(), "spec": {"nodeName": "m"}}, ["/spec/nodeName"], id="a node"),
        pytest.param(
            "Pod",
            {"metadata": {"labels": {"a": "1"}}},
            {"metadata": {"labels": {}}},
            ["/metadata/labels/a"],
            id="a label",
        ),
    ],
)
def test_what_counts(kind: str, before: dict[str, Any], after: dict[str, Any], pointers: list[str]) -> None:
    """Identity, readiness, restarts, image and node of a pod; everything but the status of an Application; else all."""
    assert _moved(kind, before, after) == pointers


@pytest.mark.parametrize("part", ["ready", "restartCount", "image", "imageID"])
def test_a_container_counts(part: str) -> None:
    """Each of what tells that a container is not what it was."""
    other = _pod()
    other["status"]["containerStatuses"][0][part] = "other"
    assert _moved("Pod", _pod(), other) == [f"/status/containerStatuses/0/{part}"]


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("Secret", ("data", "key")),
        ("Secret", ("stringData", "key")),
        ("Secret", ("metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration")),
        ("SealedSecret.bitnami.com", ("spec", "encryptedData", "key")),
    ],
)
def test_a_secret_is_never_kept(kind: str, place: tuple[str, ...]) -> None:
    """That it changed is seen; what it is, is not."""

    def document(value: str) -> dict[str, Any]:
        made: Any = value
        for key in reversed(place):
            made = {key: made}
        return dict(made)

    assert "hunter2" not in json.dumps(counted(kind, document("hunter2"), salt=SALT))
    assert _moved(kind, document("hunter2"), document("hunter3")) != []
    assert _moved(kind, document("hunter2"), document("hunter2")) == []
    assert counted(kind, document("hunter2"), salt=SALT) != counted(kind, document("hunter2"), salt=b"pepper")


def _entry(manager: str, fields: Any, *, time: str = EARLIER, subresource: str = "") -> dict[str, Any]:
    entry = {"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields}
    return {**entry, "subresource": subresource} if subresource else entry


SPEC: dict[str, Any] = {"f:spec": {"f:replicas": {}}}
READY: dict[str, Any] = {"f:status": {"f:conditions": {".": {}, 'k:{"type":"Ready"}': {"f:status": {}}}}}
DOCUMENT = {"spec": {"replicas": 1}, "status": {"conditions": [{"type": "Other"}, {"type": "Ready", "status": "True"}]}}


def _document(*entries: dict[str, Any]) -> dict[str, Any]:
    return {**DOCUMENT, "metadata": {"managedFields": list(entries)}}


@pytest.mark.parametrize(
    ("pointer", "before", "after", "wanted"),
    [
        pytest.param("/spec/replicas", [], [_entry("kubectl", SPEC)], "kubectl", id="a new entry"),
        pytest.param(
            "/metadata/annotations/a",
            [_entry("a", SPEC), _entry("b", READY)],
            [_entry("a", SPEC, time=LATER), _entry("b", READY)],
            "a",
            id="an entry that moved, whatever it owns",
        ),
        pytest.param(
            "/spec/replicas",
            [_entry("a", SPEC), _entry("b", READY)],
            [_entry("a", SPEC), _entry("b", READY)],
            "a",
            id="within one second, the owner",
        ),
        pytest.param(
            "/status/conditions/1/status", [_entry("b", READY)], [_entry("b", READY)], "b", id="an item by its key"
        ),
        pytest.param(
            "/status/conditions/0/status", [_entry("b", READY)], [_entry("b", READY)], UNKNOWN, id="another item"
        ),
        pytest.param(
            "/metadata/annotations/a",
            [_entry("a", SPEC)],
            [_entry("a", SPEC)],
            UNKNOWN,
            id="a removal within one second",
        ),
        pytest.param("/spec/replicas", [_entry("a", SPEC)], [], UNKNOWN, id="no managed fields"),
        pytest.param("/spec/replicas", [], [_entry("a", SPEC), _entry("b", SPEC)], UNKNOWN, id="two at once"),
        pytest.param(
            "/spec/replicas",
            [_entry("a", SPEC), _entry("a", {}, subresource="status")],
            [_entry("a", SPEC, time=LATER), _entry("a", {}, subresource="status")],
            "a",
            id="two entries of one manager",
        ),
    ],
)
def test_the_writer_of_a_version(pointer: str, before: list[Any], after: list[Any], wanted: str) -> None:
    """Whose entry moved; else whose the place is; else nobody is named, and nobody is guessed."""
    assert writer(pointer, _document(*after), before=times_of(_document(*before))) == wanted


def test_an_owner_of_a_part_is_not_the_writer_of_another() -> None:
    """Who owns something beside the place has not written the place."""
    document = {"status": {"used": "1"}, "metadata": {"managedFields": [_entry("a", {"f:status": {"f:hard": {}}})]}}
    assert writer("/status/used", document, before=times_of(document)) == UNKNOWN


def test_who_owns_a_whole_wrote_its_parts() -> None:
    """A list or object that is owned as one has one writer, however deep a delta goes."""
    document = {"spec": {"list": [{"a": 1}]}, "metadata": {"managedFields": [_entry("a", {"f:spec": {"f:list": {}}})]}}
    assert writer("/spec/list/0/a", document, before=times_of(document)) == "a"


def test_creators_are_all_named() -> None:
    """A new object names those who made it."""
    assert creators(_document(_entry("b", SPEC), _entry("a", READY))) == "a, b"
    assert creators({"metadata": {}}) == UNKNOWN
