"""Each canary gives what was written, says when it is gone, and says other words when it was changed."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import httpx
import pytest
from proofs.canaries import loki as loki_canaries
from proofs.canaries.airflow import DagRun, Variable
from proofs.canaries.canary import GONE
from proofs.canaries.loki import Pushed, Shipped
from proofs.canaries.minio import Minio
from proofs.canaries.mlflow import Artifact, Run, Version
from proofs.canaries.offline import Offline, value_of
from proofs.canaries.prometheus import GAP, Continuity, seconds
from proofs.services.errors import Declined, Unanswered

NONCE = "abc123-00ff00ff"


@pytest.mark.parametrize("kind", [Minio, Offline])
def test_an_object_is_given_lost_or_changed(kind: Any, played: Any) -> None:
    """By its bytes; of a dead proof it is found by its name, and other objects are not."""
    canary = kind(played)
    wanted = canary.write(NONCE)
    ((key, content),) = played.objects.kept.items()
    assert canary.read(NONCE) == wanted
    played.objects.kept |= {f"{key}-else": b"", key.replace("canary-", "proof-"): b""}
    assert canary.strays() == (NONCE,)
    if kind is Minio:
        played.objects.kept[key] = content[:-1] + b"?"
        assert canary.read(NONCE) != wanted
    canary.remove(NONCE)
    assert canary.read(NONCE).startswith(GONE)
    assert canary.write(NONCE) == wanted


def test_a_row_says_its_value(played: Any) -> None:
    """What the online store has to give is what stands in the file."""
    assert Offline(played).write(NONCE).startswith(f"alcohol {value_of(NONCE)}, ")
    assert value_of(NONCE) != value_of(NONCE[:-1])
    assert value_of(NONCE) % 1 == 0.5


@pytest.mark.parametrize("kind", [Minio, Offline])
def test_a_silent_store_is_no_loss(kind: Any, played: Any) -> None:
    """Nor is it a cluster that could not be read."""
    canary = kind(played)
    canary.write(NONCE)
    played.objects.silent = True
    with pytest.raises(Unanswered):
        canary.read(NONCE)


class Lines:
    """Loki, and a service whose requests are lines."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.asked: list[str] = []

    def __call__(self, asked: httpx.Request) -> httpx.Response:
        """A push or a request adds a line; a query gives all."""
        if asked.url.path.endswith("/push"):
            (stream,) = json.loads(asked.content)["streams"]
            self.texts += [f"{stream['stream']} {value[1]}" for value in stream["values"]]
            return httpx.Response(204)
        if not asked.url.path.startswith("/loki"):
            self.texts.append(f"{asked.method} {asked.url.path} 404")
            return httpx.Response(404)
        self.asked.append(asked.url.params["query"])
        values = [[str(time.time_ns()), text] for text in self.texts]
        return httpx.Response(200, json={"data": {"result": [{"stream": {}, "values": values}] if values else []}})


@pytest.mark.parametrize("kind", [Pushed, Shipped])
def test_a_line_is_given_lost_or_changed(kind: Any, played: Any) -> None:
    """A line that is there twice is none that is lost."""
    played.script = lines = Lines()
    canary = kind(played)
    wanted = canary.write(NONCE)
    assert canary.read(NONCE) == wanted
    lines.texts *= 2
    assert canary.read(NONCE) == wanted
    lines.texts = ["another line"]
    assert canary.read(NONCE) != wanted
    lines.texts = []
    assert canary.read(NONCE).startswith(GONE)
    assert set(lines.asked) == {canary.where(NONCE)}


def test_a_pushed_line_has_no_label_of_shipped_ones(played: Any) -> None:
    """Else its stream would stand among the platform's namespaces."""
    played.script = lines = Lines()
    Pushed(played).write(NONCE)
    assert lines.texts == [f"{{'canary': '{NONCE}'}} canary-{NONCE}"]


def test_a_line_that_never_comes_is_no_line(played: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was written, and never seen."""
    monkeypatch.setattr(loki_canaries, "ARRIVED_S", 0.0)
    played.script = lambda _: httpx.Response(200, json={"data": {"result": []}})
    with pytest.raises(Unanswered):
        Shipped(played).write(NONCE)


class Tracking:
    """As much of MLflow as a canary needs: experiments with one run each, files, and one registered version."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.version: dict[str, Any] = {"name": "wine", "version": "1", "status": "READY"}

    def __call__(self, asked: httpx.Request) -> httpx.Response:
        """Give what is kept."""
        path, said = asked.url.path, {}
        if "/artifacts" in path:
            return self._file(asked, path.partition("/artifacts/")[2])
        if asked.method == "POST":
            said = json.loads(asked.content)
        found = self._said(path.rpartition("/mlflow/")[2], said, asked.url.params)
        return httpx.Response(404) if found is None else httpx.Response(200, json=found)

    def _said(self, act: str, said: dict[str, Any], query: Any) -> dict[str, Any] | None:
        """What the server answers; None where it knows no such thing."""
        found: dict[str, Any] | None = {}
        match act:
            case "experiments/create":
                found = {"experiment_id": self.names.setdefault(said["name"], str(len(self.names)))}
            case "experiments/get-by-name":
                known = self.names.get(query["experiment_name"])
                found = {"experiment": {"experiment_id": known}} if known else None
            case "experiments/search":
                found = {"experiments": [{"name": name} for name in self.names]}
            case "experiments/delete":
                self.names = {name: one for name, one in self.names.items() if one != said["experiment_id"]}
            case "runs/create":
                home = f"mlflow-artifacts:/{said['experiment_id']}/r/artifacts"
                info = {"run_id": f"r{said['experiment_id']}", "artifact_uri": home, "lifecycle_stage": "active"}
                data = {"params": [{"key": "nonce", "value": NONCE}], "metrics": [{"key": "measured", "value": 0.5}]}
                self.runs[said["experiment_id"]] = {"info": {**info, "status": "FINISHED"}, "data": data}
                found = {"run": self.runs[said["experiment_id"]]}
            case "runs/search":
                found = {"runs": [self.runs[one] for one in said["experiment_ids"]]}
            case "runs/get":
                found = {"run": self.runs[query["run_id"].removeprefix("r")]}
            case "runs/delete" | "runs/restore":
                stage = "deleted" if act == "runs/delete" else "active"
                self.runs[said["run_id"].removeprefix("r")]["info"]["lifecycle_stage"] = stage
            case "registered-models/alias":
                found = {"model_version": self.version}
        return found

    def _file(self, asked: httpx.Request, name: str) -> httpx.Response:
        match asked.method:
            case "PUT":
                self.files[name] = asked.content
            case "DELETE":
                del self.files[name]
            case "GET" if name:
                return httpx.Response(200, content=self.files[name])
            case "GET":
                return httpx.Response(200, json={"files": [{"path": one.rpartition("/")[2]} for one in self.files]})
        return httpx.Response(200, json={})


def test_a_run_is_given_or_lost(played: Any) -> None:
    """A run in the server's bin still answers, and is lost all the same until it is taken out."""
    played.script = Tracking()
    run = Run(played)
    wanted = run.write(NONCE)
    assert run.read(NONCE) == wanted == f"run r0 FINISHED, parameter {NONCE}, metric 0.5"
    run.bin(NONCE)
    assert run.read(NONCE).startswith(GONE)
    run.unbin(NONCE)
    assert run.read(NONCE) == wanted
    assert run.strays() == (NONCE,)
    run.remove(NONCE)
    assert run.read(NONCE).startswith(GONE)


def test_a_changed_metric_is_told(played: Any) -> None:
    """The run is there, and says something else."""
    played.script = server = Tracking()
    wanted = Run(played).write(NONCE)
    server.runs["0"]["data"]["metrics"][0]["value"] = 0.25
    assert Run(played).read(NONCE) == wanted.replace("0.5", "0.25")


def test_a_runs_file_is_given_lost_or_changed(played: Any) -> None:
    """Of a run of its own: the run canary's experiment is none of its strays."""
    played.script = server = Tracking()
    file = Artifact(played)
    Run(played).write(NONCE)
    wanted = file.write(NONCE)
    assert file.read(NONCE) == wanted
    assert (Run(played).strays(), file.strays()) == ((NONCE,), (NONCE,))
    (name,) = server.files
    server.files[name] += b"?"
    assert file.read(NONCE) != wanted
    server.files.clear()
    assert file.read(NONCE).startswith(GONE)
    file.remove(NONCE)
    assert file.strays() == ()


def test_the_registered_version_is_as_it_was(played: Any) -> None:
    """Every word that the registry says of it counts; without the alias it is gone."""
    played.script = server = Tracking()
    wanted = Version(played).write(NONCE)
    assert Version(played).read(NONCE) == wanted
    server.version["last_updated_timestamp"] = 1
    assert Version(played).read(NONCE) != wanted
    played.script = lambda _: httpx.Response(404)
    assert Version(played).read(NONCE).startswith(GONE)


def test_trouble_is_no_loss(played: Any) -> None:
    """HTTP 500 says nothing about what is kept."""
    played.script = lambda _: httpx.Response(500)
    for canary in (Run(played), Artifact(played), Version(played), DagRun(played), Variable(played)):
        with pytest.raises(Declined):
            canary.read(NONCE)


class Scheduling:
    """As much of Airflow as a canary needs."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def __call__(self, asked: httpx.Request) -> httpx.Response:
        """Keep what is posted below its key, and give it back."""
        path = asked.url.path
        if asked.method == "POST":
            said = json.loads(asked.content)
            self.kept[f"{path}/{said.get('dag_run_id') or said['key']}"] = {"state": "queued", **said}
            return httpx.Response(200, json={})
        if path.endswith(("/dagRuns", "/variables")):
            listed = [one for key, one in self.kept.items() if key.startswith(path)]
            return httpx.Response(200, json={"dag_runs": listed, "variables": listed})
        if path not in self.kept:
            return httpx.Response(404, json={"detail": "not found"})
        if asked.method == "DELETE":
            del self.kept[path]
            return httpx.Response(204)
        return httpx.Response(200, json=self.kept[path])


@pytest.mark.parametrize(("kind", "field"), [(DagRun, "conf"), (Variable, "value")])
def test_a_record_of_airflows_is_given_lost_or_changed(kind: Any, field: str, played: Any) -> None:
    """A run by its state and the word that it was given, a Variable by its value."""
    played.script = server = Scheduling()
    canary = kind(played)
    wanted = canary.write(NONCE)
    assert canary.read(NONCE) == wanted
    assert canary.strays() == (NONCE,)
    ((key, one),) = server.kept.items()
    server.kept[key] = {**one, field: {"nonce": "another"} if field == "conf" else "another"}
    assert canary.read(NONCE) != wanted
    canary.remove(NONCE)
    assert canary.read(NONCE).startswith(GONE)


def test_a_dag_run_waits_for_ever(played: Any) -> None:
    """No task of a canary's runs beside a toggle."""
    played.script = server = Scheduling()
    DagRun(played).write(NONCE)
    ((_, run),) = server.kept.items()
    assert run["run_after"].startswith("2100-")


class Samples:
    """Prometheus with one series, 15 s between samples."""

    def __init__(self, *ages_s: float) -> None:
        now_s = time.time()
        self.values: list[tuple[float, str]] = [(round(now_s - age_s, 3), str(age_s)) for age_s in ages_s]
        self.queries: list[str] = []

    def __call__(self, asked: httpx.Request) -> httpx.Response:
        """Targets, or the samples of a range."""
        if asked.url.path.endswith("/targets"):
            target = {"scrapePool": "serviceMonitor/monitoring-dev/prometheus/0", "scrapeInterval": "15s"}
            return httpx.Response(200, json={"data": {"activeTargets": [target]}})
        self.queries.append(asked.url.params["query"])
        return httpx.Response(200, json={"data": {"result": [{"metric": {}, "values": self.values}]}})


@pytest.mark.parametrize(
    ("ages_s", "begin"),
    [
        ((70, 55, 40, 25, 10), "sample 70 "),  # every one
        ((70, 40, 10), "sample 70 "),  # every second: one scrape may fail
        ((70, 38, 25, 10), f"{GAP} of 32.0 s"),
        ((70, 55, 40), f"{GAP} of 40."),  # nothing since
        ((55, 40, 25, 10), GONE),  # what was there before is not
        ((), GONE),
    ],
)
def test_samples_go_on_or_do_not(ages_s: tuple[float, ...], begin: str, played: Any) -> None:
    """From the first sample on until now, by a range selector."""
    played.script = samples = Samples(70)
    canary = Continuity(played)
    wanted = canary.write(NONCE)
    now = Samples(*ages_s)
    # Both sides tell the same times, however long the lines between took.
    now.values = [samples.values[0] if value[1] == "70" else value for value in now.values]
    played.script = now
    read = canary.read(NONCE)
    assert read.startswith(begin)
    assert (read == wanted) == begin.startswith("sample")
    assert all(query.startswith("process_cpu") and query.endswith("s]") for query in (*samples.queries, *now.queries))


def test_a_question_that_arrives_late_finds_the_sample_all_the_same(played: Any) -> None:
    """Its range is counted back from when the server reads it, which a busy node puts off by seconds."""
    played.script = samples = Samples(20, 5)
    canary = Continuity(played)
    wanted = canary.write(NONCE)

    def late(asked: httpx.Request) -> httpx.Response:
        (window_s,) = re.findall(r"\[(\d+)s\]", asked.url.params["query"])
        since_s = time.time() + 10.0 - float(window_s)
        kept = [value for value in samples.values if value[0] >= since_s]
        return httpx.Response(200, json={"data": {"result": [{"metric": {}, "values": kept}]}})

    played.script = late
    assert canary.read(NONCE) == wanted


def test_no_sample_before_is_nothing_to_lose(played: Any) -> None:
    """A claim says of it that it was never seen."""
    played.script = Samples()
    with pytest.raises(Unanswered):
        Continuity(played).write(NONCE)


@pytest.mark.parametrize(("text", "value"), [("15s", 15.0), ("1m30s", 90.0), ("500ms", 0.5), ("1h", 3600.0)])
def test_a_duration_is_read(text: str, value: float) -> None:
    """As Prometheus writes it."""
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "15", "s", "15 s", "1d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """A wrong interval would allow any gap."""
    with pytest.raises(ValueError, match="duration"):
        seconds(text)
