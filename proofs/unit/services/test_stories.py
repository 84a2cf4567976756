"""What is said of a service's answers: good ones are right, and each way to be wrong is told apart."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from proofs.services import airflow, alertmanager, loki, prometheus, tracing
from proofs.services.inquiry import Inquiry
from proofs.services.mlflow import Mlflow

from switchyard.errors import NotFound, Unreachable
from yardfacts.facts import Answer, Fact, Timing

from .conftest import Play, listed


def _said(inquiry: Inquiry) -> dict[str, tuple[str, str]]:
    return {fact.probe: (fact.outcome, fact.got) for fact in inquiry.facts if isinstance(fact, Answer)}


def _health(**ages_s: float) -> dict[str, Any]:
    now = datetime.now(UTC)
    parts = {
        part: {
            "status": "healthy",
            f"latest_{part}_heartbeat": (now - timedelta(seconds=ages_s.get(part, 1.0))).isoformat(),
        }
        for part in ("scheduler", "dag_processor", "triggerer")
    }
    return {"metadatabase": {"status": "healthy"}, **parts}


def _checked(play: Play, health: dict[str, Any]) -> str:
    inquiry = Inquiry("dev")
    airflow.check_health(airflow.Airflow(play(lambda _: httpx.Response(200, json=health))), inquiry)
    return ": ".join(_said(inquiry)["parts-alive"])


def test_fresh_heartbeats_are_alive(play: Play) -> None:
    """Every part was heard of just now."""
    assert _checked(play, _health()).startswith("right")


def test_an_old_heartbeat_is_named(play: Play) -> None:
    """A status that still says healthy is not taken for it."""
    assert _checked(play, _health(triggerer=90)) == "wrong: triggerer silent for 90 s"


def test_a_part_that_was_never_there_is_wrong(play: Play) -> None:
    """Without a triggerer the server says null for all of it."""
    health = {**_health(), "triggerer": {"status": None, "latest_triggerer_heartbeat": None}}
    assert _checked(play, health).startswith("wrong")


RUN = airflow.Run("proof-1", "n0nce123")


def _finished(
    play: Play, *, local: str, own: str, pods: dict[str, str], told_of: tuple[str, ...] = ()
) -> dict[str, tuple[str, str]]:
    def reply(asked: httpx.Request) -> httpx.Response:
        if asked.url.path.endswith("taskInstances"):
            tasks = [
                {"task_id": "local_executor", "state": "success", "hostname": local},
                {"task_id": "kubernetes_executor", "state": "success", "hostname": own},
            ]
            return httpx.Response(200, json={"task_instances": tasks})
        return httpx.Response(200, json={"state": "success", "bundle_version": "abc"})

    items = [
        {
            "metadata": {
                "name": name,
                "labels": {"app.kubernetes.io/name": "airflow-scheduler"} if phase == "s" else {},
            },
            "status": {"phase": phase},
        }
        for name, phase in pods.items()
    ]
    events = [{"involvedObject": {"kind": "Pod", "name": name}} for name in told_of]
    inquiry = Inquiry("dev")
    kube = listed(pods=items, events=events)
    airflow.finish(airflow.Airflow(play(reply)), inquiry, run=RUN, kube=kube, served="abc")
    return _said(inquiry)


def test_tasks_are_where_they_belong(play: Play) -> None:
    """One in the scheduler's pod, one in a pod that is gone; both of the served commit."""
    said = _finished(play, local="scheduler-a", own="task-b", pods={"scheduler-a": "s"}, told_of=("task-b",))
    assert {outcome for outcome, _ in said.values()} == {"right"}


def test_a_local_task_elsewhere_is_told(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that is no scheduler's pod."""
    monkeypatch.setattr(airflow, "GONE_S", 0.0)
    said = _finished(play, local="task-c", own="scheduler-a", pods={"scheduler-a": "s", "task-c": "Running"})
    assert said["task-in-scheduler"] == ("wrong", "success in a pod of its own, which is Running")
    assert said["task-in-pod"] == ("wrong", "success in the scheduler's pod")


def test_a_pod_that_stays_or_never_was_is_told(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod that has ended is not gone yet, and a host that nobody ever saw as a pod was none."""
    monkeypatch.setattr(airflow, "GONE_S", 0.0)
    stays = {"scheduler-a": "s", "task-b": "Succeeded"}
    said = _finished(play, local="scheduler-a", own="task-b", pods=stays, told_of=("task-b",))
    assert said["task-in-pod"] == ("wrong", "success in a pod of its own, which is Succeeded")
    said = _finished(play, local="scheduler-a", own="laptop", pods={"scheduler-a": "s"}, told_of=("task-b",))
    assert said["task-in-pod"] == ("wrong", "success on laptop, which never was a pod of the namespace")


class _Store:
    def __init__(self, given: bytes | Exception) -> None:
        self._given = given

    def get(self, bucket: str, key: str) -> bytes:
        if isinstance(self._given, Exception):
            raise self._given
        return self._given


REFUSED = {"exc_type": "AirflowException", "exc_value": "Version abc not found in the repository"}


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ([{"level": "error", "event": "Top level error", "error_detail": [REFUSED]}], "begin: Version abc not found"),
        ([{"level": "error", "event": "killed"}, {"level": "info", "event": "bye"}], "begin: killed"),
        ([{"level": "info", "event": "bye"}], "begin: no error in its log"),
        (None, "begin: no log"),
    ],
)
def test_a_run_that_failed_says_what_of(play: Play, log: list[dict[str, Any]] | None, told: str) -> None:
    """Whoever reads the verdict need not look for the log; tasks that did not fail are nobody's question."""

    def reply(asked: httpx.Request) -> httpx.Response:
        path = asked.url.path
        if path.endswith("/taskInstances/begin/logs/1"):
            return httpx.Response(404) if log is None else httpx.Response(200, json={"content": log})
        if path.endswith("/taskInstances"):
            tasks = [{"task_id": "begin", "state": "failed"}, {"task_id": "train", "state": "upstream_failed"}]
            return httpx.Response(200, json={"task_instances": tasks})
        return httpx.Response(200, json={"state": "failed"})

    said = airflow.Airflow(play(reply)).ended("proof-1", dag="model_lifecycle")
    assert said.startswith(f"failed; {told}")
    assert "train" not in said


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (b"... yard_check nonce=n0nce123 executor=...", "right"),
        (b"... yard_check nonce=another1 executor=...", "wrong"),
        (NotFound("NoSuchKey"), "wrong"),
        (Unreachable("refused"), "unanswered"),
    ],
)
def test_a_log_is_of_this_run_or_lost(given: bytes | Exception, outcome: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that does not answer is no cluster that cannot be read."""
    monkeypatch.setattr(airflow, "UPLOADED_S", 0.0)
    inquiry = Inquiry("dev")
    store: Any = _Store(given)
    airflow.read_logs(inquiry, run=RUN, store=lambda: store)
    assert {said for said, _ in _said(inquiry).values()} == {outcome}


LABELS = {"app": "mlflow", "container": "mlflow", "env": "dev", "namespace": "mlflow-dev", "pod": "mlflow-0"}


def _shipped(play: Play, labels: dict[str, str], times: Callable[[str], int]) -> list[Fact]:
    written: list[str] = []

    def reply(asked: httpx.Request) -> httpx.Response:
        if not asked.url.path.startswith("/loki"):
            written.append(asked.url.path)
            return httpx.Response(404)
        values = [[str(time.time_ns()), f"GET {line} 404"] for line in written for _ in range(times(line))]
        return httpx.Response(200, json={"data": {"result": [{"stream": labels, "values": values}]}})

    inquiry = Inquiry("dev")
    writers = [loki.Writer("mlflow-dev", play(reply))]
    loki.ship(loki.Loki(play(reply)), inquiry, writers=writers, nonce="n", count=3, within_s=0.5)
    return [fact for fact in inquiry.facts if not (isinstance(fact, Answer) and fact.probe == "lines-looked-for")]


def _lines(facts: list[Fact]) -> list[tuple[str, str]]:
    return [(fact.outcome, fact.got.partition(",")[0]) for fact in facts if isinstance(fact, Answer)]


def test_every_line_once_is_right_and_timed(play: Play) -> None:
    """Each line is an answer, and the percentile a timing with its budget."""
    facts = _shipped(play, LABELS, lambda _: 1)
    assert _lines(facts) == [("right", "once")] * 3
    assert [fact.budget_s for fact in facts if isinstance(fact, Timing)] == [10.0]


def test_a_line_that_is_lost_or_doubled_is_told(play: Play) -> None:
    """The others are right beside it."""
    facts = _shipped(play, LABELS, lambda line: {"/n-000": 0, "/n-001": 2}.get(line, 1))
    assert _lines(facts) == [("wrong", "not there"), ("wrong", "2 times"), ("right", "once")]


@pytest.mark.parametrize("labels", [{**LABELS, "filename": "a"}, {**LABELS, "pod": ""}, {**LABELS, "env": "prod"}])
def test_other_labels_are_wrong(play: Play, labels: dict[str, str]) -> None:
    """One too many, one without a value, one of another environment."""
    assert _lines(_shipped(play, labels, lambda _: 1)) == [("wrong", "once")] * 3


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (["mlflow-dev"], "right"),
        (["mlflow-dev", "monitoring-dev"], "wrong"),
        (["mlflow-dev", "mlflow-prod"], "wrong"),
        ([], "wrong"),
    ],
)
def test_namespaces_are_the_platforms(play: Play, found: list[str], outcome: str) -> None:
    """No stranger's, none of the other environment, and not nobody's."""
    inquiry = Inquiry("dev")
    door = loki.Loki(play(lambda _: httpx.Response(200, json={"status": "success", "data": found})))
    loki.check_namespaces(door, inquiry, wrote=lambda: ["mlflow-dev"])
    assert _said(inquiry)["lines-of-platform"][0] == outcome


@pytest.mark.parametrize(
    ("labels", "said"), [([], "nowhere"), ([{"namespace": "monitoring-dev"}], "in monitoring-dev")]
)
def test_a_strangers_line_is_nowhere(play: Play, labels: list[dict[str, str]], said: str) -> None:
    """It is written before the others, looked for after them, and named with its namespace where it is found."""
    done: list[str] = []

    def reply(asked: httpx.Request) -> httpx.Response:
        done.append(asked.url.path)
        values = [[str(time.time_ns()), "refused 'GET /n-stranger HTTP/1.1': 404"]]
        streams = [{"stream": one, "values": values} for one in labels]
        return (
            httpx.Response(404)
            if asked.url.path == "/n-stranger"
            else httpx.Response(200, json={"data": {"result": streams}})
        )

    inquiry = Inquiry("dev")
    loki.check_stranger(
        loki.Loki(play(reply)),
        inquiry,
        stranger=loki.Writer("monitoring-dev", play(reply)),
        text="n-stranger",
        ship_others=lambda: done.append("others"),
    )
    assert done == ["/n-stranger", "others", "/loki/api/v1/query_range"]
    assert _said(inquiry)["stranger-wrote"] == ("right", "HTTP 404")
    assert _said(inquiry)["stranger-left-out"][1] == said


POOL = "serviceMonitor/monitoring-dev/triton/0"


def _seen(
    play: Play, targets: list[dict[str, str]], *, deserted: tuple[str, ...] = (), endpoints: int = 1
) -> tuple[str, str]:
    inquiry = Inquiry("dev")
    monitor = {
        "metadata": {"name": "triton", "namespace": "monitoring-dev"},
        "spec": {"namespaceSelector": {"matchNames": ["triton-dev"]}, "endpoints": [{}] * endpoints},
    }
    door = prometheus.Prometheus(play(lambda _: httpx.Response(200, json={"data": {"activeTargets": targets}})))
    prometheus.check_monitors(door, inquiry, kube=listed(servicemonitors=[monitor]), deserted=deserted)
    return _said(inquiry)["targets of triton"]


@pytest.fixture(name="_hasty")
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prometheus, "UP_S", 0.0)


@pytest.mark.usefixtures("_hasty")
def test_targets_are_up_or_told(play: Play) -> None:
    """No target at all is not up; a pool of another monitor with a longer name does not count."""
    up = {"scrapePool": POOL, "health": "up", "scrapeUrl": "http://a", "lastError": ""}
    assert _seen(play, [up]) == ("right", "all up")
    assert _seen(play, []) == ("wrong", "no target")
    assert _seen(play, [{**up, "scrapePool": "serviceMonitor/monitoring-dev/triton-b/0"}])[0] == "wrong"
    assert "refused" in _seen(play, [up, {**up, "health": "down", "lastError": "refused"}])[1]


@pytest.mark.usefixtures("_hasty")
def test_an_endpoint_without_target_is_told(play: Play) -> None:
    """Targets of one endpoint say nothing about another."""
    up = {"scrapePool": POOL, "health": "up", "scrapeUrl": "http://a", "lastError": ""}
    assert _seen(play, [up], endpoints=2) == ("wrong", "no target in serviceMonitor/monitoring-dev/triton/1")
    assert _seen(play, [up, {**up, "scrapePool": POOL[:-1] + "1"}], endpoints=2) == ("right", "all up")


@pytest.mark.usefixtures("_hasty")
def test_a_deserted_namespace_has_no_target(play: Play) -> None:
    """The monitor stays while its layer is off, and has to find nobody."""
    up = {"scrapePool": POOL, "health": "up", "scrapeUrl": "http://a", "lastError": ""}
    assert _seen(play, [], deserted=("triton-dev",))[0] == "right"
    assert _seen(play, [up], deserted=("triton-dev",))[0] == "wrong"


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize(
    ("loaded", "outcome"),
    [
        ([("a", "ok"), ("b", "unknown")], "right"),
        ([("a", "ok")], "wrong"),
        ([("a", "ok"), ("b", "err")], "wrong"),
    ],
)
def test_rules_are_loaded(play: Play, loaded: list[tuple[str, str]], outcome: str) -> None:
    """Every one of git's; one that was not evaluated yet is loaded, one that fails is not enough."""
    rule = {"spec": {"groups": [{"name": "g", "rules": [{"alert": "a"}, {"record": "b"}]}]}}
    groups = [{"name": "g", "rules": [{"name": name, "health": health} for name, health in loaded]}]
    inquiry = Inquiry("dev")
    door = prometheus.Prometheus(play(lambda _: httpx.Response(200, json={"data": {"groups": groups}})))
    prometheus.check_rules(door, inquiry, kube=listed(prometheusrules=[rule]))
    assert _said(inquiry)["rules-loaded"][0] == outcome


@pytest.mark.parametrize(
    ("value", "age_s", "outcome"), [("2048", 5.0, "right"), ("2048", 200.0, "wrong"), ("4096", 5.0, "wrong")]
)
def test_a_sample_is_fresh_and_the_nodes(play: Play, value: str, age_s: float, outcome: str) -> None:
    """What the exporter says of the node is what the node says of itself, and not long ago."""

    def reply(_: httpx.Request) -> httpx.Response:
        series = [{"metric": {}, "values": [[0, "1"], [time.time() - age_s, value]]}]
        return httpx.Response(200, json={"data": {"result": series}})

    inquiry = Inquiry("dev")
    node = {"status": {"capacity": {"memory": "2Ki"}}}
    prometheus.check_sample(prometheus.Prometheus(play(reply)), inquiry, kube=listed(nodes=[node]))
    assert _said(inquiry)["sample-fresh"][0] == outcome


def test_an_alert_is_delivered_when_the_sink_has_it(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accepted is not delivered."""
    monkeypatch.setattr(alertmanager, "DELIVERED_S", 0.0)
    sent: list[str] = []

    def accept(asked: httpx.Request) -> httpx.Response:
        sent.append(asked.content.decode())
        return httpx.Response(200)

    for inbox, outcome in (("[n0nce]", "right"), ("[]", "wrong")):
        inquiry = Inquiry("dev")
        door = alertmanager.Alertmanager(
            play(accept),
            play(lambda _, inbox=inbox: httpx.Response(200, text=inbox)),  # type: ignore[misc]
        )
        alertmanager.deliver(door, inquiry, nonce="n0nce", run_id="r")
        assert _said(inquiry)["alert-delivered"][0] == outcome
    assert '"n0nce"' in sent[0]


@pytest.mark.parametrize(("champion", "digest"), [(1, "of git"), (2, "of the training")])
def test_a_version_is_traced(play: Play, tmp_path: Any, champion: int, digest: str) -> None:
    """Registry, Triton and answer, each in its own words; git knows the digest of the version that it packages."""
    golden = tmp_path / "golden.json"
    golden.write_text('{"model": "wine", "version": 1, "digest": "of git"}')

    def reply(asked: httpx.Request) -> httpx.Response:
        if asked.url.path.endswith("/infer"):
            return httpx.Response(200, headers={"x-switchyard-model": "wine", "x-switchyard-version": "3"}, json={})
        if asked.url.path.endswith("/index"):
            return httpx.Response(200, json=[{"name": "wine", "version": str(champion), "state": "READY"}])
        version = {"name": "wine", "version": str(champion), "tags": [{"key": "switchyard.digest", "value": digest}]}
        return httpx.Response(200, json={"model_version": version})

    inquiry, rest = Inquiry("dev"), play(reply)
    kept = {"version": champion, "digest": "of the training"}
    tracing.follow(tracing.Trace(Mlflow(rest), rest, rest, {}, golden, kept), inquiry)
    assert _said(inquiry) == {
        "version-in-registry": ("right", f"wine version {champion}"),
        "digest-in-registry": ("right", digest),
        "version-in-triton": ("right", f"wine version {champion}"),
        "version-in-answer": ("wrong", "wine version 3"),
    }
