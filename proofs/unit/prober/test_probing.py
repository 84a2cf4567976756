"""The engine's side: a stand is put up, warmed up, sampled, and taken away, whatever happens in between."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from switchyard.errors import Misconfigured, SwitchyardError, Unmet
from switchyard.kube import Kube
from switchyard.probe.endpoints import Place
from switchyard.probe.presigned import presigned
from switchyard.prober.plan import KEPT, NEW
from switchyard.probing import Prober, manifests, probing, questions
from switchyard.probing.stand import standing
from switchyard.yard import Budgets, Expectation, HttpProbe, Placeholders, S3Probe, Wanted, Yard
from switchyard.yard import Prober as ProberImage
from yardfacts.bundle import Bundle
from yardfacts.facts import Answer, Fact, Interval, Sampled, Unreadable, Usage
from yardfacts.folding import fold
from yardfacts.redact import Redactor

from .cluster import Cluster
from .conftest import pause
from .service import Service

NAMESPACE = "/api/v1/namespaces/switchyard-proof"
IMAGE = ProberImage(image_of="tools/python")
STORE = S3Probe(
    name="minio",
    environment="dev",
    layer="core",
    endpoint="minio-dev.baseline-dev:9000",
    bucket="probe",
    access_key="a",
    secret_key="name_of_the_key",  # noqa: S106 - where the credential stands, not what it is
    path="/live",
)


def _yard(*probes: HttpProbe | S3Probe, image: ProberImage = IMAGE) -> Yard:
    return Yard(
        path=Path("yard.toml"),
        namespace="argocd",
        environments=("dev",),
        layers={},
        attributions=(),
        probes=probes,
        churn=(),
        budgets=Budgets(**dict.fromkeys(Budgets.__dataclass_fields__, 1.0)),
        placeholders=Placeholders(repo_url="", revision=""),
        prober=image,
    )


def _probe(service: Service, *, path: str = "/alive") -> HttpProbe:
    return HttpProbe(
        name="gateway",
        environment="dev",
        layer="core",
        url=f"http://127.0.0.1:{service.port}/infer?x=1",
        method="POST",
        body={"rows": [1]},
        expect=Expectation(values=(Wanted(pointer="/outputs/0", value=0.5),)),
        path=path,
        state="x-features",
    )


@pytest.fixture(name="cluster")
def _cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.end()


@pytest.fixture(name="quick")
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round takes its longest period, and so does every window here, twice."""
    monkeypatch.setattr("switchyard.probing.questions.FUNCTIONAL_MS", 500)
    monkeypatch.setattr("switchyard.probing.window.SETTLES_S", 0.2)


@pytest.fixture(name="bundle")
def _bundle(*, tmp_path: Path, quick: None) -> Bundle:
    return Bundle(tmp_path / "bundle", redactor=Redactor())


@contextmanager
def _probing(cluster: Cluster, yard: Yard, *, warm_s: float = 30.0) -> Iterator[Prober]:
    with probing(Kube(cluster), yard=yard, secrets_file=None, run_id="abc123", tell=print, warm_s=warm_s) as prober:
        yield prober


def test_a_window_is_sampled_and_folded(cluster: Cluster, service: Service, bundle: Bundle) -> None:
    """Facts for every question and both controls, all of them to be made again from the file in the bundle."""
    with _probing(cluster, _yard(_probe(service))) as prober, prober.window("off", bundle=bundle) as facts:
        assert facts == []
    counts = [fact for fact in facts if isinstance(fact, Sampled)]
    assert {(one.probe, one.environment, one.connection) for one in counts} == {
        (probe, environment, connection)
        for probe, environment in (
            ("gateway", "dev"),
            ("gateway-path", "dev"),
            ("loopback", "control"),
            ("echo", "control"),
        )
        for connection in (NEW, KEPT)
    }
    assert all(one.right == one.sent > 0 for one in counts)
    assert {one.state for one in facts if isinstance(one, Interval) and one.probe == "gateway"} == {"online"}
    content = (bundle.folder / "probes/off.jsonl").read_bytes()
    assert list(fold("probes/off.jsonl", content)) == [one for one in facts if isinstance(one, Sampled | Interval)]
    assert {one.probe: one.outcome for one in facts if isinstance(one, Answer)} == {
        "prober-pod": "right",
        "echo-pod": "right",
    }
    assert [one.phase for one in facts if isinstance(one, Usage)] == ["prober off"]
    assert f"{NAMESPACE}" in cluster.deleted
    assert cluster.processes == {}


def test_windows_follow_one_another(cluster: Cluster, service: Service, bundle: Bundle) -> None:
    """Each has its file, and an outage in one is none in the other."""
    told: dict[str, list[Fact]] = {}
    with _probing(cluster, _yard(_probe(service))) as prober:
        for name, behaviour in (("cycle-1", "wrong"), ("cycle-2", "right")):
            service.behaviour = behaviour
            with prober.window(name, bundle=bundle) as told[name]:
                pass
    wrong = {name: sum(one.wrong for one in facts if isinstance(one, Sampled)) for name, facts in told.items()}
    assert wrong["cycle-1"] > 0
    assert wrong["cycle-2"] == 0


def test_a_prober_that_died_is_unreadable(cluster: Cluster, service: Service, bundle: Bundle) -> None:
    """No exception, and no fact that could be taken for an answer."""
    with _probing(cluster, _yard(_probe(service))) as prober, prober.window("off", bundle=bundle) as facts:
        cluster.processes["prober"].send_signal(signal.SIGKILL)
        cluster.processes["prober"].wait()
    assert facts
    assert {getattr(fact, "what", fact) for fact in facts} == {"Sampled of window off"}
    assert all(isinstance(fact, Unreadable) for fact in facts)


def test_an_echo_that_was_replaced_is_not_intact(cluster: Cluster, service: Service, bundle: Bundle) -> None:
    """Its failures would say nothing about the network."""
    with _probing(cluster, _yard(_probe(service))) as prober, prober.window("off", bundle=bundle) as facts:
        cluster.objects[f"{NAMESPACE}/pods/echo"]["metadata"]["uid"] = "another"
    assert [one.outcome for one in facts if isinstance(one, Answer) and one.probe == "echo-pod"] == ["wrong"]


def test_a_switch_at_either_end_of_a_window_is_seen(cluster: Cluster, service: Service, bundle: Bundle) -> None:
    """Every connection has been asked before the act begins, and again after it has ended."""
    with _probing(cluster, _yard(_probe(service))) as prober, prober.window("off", bundle=bundle) as facts:
        service.features = "absent"
    said = [(one.connection, one.state) for one in facts if isinstance(one, Interval) and one.probe == "gateway"]
    assert sorted(said) == [(KEPT, "absent"), (KEPT, "online"), (NEW, "absent"), (NEW, "online")]


def test_a_round_that_nobody_ends_is_told(
    cluster: Cluster, service: Service, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sampled all the same is kept, and the next window begins."""
    with _probing(cluster, _yard(_probe(service))) as prober:
        with monkeypatch.context() as patch:
            patch.setattr("switchyard.probing.window.ROUND_S", 0.0)
            with prober.window("off", bundle=bundle) as facts:
                pause(0.5)()
        with prober.window("on", bundle=bundle) as later:
            pass
    (first, *_) = facts
    assert isinstance(first, Unreadable)
    assert "every question is asked" in first.error
    assert any(isinstance(fact, Sampled) for fact in facts)
    assert not any(isinstance(fact, Unreadable) for fact in later)


def test_an_act_that_fails_is_sampled_all_the_same(cluster: Cluster, service: Service, bundle: Bundle) -> None:
    """The error goes through, and what was seen until then is kept; nothing is left standing."""
    found: list[list[Fact]] = []

    def act() -> None:
        with _probing(cluster, _yard(_probe(service))) as prober, prober.window("off", bundle=bundle) as facts:
            found.append(facts)
            raise SwitchyardError("the act failed")

    with pytest.raises(SwitchyardError, match="the act failed"):
        act()
    assert any(isinstance(fact, Sampled) for fact in found[0])
    assert NAMESPACE not in cluster.objects


def test_what_is_never_answered_right_keeps_the_window_shut(cluster: Cluster, service: Service) -> None:
    """Whether it is the service or the way to it nobody knows: INCONCLUSIVE, naming the question; all is removed."""
    service.behaviour = "wrong"
    with (
        pytest.raises(Unmet, match=r"gateway in dev \(new\).*wrong"),
        _probing(cluster, _yard(_probe(service)), warm_s=3.0),
    ):
        pass
    assert NAMESPACE not in cluster.objects


def test_what_a_dead_run_left_goes_first(cluster: Cluster, service: Service) -> None:
    """Its prober would sample beside ours."""
    cluster.objects[NAMESPACE] = {"metadata": {"name": "switchyard-proof"}}
    told: list[str] = []
    with standing(Kube(cluster), yard=_yard(_probe(service)), secrets_file=None, run_id="a", tell=told.append):
        assert cluster.deleted == [NAMESPACE]
    assert "left by another run" in told[0]


def test_the_prober_needs_an_image(cluster: Cluster) -> None:
    """Named, or that of a Deployment; one that does not exist is named."""
    for image, error in ((ProberImage(), Misconfigured), (ProberImage(image_of="tools/none"), Unmet)):
        stand = standing(Kube(cluster), yard=_yard(image=image), secrets_file=None, run_id="a", tell=print)
        with pytest.raises(error, match="prober"), stand:
            pass


def test_questions_are_spread_over_their_period(service: Service) -> None:
    """No two are due at once, and the same one on new and kept connections is half a period apart."""

    def known(_: S3Probe) -> tuple[str, str]:
        return "http://minio-dev.baseline-dev:9000/probe/known?X-Sig=1", "known"

    every = questions.watched((_probe(service), STORE, _probe(service, path="")), known=known)
    assert [one.name for one in every] == ["gateway", "minio"]
    plan = questions.plan(
        every, locate=lambda place: Place("10.1.2.3", place.port), own=Place("127.0.0.1", 8080), echo=Place("10.9", 80)
    )
    for period_ms, number in ((500, 8), (4000, 4)):
        lanes = [one for one in plan.questions if one.period_ms == period_ms]
        assert len({one.phase_ms for one in lanes}) == len(lanes) == number
        for one in lanes:
            (other,) = (it for it in lanes if it.probe == one.probe and it.connection != one.connection)
            assert abs(one.phase_ms - other.phase_ms) in (period_ms // 2, period_ms // 2 + 1)
    (store, _) = (one for one in plan.questions if one.probe == "minio")
    assert (store.host, store.target) == ("10.1.2.3", "/probe/known?X-Sig=1")
    assert store.headers == {"Host": "minio-dev.baseline-dev:9000"}
    assert store.expect.contains == "known"


def test_a_signed_url_has_no_credential(tmp_path: Path) -> None:
    """It names the object, the store by its own name, and how long it is good for."""
    file = tmp_path / "secrets.yaml"
    file.write_text("dev: {a: access, name_of_the_key: hidden-in-the-yard}\n")
    url = urlsplit(presigned(STORE, key="watched/abc", lasts=timedelta(hours=24), secrets_file=file))
    assert (url.netloc, url.path) == ("minio-dev.baseline-dev:9000", "/probe/watched/abc")
    assert parse_qs(url.query)["X-Amz-Expires"] == ["86400"]
    assert "hidden-in-the-yard" not in url.query


def test_policies_open_what_is_watched_and_nothing_else() -> None:
    """One port in; out only to the namespaces of the questions and to the echo; the echo calls nobody."""
    prober, echo = (policy["spec"] for policy in manifests.policies(["b", "a", "b"], run_id="x"))
    assert prober["ingress"] == echo["ingress"] == [{"ports": [{"port": manifests.PORT}]}]
    assert echo["egress"] == []
    ((expression,),) = (to["namespaceSelector"]["matchExpressions"] for rule in prober["egress"] for to in rule["to"])
    assert expression["values"] == ["a", "b", "switchyard-proof"]
