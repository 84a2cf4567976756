"""The way to a service: what it says is told from what it does not say, and no credential is told at all."""

from __future__ import annotations

import httpx
import pytest
from proofs.services.errors import Declined, Unanswered
from proofs.services.rest import Rest

from switchyard.errors import NotFound
from switchyard.kube import Kube

from .conftest import Play


def test_an_answer_is_its_json(play: Play) -> None:
    """GET and POST give what the service's JSON says."""
    rest = play(lambda asked: httpx.Response(200, json={"asked": asked.url.path}))

    assert (rest.get("/a"), rest.post("/b", {})) == ({"asked": "/a"}, {"asked": "/b"})


def test_any_status_but_success_is_declined(play: Play) -> None:
    """The status is kept, and so are the first words."""
    with pytest.raises(Declined, match="HTTP 503 away") as declined:
        play(lambda _: httpx.Response(503, text="away")).get("/a")

    assert declined.value.status == 503


def test_success_without_json_is_declined(play: Play) -> None:
    """A page for people is no answer."""
    with pytest.raises(Declined, match="no JSON"):
        play(lambda _: httpx.Response(200, text="<html>")).get("/a")


def test_silence_is_unanswered(play: Play) -> None:
    """Refused and timed out are one thing here."""

    def refuse(asked: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("slow", request=asked)

    with pytest.raises(Unanswered, match="ConnectTimeout"):
        play(refuse).get("/a")


def test_the_service_is_called_by_its_name(play: Play) -> None:
    """MLflow answers nobody who calls it by its address."""
    seen: list[str] = []

    def note(asked: httpx.Request) -> httpx.Response:
        seen.append(asked.headers["host"])
        return httpx.Response(200, json={})

    play(note).get("/a")

    assert seen == ["127.0.0.1:1"]


def test_a_service_that_does_not_exist_is_not_found(kube: Kube) -> None:
    """The cluster's API says 404 for its address."""
    with pytest.raises(NotFound):
        Rest(kube, "http://nobody.nowhere:80").get("/a")


def test_a_credential_is_not_shown(kube: Kube) -> None:
    """A record of the door may stand in a message."""
    assert "secret" not in repr(Rest(kube, "http://a.b", login=("admin", "secret"), token="secret"))  # noqa: S106
