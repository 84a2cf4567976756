"""What a model is known to answer: read from its registry, put where a probe refers to it, and never made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from switchyard.errors import Unreadable
from switchyard.kube import Kube
from switchyard.probe import ask
from switchyard.probe.known import document, fill, fill_known
from switchyard.yard import Budgets, Expectation, HttpProbe, Known, Placeholders, Wanted, Yard

from .scripted import Scripted, answer

KNOWN = Known(
    name="champion",
    environment="dev",
    url="http://10.0.0.9:5000",
    model="wine",
    alias="champion",
    artifact="golden.json",
    user="admin",
    password="registry_password",  # noqa: S106 - where the credential stands, not what it is
)
KEPT = {"version": 0, "digest": "d", "rows": [{"features": [1.5, 2.0], "class": 2}]}
PROBE = HttpProbe(
    name="gateway",
    environment="dev",
    layer="core",
    url="http://triton/versions/{champion:/version}/infer",
    body={"inputs": [{"name": "features", "data": "{champion:/rows/0/features}"}]},
    expect=Expectation(
        headers={"x-version": "{champion:/version}", "x-model": "wine"},
        values=(Wanted(pointer="/class", value="{champion:/rows/0/class}", tolerance=0.1),),
    ),
    known=(KNOWN,),
)


@pytest.fixture(name="secrets_file")
def _secrets_file(tmp_path: Path) -> Path:
    path = tmp_path / "secrets.yaml"
    path.write_text("dev: {registry_password: sesame}")
    return path


def _kube(*, status: int = 404) -> Kube:
    return Kube(Scripted(lambda asked: answer({}, status=status)))


def _registry(
    *,
    alias: tuple[int, Any] = (
        200,
        {"model_version": {"version": "7", "source": "mlflow-artifacts:/6/r/artifacts/model"}},
    ),
    artifact: tuple[int, Any] = (200, KEPT),
    asked: list[httpx.Request] | None = None,
) -> httpx.MockTransport:
    def reply(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        status, body = alias if request.url.path.endswith("/alias") else artifact
        return httpx.Response(status, json=body)

    return httpx.MockTransport(reply)


def test_the_registry_is_asked_for_version_and_file(secrets_file: Path) -> None:
    """The file lies beside the version's folder; its own number, from before it was registered, counts nothing."""
    asked: list[httpx.Request] = []
    found = document(KNOWN, kube=_kube(), secrets_file=secrets_file, transport=_registry(asked=asked))

    assert found == {**KEPT, "version": 7}
    assert [request.url.path for request in asked] == [
        "/api/2.0/mlflow/registered-models/alias",
        "/api/2.0/mlflow-artifacts/artifacts/6/r/artifacts/golden.json",
    ]
    assert dict(asked[0].url.params) == {"name": "wine", "alias": "champion"}
    assert {request.headers["authorization"] for request in asked} == {"Basic YWRtaW46c2VzYW1l"}


def test_what_was_read_is_not_read_again() -> None:
    """All of a run wants the same, whoever is promoted meanwhile: neither registry nor secret is asked for."""
    assert document(replace(KNOWN, document=KEPT), kube=_kube(status=500), secrets_file=None) is KEPT


def _silent(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


@pytest.mark.parametrize(
    "transport",
    [
        httpx.MockTransport(_silent),
        _registry(alias=(404, {})),
        _registry(alias=(200, {})),
        _registry(alias=(200, {"model_version": {"version": "7"}})),
        _registry(alias=(200, {"model_version": {"version": "seven", "source": "mlflow-artifacts:/6/r/artifacts/m"}})),
        _registry(artifact=(500, {})),
        _registry(artifact=(200, [])),
        _registry(artifact=(200, "text")),
    ],
)
def test_a_registry_that_does_not_tell_is_unreadable(secrets_file: Path, transport: httpx.MockTransport) -> None:
    """Nobody can tell what the right answer would have been; whose fault that is stands in the message."""
    with pytest.raises(Unreadable, match=r"what is known of champion \(dev\)"):
        document(KNOWN, kube=_kube(), secrets_file=secrets_file, transport=transport)


def test_a_registry_that_is_not_there_says_nothing_about_the_service(secrets_file: Path) -> None:
    """404 for the registry's Service is no answer of the service that the probe asks."""
    gone = replace(KNOWN, url="http://mlflow.dev:5000")
    with pytest.raises(Unreadable, match="champion"):
        ask(replace(PROBE, known=(gone,)), kube=_kube(), secrets_file=secrets_file)


def _filled(kept: Mapping[str, Any], probe: HttpProbe = PROBE) -> HttpProbe:
    return fill(replace(probe, known=(replace(KNOWN, document=kept),)), kube=_kube(), secrets_file=None)


def test_values_stand_where_they_were_referred_to() -> None:
    """Numbers and lists as they are; inside of a text, and in the place of a whole header, as text."""
    found = _filled({**KEPT, "version": 7})

    assert found.url == "http://triton/versions/7/infer"
    assert found.body == {"inputs": [{"name": "features", "data": [1.5, 2.0]}]}
    assert found.expect.headers == {"x-version": "7", "x-model": "wine"}
    assert found.expect.values == (Wanted(pointer="/class", value=2, tolerance=0.1),)
    assert found.known == ()


def test_a_pointer_to_nothing_is_unreadable() -> None:
    """What is not kept is not wanted either: it is not known."""
    with pytest.raises(Unreadable, match="gateway"):
        _filled({"version": 7, "rows": []})


def _yard(*known: Known) -> Yard:
    budgets = Budgets(**dict.fromkeys(Budgets.__dataclass_fields__, 1.0))
    return Yard(
        path=Path("yard.toml"),
        namespace="argocd",
        environments=("dev",),
        layers={},
        attributions=(),
        probes=(PROBE,),
        churn=(),
        budgets=budgets,
        placeholders=Placeholders(repo_url="", revision=""),
        known=known,
    )


def test_a_yard_is_filled_once() -> None:
    """The registry is asked once for all probes, and what it said is kept for whoever asks later."""
    yard = fill_known(_yard(replace(KNOWN, document={**KEPT, "version": 7})), kube=_kube(), secrets_file=None)
    (probe,) = yard.probes
    assert isinstance(probe, HttpProbe)
    assert (probe.url, probe.known) == ("http://triton/versions/7/infer", ())
    assert yard.known[0].document == {**KEPT, "version": 7}


def test_a_silent_registry_leaves_a_yard_as_it_is(secrets_file: Path) -> None:
    """The other probes can be asked, and this one says why it cannot."""
    gone = replace(KNOWN, url="http://mlflow.dev:5000")
    yard = fill_known(_yard(gone), kube=_kube(), secrets_file=secrets_file)
    assert yard.probes == (PROBE,)
    assert yard.known == (gone,)
