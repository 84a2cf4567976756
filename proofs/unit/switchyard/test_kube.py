"""The client over a scripted transport: what it sends, and how it reads what no server says every day."""

from __future__ import annotations

import pytest

from switchyard.errors import Conflict, Forbidden, Gap, NotFound, Refused, SwitchyardError, Unauthorised
from switchyard.kinds import APPLICATIONS, CONFIG_MAPS, NAMESPACES, PODS
from switchyard.kube import Kube
from switchyard.transport import Reply

from .scripted import Asked, Scripted, ScriptedStream, answer


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (PODS.path(), "/api/v1/pods"),
        (PODS.path(namespace="a", name="b"), "/api/v1/namespaces/a/pods/b"),
        (NAMESPACES.path(name="a"), "/api/v1/namespaces/a"),
        (NAMESPACES.path(namespace="ignored"), "/api/v1/namespaces"),
        (APPLICATIONS.path(namespace="argocd"), "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications"),
        (CONFIG_MAPS.path(namespace="a", name="b/../c"), "/api/v1/namespaces/a/configmaps/b%2F..%2Fc"),
    ],
)
def test_a_path_is_what_the_api_says(path: str, wanted: str) -> None:
    """Core and named groups, namespaced or not, names quoted."""
    assert path == wanted


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, Unauthorised),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (410, Gap),
        (422, Refused),
        (500, Refused),
        (503, Refused),
    ],
)
def test_each_error_answer_has_its_own_error(status: int, error: type[SwitchyardError]) -> None:
    """The message carries what was asked and the server's own words."""
    kube = Kube(Scripted(lambda asked: answer({"message": "the server's words"}, status=status)))
    with pytest.raises(error, match=r"GET https://scripted/api/v1/pods: HTTP \d+: the server's words"):
        kube.list(PODS)


def test_an_error_page_is_shown_by_its_beginning() -> None:
    """What is between us and the API server may answer with a page of HTML."""
    kube = Kube(Scripted(lambda asked: Reply(502, b"<html>" + b"x" * 10_000)))
    with pytest.raises(Refused, match="<html>") as caught:
        kube.list(PODS)
    assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize("body", [b"", b"<html>welcome</html>", b"[]", b'"ok"'])
def test_a_success_that_is_no_object_is_refused(body: bytes) -> None:
    """A captive portal says 200 too."""
    kube = Kube(Scripted(lambda asked: Reply(200, body)))
    with pytest.raises(Refused):
        kube.list(PODS)


def test_items_may_be_null() -> None:
    """Metadata lists of nothing carry a null instead of a list."""
    kube = Kube(Scripted(lambda asked: answer({"metadata": {"resourceVersion": "7"}, "items": None})))
    listing = kube.list(PODS, metadata_only=True)
    assert listing.items == ()
    assert listing.version == "7"


def test_pages_are_read_to_the_last() -> None:
    """Each page asks with the token of the one before; the version is the list's."""

    def paged(asked: Asked) -> Reply:
        last = "continue" in asked.query
        meta = {"resourceVersion": "7"} | ({} if last else {"continue": "more"})
        return answer({"metadata": meta, "items": [{"n": 2 if last else 1}]})

    transport = Scripted(paged)
    listing = Kube(transport).list(PODS, selector="a=b")
    assert [item["n"] for item in listing.items] == [1, 2]
    assert [asked.query.get("continue") for asked in transport.asked] == [None, "more"]
    assert {asked.query["labelSelector"] for asked in transport.asked} == {"a=b"}


def test_a_page_that_expired_is_a_gap() -> None:
    """Half a list is not a list."""

    def paged(asked: Asked) -> Reply:
        if "continue" in asked.query:
            return answer({"message": "expired"}, status=410)
        return answer({"metadata": {"continue": "more"}, "items": [{}]})

    with pytest.raises(Gap):
        Kube(Scripted(paged)).list(PODS)


def test_no_list_is_read_from_a_cache() -> None:
    """Without a version the server reads consistently; a version of 0 would be its cache."""
    transport = Scripted(lambda asked: answer({"items": []}))
    Kube(transport).list(PODS)
    assert "resourceVersion" not in transport.asked[0].query


def test_a_delete_carries_its_precondition() -> None:
    """Uid and propagation travel in the options; without them nothing is said."""
    transport = Scripted(lambda asked: answer({}))
    kube = Kube(transport)
    kube.delete(PODS, "p", namespace="n", uid="u", propagation="Foreground")
    kube.delete(PODS, "p", namespace="n")
    first, second = transport.asked
    assert first.body["preconditions"] == {"uid": "u"}
    assert first.body["propagationPolicy"] == "Foreground"
    assert not {"preconditions", "propagationPolicy"} & set(second.body)


def test_a_gap_inside_a_watch_is_a_gap() -> None:
    """The server reports a lost place as an event in a 200 answer."""
    stream = ScriptedStream([{"type": "ERROR", "object": {"code": 410, "message": "too old"}}])
    kube = Kube(Scripted(streams=[stream]))
    with pytest.raises(Gap, match="too old"), kube.watch(PODS, version="1") as (events, _):
        list(events)


def test_any_other_error_inside_a_watch_is_refused() -> None:
    """An error event is never an event."""
    stream = ScriptedStream([{"type": "ERROR", "object": {"code": 500, "message": "broken"}}])
    kube = Kube(Scripted(streams=[stream]))
    with pytest.raises(Refused, match="broken"), kube.watch(PODS, version="1") as (events, _):
        list(events)


def test_a_watch_that_is_denied_raises_on_entering() -> None:
    """Before anybody waits for its events."""
    stream = ScriptedStream([{"message": "no"}], status=403)
    kube = Kube(Scripted(streams=[stream]))
    with pytest.raises(Forbidden), kube.watch(PODS, version="1"):
        pytest.fail("entered")
