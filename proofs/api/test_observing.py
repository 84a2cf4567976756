"""The watch of a window on a real API server: what changed is seen, whose it is, and what was missed is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from switchyard import observing, toggle
from switchyard.census import ROUND_TRIP, survey
from switchyard.kinds import CONFIG_MAPS, DEPLOYMENTS, NAMESPACES
from switchyard.kube import Kube
from switchyard.labels import RUN_ID
from switchyard.lease import Lease
from switchyard.observation import Observation
from switchyard.observing import observed
from switchyard.watching import Scope, Watching
from yardfacts.bundle import Bundle, digest
from yardfacts.catalogue import load_claims
from yardfacts.facts import Changed, ChurnRule, Facts, Toggle, Watched
from yardfacts.redact import Redactor
from yardfacts.verdict import Finding

from .actor import Actor
from .server import NOBODY, ApiServer
from .stage import SECRETS, Stage
from .test_toggle import _leased

CLAIMS = load_claims(Path(__file__).parents[1] / "claims")
RUN = "abc123"

CHURN = tuple(
    ChurnRule(kind="Lease.coordination.k8s.io", pointer="/spec/renewTime", manager=manager, reason="it is alive")
    for manager in ("kube-apiserver", "switchyard")
)
"""What moves by itself where no controller runs."""

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "triton"},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"a": "b"}},
        "template": {
            "metadata": {"labels": {"a": "b"}},
            "spec": {"containers": [{"name": "c", "image": "example.org/i:1"}]},
        },
    },
}


@pytest.fixture(name="bundle")
def _bundle(tmp_path: Path) -> Bundle:
    return Bundle(tmp_path / "run", redactor=Redactor(secrets=["hunter2-hunter2"]))


def _observed(
    stage: Stage, bundle: Bundle, *, window: str = "off", kube: Kube | None = None
) -> AbstractContextManager[Observation]:
    return observed(kube or stage.kube, yard=stage.yard, window=window, bundle=bundle, run_id=RUN)


def _of(watch: Observation) -> tuple[Watched, dict[tuple[str, str], Changed]]:
    """The header, and the changes by name and pointer."""
    facts = watch.facts()
    (header,) = [fact for fact in facts if isinstance(fact, Watched)]
    return header, {(one.ref.name, one.pointer): one for one in facts if isinstance(one, Changed)}


def _judged(claim: str, *moments: tuple[str, Iterator[object]]) -> Finding:
    facts = Facts(tuple((moment, fact) for moment, found in moments for fact in found))  # type: ignore[misc]
    return CLAIMS[claim].decide(facts)


@dataclass(frozen=True)
class Hands:
    """Toggles under one lease, as a proof does."""

    stage: Stage
    lease: Lease

    def attach(self) -> toggle.Toggled:
        stage = self.stage
        return toggle.attach(stage.kube, yard=stage.yard, layer=stage.layer, lease=self.lease)

    def detach(self) -> toggle.Toggled:
        stage = self.stage
        return toggle.detach(stage.kube, yard=stage.yard, layer=stage.layer, lease=self.lease, run_id=RUN)


@pytest.fixture(name="hands")
def _hands(stage: Stage) -> Iterator[Hands]:
    with Actor(stage), _leased(stage, stage.kube) as lease:
        yield Hands(stage, lease)


def _core(stage: Stage) -> str:
    return f"core-{stage.word}"


def test_the_state_at_the_end_is_the_state_that_was_replayed(stage: Stage, bundle: Bundle) -> None:
    """Every kind is watched, everything is listed, and the replay of a busy window equals the final LIST."""
    with _observed(stage, bundle) as watch:
        for number in range(30):
            stage.config_map(f"thing-{number}")
            stage.kube.merge(CONFIG_MAPS, f"thing-{number}", {"data": {"x": "1"}}, namespace=stage.store)
    header, changes = _of(watch)
    assert (header.gap, header.unwatched, header.differences) == ("", (), ())
    assert header.kinds > 50
    assert header.objects > 100
    assert header.events >= 60
    assert {"Event", "Event.events.k8s.io", "ComponentStatus"} == {hole.partition(":")[0] for hole in header.left_out}
    assert {one.type for (name, _), one in changes.items() if name == "thing-7"} == {"ADDED", "MODIFIED"}


def test_events_stand_in_the_bundle_one_a_line(stage: Stage, bundle: Bundle) -> None:
    """The fact names the file and its digest; secrets are neither in it nor in the facts."""
    secret = stage.kube.create(
        SECRETS, {"metadata": {"name": "key"}, "stringData": {"a": "value-of-a-secret"}}, namespace=_core(stage)
    )
    stage.kube.create(CONFIG_MAPS, {"metadata": {"name": "c"}, "data": {"a": "1"}}, namespace=_core(stage))
    with _observed(stage, bundle) as watch:
        stage.kube.merge(SECRETS, "key", {"stringData": {"a": "other-value-of-it"}}, namespace=_core(stage))
        stage.kube.merge(CONFIG_MAPS, "c", {"data": {"a": "hunter2-hunter2"}}, namespace=_core(stage))
    header, changes = _of(watch)
    path = bundle.folder / header.file
    assert digest(path) == header.sha256
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    (line,) = [line for line in lines if line["uid"] == secret["metadata"]["uid"]]
    assert (line["type"], line["deltas"][0][0], line["deltas"][0][3]) == ("MODIFIED", "/data/a", "switchyard")
    assert changes["key", "/data/a"].before.startswith("hash ")
    assert changes["key", "/data/a"].before != changes["key", "/data/a"].after
    assert "hunter2" not in path.read_text()
    assert changes["c", "/data/a"].after == "[redacted]"


def test_a_change_that_is_taken_back_is_seen(stage: Stage, bundle: Bundle) -> None:
    """Scaled to nothing and back, annotated and reverted: before and after are the same, and the watch knows."""
    stage.kube.create(DEPLOYMENTS, DEPLOYMENT, namespace=_core(stage))
    place = {"namespace": _core(stage)}
    with _observed(stage, bundle) as watch:
        for replicas in (0, 1):
            stage.kube.merge(DEPLOYMENTS, "triton", {"spec": {"replicas": replicas}}, **place)
        for value in ("yes", None):
            stage.kube.merge(DEPLOYMENTS, "triton", {"metadata": {"annotations": {"example.org/a": value}}}, **place)
    _, changes = _of(watch)
    scaled = changes["triton", "/spec/replicas"]
    assert (scaled.before, scaled.after, scaled.times, scaled.belongs) == ("1", "1", 2, "")
    assert scaled.manager == "switchyard"
    same = survey(watch.found, watch.left, rules=())
    assert [one for one in same if isinstance(one, Changed) and one.ref.name == "triton"] == []
    assert any(name == "triton" and "annotations" in pointer for name, pointer in changes)
    finding = _judged("nothing_changed", ("off", iter(watch.facts())))
    assert finding.reason == "unexplained"


def test_a_toggle_is_the_layers_own(stage: Stage, bundle: Bundle, hands: Hands) -> None:
    """What comes and goes with the layer is its own; a bystander's change in the same window is not."""
    with _observed(stage, bundle) as watch:
        hands.attach()
        hands.detach()
    with _observed(stage, bundle, window="on") as other:
        hands.attach()
        stage.config_map("stranger", namespace=_core(stage))
    header, _ = _of(watch)
    assert (header.gap, header.unwatched, header.differences) == ("", (), ())
    mine = [one for one in watch.facts() if isinstance(one, Changed) and one.belongs == "layer"]
    assert {one.type for one in mine} == {"ADDED", "MODIFIED", "DELETED"}
    assert {"store", "store-descendant", stage.child, stage.layer.root} <= {one.ref.name for one in mine}
    assert str(_judged("nothing_changed", ("off", iter((*watch.facts(), *CHURN))))).startswith("PROVED")
    finding = _judged("nothing_changed", ("on", iter((*other.facts(), *CHURN))))
    assert finding.reason == "unexplained"
    assert "stranger" in finding.detail
    assert stage.layer.root not in finding.detail


def test_what_this_proof_labelled_is_its_own(stage: Stage, bundle: Bundle) -> None:
    """By its own label, or by a name that carries the run id."""
    with _observed(stage, bundle) as watch:
        stage.config_map("ours", namespace=_core(stage), labels={RUN_ID: RUN})
        stage.config_map("of-a-task", namespace=_core(stage), labels={"run_id": f"proof-{RUN}-1"})
        stage.config_map("of-another", namespace=_core(stage), labels={RUN_ID: "123abc"})
    _, changes = _of(watch)
    told = {name: changes[name, ""].belongs for name in ("ours", "of-a-task", "of-another")}
    assert told == {"ours": "proof", "of-a-task": "proof", "of-another": ""}


def test_a_resume_is_no_gap(stage: Stage, bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server ends every watch after a second, many times; nothing is lost, and it is counted."""
    monkeypatch.setattr(observing, "RESUME_S", 1)
    with _observed(stage, bundle) as watch:
        for number in range(20):
            stage.config_map(f"thing-{number}")
            stage.kube.list(NAMESPACES)
            _breathe(stage)
    header, changes = _of(watch)
    assert header.resumes > header.kinds
    assert (header.gap, header.unwatched, header.differences) == ("", (), ())
    assert {f"thing-{number}" for number in range(20)} <= {name for name, _ in changes}


def _breathe(stage: Stage) -> None:
    """Let a tenth of a second pass in which the world goes on."""
    with Watching(stage.kube, [Scope(NAMESPACES)]) as watching:
        watching.wait(lambda: False, within_s=0.1)


def test_a_lost_place_is_a_gap(mortal: ApiServer, stage: Stage, bundle: Bundle) -> None:
    """A server that came back knows nothing of before: the window is not proved, and nothing is raised."""
    kube = mortal.client()
    with _observed(stage, bundle, kube=kube) as watch:
        kube.create(SECRETS, {"metadata": {"generateName": "elsewhere-"}}, namespace="default")
        mortal.kill_api()
        mortal.start_api()
        kube.create(SECRETS, {"metadata": {"generateName": "elsewhere-"}}, namespace="default")
        for _ in range(12):
            _breathe(replace(stage, kube=kube))
    header, _ = _of(watch)
    assert "410" in header.gap
    assert _judged("twice_is_once", ("again", iter((_toggle(), header)))).reason == "gap"


def test_what_may_not_be_watched_is_named(server: ApiServer, stage: Stage, bundle: Bundle) -> None:
    """Who may read nothing has watched nothing, and says so of every kind."""
    with _observed(stage, bundle, kube=server.client(NOBODY)) as watch:
        stage.config_map("unseen")
    header, changes = _of(watch)
    assert any(hole.startswith("Secret: Forbidden") for hole in header.unwatched)
    assert (header.kinds, header.objects, changes) == (0, 0, {})
    assert _judged("nothing_changed", ("off", iter(watch.facts()))).reason == "no_kinds"


def test_a_window_that_fails_is_written_down(stage: Stage, bundle: Bundle) -> None:
    """What was seen until then is evidence too; the error goes on."""

    def failing(watch: AbstractContextManager[Observation]) -> None:
        with watch as observation:
            seen.append(observation)
            stage.config_map("before-it-failed")
            raise RuntimeError("boom")

    seen: list[Observation] = []
    with pytest.raises(RuntimeError, match="boom"):
        failing(_observed(stage, bundle))
    (watch,) = seen
    header, changes = _of(watch)
    assert ("before-it-failed", "") in changes
    assert (bundle.folder / header.file).is_file()


def test_off_twice_and_on_twice_are_not_seen(stage: Stage, bundle: Bundle, hands: Hands) -> None:
    """Between request and answer of a second toggle the watch sees no write; after a first one it does."""
    with _observed(stage, bundle, window="again") as first:
        on = hands.attach()
    with _observed(stage, bundle, window="again") as twice:
        again = hands.attach()
    hands.detach()
    with _observed(stage, bundle, window="again") as off:
        gone = hands.detach()

    def said(watch: Observation) -> Finding:
        # As an engine that lies would say it.
        return _judged("twice_is_once", ("again", iter((_toggle(), *CHURN, *watch.facts()))))

    assert [_of(watch)[0].file for watch in (first, twice, off)] == [
        "watch/again.jsonl",
        "watch/again-2.jsonl",
        "watch/again-3.jsonl",
    ]
    assert on.changed
    assert said(first).reason == "write_seen"
    for toggled, watch in ((again, twice), (gone, off)):
        assert not toggled.changed
        assert str(said(watch)).startswith("PROVED")


def test_off_and_on_is_as_before(stage: Stage, bundle: Bundle, hands: Hands) -> None:
    """The layer's objects are new, and all else is as it was; one thing less, more or other is found."""
    hands.attach()
    with _observed(stage, bundle) as off:
        hands.detach()
    with _observed(stage, bundle, window="on") as on:
        hands.attach()
    stage.config_map("more", namespace=_core(stage))
    stage.kube.merge(CONFIG_MAPS, "store", {"data": {"x": "1"}}, namespace=stage.store)
    with _observed(stage, bundle, window="later") as later:
        pass
    same, other = survey(off.found, on.left, rules=CHURN), survey(off.found, later.left, rules=CHURN)
    anew = {one.ref.name for one in same if isinstance(one, Changed) and one.pointer == "/metadata/uid"}
    assert anew == {stage.layer.root, stage.application_set, stage.child, "store", "store-descendant"}
    assert str(_judged("round_trip", (ROUND_TRIP, iter(same)))).startswith("PROVED")
    finding = _judged("round_trip", (ROUND_TRIP, iter(other)))
    assert "more was not there" in finding.detail
    assert "store differs at /data" in finding.detail


def _toggle() -> Toggle:
    return Toggle(layer="features", wanted="attached", changed=False)
