"""Functional checks: right, wrong and unanswered are three things, and a 200 alone is never right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from switchyard.errors import Misconfigured, NotFound, Unreachable
from switchyard.kube import Kube
from switchyard.probe import ask
from switchyard.probe.endpoints import Place, address
from switchyard.probe.http import place_of, request
from switchyard.probe.s3 import round_trip
from switchyard.probe.secret import secret
from switchyard.yard import Expectation, HttpProbe, S3Probe, Wanted

from .scripted import Asked, Scripted, answer

PROBE = HttpProbe(
    name="gateway",
    environment="dev",
    layer="core",
    url="http://gateway.fastapi-dev:8080/v1/infer?x=1",
    method="POST",
    headers={"x-from": "probe"},
    body={"rows": [1]},
    expect=Expectation(headers={"x-model": "wine"}, values=(Wanted(pointer="/out/0", value=0.5, tolerance=0.01),)),
)
STORE = S3Probe(
    name="minio",
    environment="dev",
    layer="core",
    endpoint="m.b:9000",
    bucket="b",
    access_key="a",
    secret_key="name_of_the_key",  # noqa: S106 - where the credential stands, not what it is
)


def _ask(reply: Callable[[httpx.Request], httpx.Response], probe: HttpProbe = PROBE) -> tuple[str, str]:
    told = request(probe, place=Place("10.0.0.7", 8080), transport=httpx.MockTransport(reply))
    return told.outcome, told.got


def _good(*, status: int = 200, model: str = "wine", body: Any = None) -> httpx.Response:
    return httpx.Response(status, headers={"x-model": model}, json=body or {"out": [0.505]})


def test_the_right_answer_is_right() -> None:
    """Status, headers and values as wanted, a value within its tolerance."""
    assert _ask(lambda _: _good())[0] == "right"


def test_the_request_goes_to_the_address_under_the_services_name() -> None:
    """Nobody's DNS is asked; the service sees the name that it is called by."""
    seen: list[httpx.Request] = []

    def reply(asked: httpx.Request) -> httpx.Response:
        seen.append(asked)
        return _good()

    _ask(reply)
    assert str(seen[0].url) == "http://10.0.0.7:8080/v1/infer?x=1"
    assert seen[0].headers["host"] == "gateway.fastapi-dev:8080"
    assert seen[0].headers["x-from"] == "probe"
    assert seen[0].content == b'{"rows":[1]}'


@pytest.mark.parametrize(
    ("reply", "named"),
    [
        (_good(status=503), "HTTP 503"),
        (_good(model="other"), "x-model"),
        (_good(body={"out": [0.52]}), "/out/0"),
        (_good(body={"in": []}), "/out/0"),
        (httpx.Response(200, headers={"x-model": "wine"}, text="<html>"), "no JSON"),
    ],
)
def test_any_other_answer_is_wrong_and_says_what(reply: httpx.Response, named: str) -> None:
    """A model that answers wrongly while everything says 200 is caught by its value."""
    outcome, got = _ask(lambda _: reply)
    assert outcome == "wrong"
    assert named in got


def test_a_text_may_be_wanted_instead() -> None:
    """For answers that are no JSON."""
    probe = replace(PROBE, expect=Expectation(contains="ready"))
    assert _ask(lambda _: httpx.Response(200, text="all ready"), probe)[0] == "right"
    assert _ask(lambda _: httpx.Response(200, text="starting"), probe)[0] == "wrong"


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow")])
def test_silence_is_unanswered(error: Exception) -> None:
    """Refused and timed out are not wrong answers."""

    def reply(_: httpx.Request) -> httpx.Response:
        raise error

    assert _ask(reply)[0] == "unanswered"


def test_a_port_follows_from_the_scheme() -> None:
    """Port 80 unless the URL has one."""
    assert place_of(PROBE) == Place("gateway.fastapi-dev", 8080)
    assert place_of(replace(PROBE, url="http://a.b/")) == Place("a.b", 80)


def _kube(document: Any, *, slices: Any = None) -> Kube:
    def reply(asked: Asked) -> Any:
        if "endpointslices" in asked.path:
            return answer({"items": slices})
        return answer(document, status=200 if document else 404)

    return Kube(Scripted(reply))


@pytest.mark.parametrize("host", ["s.n", "s.n.svc", "s.n.svc.cluster.local"])
def test_a_service_is_its_cluster_ip(host: str) -> None:
    """Any of the names that a cluster's DNS knows."""
    kube = _kube({"spec": {"clusterIP": "10.1.2.3"}})
    assert address(Place(host, 80), kube=kube) == Place("10.1.2.3", 80)


def test_a_headless_service_is_one_ready_endpoint() -> None:
    """Endpoints that are not ready are passed over."""
    slices = [
        {"endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": False}}]},
        {"endpoints": [{"addresses": ["10.0.0.2"], "conditions": {"ready": True}}]},
    ]
    headless = {"spec": {"clusterIP": "None"}}
    assert address(Place("s.n", 80), kube=_kube(headless, slices=slices)) == Place("10.0.0.2", 80)
    with pytest.raises(NotFound, match="nobody is ready"):
        address(Place("s.n", 80), kube=_kube(headless, slices=slices[:1]))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "api.example.com"])
def test_any_other_host_stays_as_it_is(host: str) -> None:
    """Addresses and names of the world are not looked up in the cluster."""
    assert address(Place(host, 80), kube=_kube(None)) == Place(host, 80)


def test_a_service_that_does_not_exist_is_unanswered() -> None:
    """A fact about the service; only the cluster's API raises."""
    told = ask(PROBE, kube=_kube(None), secrets_file=None)
    assert (told.probe, told.environment, told.outcome) == ("gateway", "dev", "unanswered")


class _Shelf:
    """An object store that keeps, or does not."""

    def __init__(self, *, spoils: bool = False, forgets: bool = False, keeps: bool = False, down: bool = False) -> None:
        self.objects: dict[str, bytes] = {}
        self.spoils, self.forgets, self.keeps, self.down = spoils, forgets, keeps, down

    def put(self, bucket: str, key: str, data: bytes) -> None:
        if self.down:
            raise Unreachable("refused")
        if not self.forgets:
            self.objects[key] = b"spoilt" if self.spoils else data

    def get(self, bucket: str, key: str) -> bytes:
        if key not in self.objects:
            raise NotFound(key)
        return self.objects[key]

    def remove(self, bucket: str, key: str) -> None:
        if not self.keeps:
            del self.objects[key]


@pytest.mark.parametrize(
    ("shelf", "outcome"),
    [
        (_Shelf(), "right"),
        (_Shelf(spoils=True), "wrong"),
        (_Shelf(forgets=True), "wrong"),
        (_Shelf(keeps=True), "wrong"),
        (_Shelf(down=True), "unanswered"),
    ],
)
def test_a_store_has_to_give_back_what_it_took(shelf: _Shelf, outcome: str) -> None:
    """The very bytes, and nothing after the delete."""
    assert round_trip(STORE, store=shelf).outcome == outcome


def test_a_credential_is_read_from_its_environment(tmp_path: Path) -> None:
    """Below the environment's name."""
    file = tmp_path / "secrets.yaml"
    file.write_text("dev: {key: hidden}\n")
    assert secret(file, environment="dev", key="key") == "hidden"


@pytest.mark.parametrize("text", ["prod: {key: hidden}", "dev: {other: hidden}", "dev: {key: 7}", "- hidden", "{"])
def test_a_missing_credential_is_named_and_none_is_shown(tmp_path: Path, text: str) -> None:
    """The message has file and key, never what the file holds."""
    file = tmp_path / "secrets.yaml"
    file.write_text(text)
    with pytest.raises(Misconfigured, match=r"dev\.key") as caught:
        secret(file, environment="dev", key="key")
    assert "hidden" not in str(caught.value)
