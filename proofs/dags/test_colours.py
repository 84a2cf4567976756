"""The colours of a run: Airflow itself executes the life cycle, and nothing but what its tasks call is replaced."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from yardflow import errors, tasks

from .conftest import ROOT

REASON = "the colours are looked at"
LOCAL = "airflow.dag_processing.bundles.local.LocalDagBundle"
LEARNING = ("begin", "features", "train", "register", "is_ready", "ready", "gate")
PROMOTING = (*LEARNING, "publish", "load", "smoke", "switch", "verify", "commit", "announce", "end")
FOUND = ("features", "train", "register", "ready", "publish", "load", "smoke", "switch", "verify")
CHAMPION = ("model://wine/champion",)
FINE = {"stop", "undo", "honest"}  # what is not needed where nothing failed


@dataclass(frozen=True, kw_only=True)
class Story:
    """What the steps say in a run, and what Airflow has to make of it. looks: what the registry says of READY."""

    called: Sequence[str]
    gate: str = "promotion"
    looks: Sequence[bool] = (True,)
    refused: Mapping[str, errors.FlowError] = field(default_factory=dict)
    state: str = "failed"
    failed: Set[str] = frozenset()
    skipped: Set[str] = frozenset({"stop"})
    told: Sequence[str] = ()

    def found(self, step: str) -> Mapping[str, Any]:
        """What *step* has found."""
        return {"outcome": self.gate, "reasons": ["it was told so"]} if step == "gate" else {"by": step}


def _until(step: str) -> Sequence[str]:
    return PROMOTING[: PROMOTING.index(step) + 1]


def _undone(step: str, why: errors.FlowError, **more: Any) -> Story:
    """A promotion whose *step* fails: what was done is undone, once."""
    given = {"called": (*_until(step), "undo", "end"), "failed": {step, "honest"}, **more}
    return Story(refused={step: why}, **given)


STORIES = {
    # The first look is too early: the task is put away, and looks again.
    "promoted": Story(
        called=(*_until("is_ready"), *PROMOTING[LEARNING.index("is_ready") :]),
        looks=(False, True),
        state="success",
        skipped=FINE,
        told=CHAMPION,
    ),
    "shadowed": Story(
        called=(*_until("smoke"), "commit", "announce", "end"),
        gate="shadow",
        state="success",
        skipped={"switch", "verify", "promoted", *FINE},
    ),
    "stopped by the gate": Story(
        called=(*LEARNING, "stop", "end"),
        gate="stop",
        failed={"stop", "honest"},
        skipped={"undo", "route", "promoted", *PROMOTING[len(LEARNING) : -1]},
    ),
    # Nothing is undone that was not begun, and no lock given back that somebody else has.
    "begin": _undone("begin", errors.Locked("somebody deploys"), called=("begin",), skipped=set()),
    "features": _undone("features", errors.StoreAway("no answer"), skipped=set()),
    "is_ready": _undone("is_ready", errors.NotReady("too late"), failed={"ready", "honest"}, skipped=set()),
    "ready": _undone("ready", errors.NotReady("other files"), skipped=set()),
    "publish": _undone("publish", errors.StoreAway("no answer")),
    "load": _undone("load", errors.LoadRefused("invalid argument")),
    "smoke": _undone("smoke", errors.WrongAnswers("not the golden ones")),
    "switch": _undone("switch", errors.Fenced("somebody was later")),
    "verify": _undone("verify", errors.WrongAnswers("somebody else's")),
    "commit": _undone("commit", errors.Overtaken("somebody has decided since")),
    # What is committed serves, whether people know of it or not.
    "announce": _undone(
        "announce", errors.NotDelivered("no such channel", reason="refused"), called=PROMOTING, skipped={"stop", "undo"}
    ),
    "switch and undo": Story(
        called=(*_until("switch"), "undo", "end"),
        refused={"switch": errors.Fenced("somebody was later"), "undo": errors.TritonAway("no answer")},
        failed={"switch", "undo", "honest"},
    ),
    # The deployment went well; the lock has a lease, which ends by itself.
    "end": _undone(
        "end",
        errors.StoreAway("no answer"),
        called=PROMOTING,
        state="success",
        failed={"release"},
        skipped=FINE,
        told=CHAMPION,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A run of *story*, and what Airflow says of it. calls: step, run and arguments. tasks: state by task."""

    story: Story
    run: str
    state: str
    calls: Sequence[tuple[str, str, Mapping[str, Any]]]
    tasks: Mapping[str, str]
    told: Sequence[str]

    def those(self, state: str) -> Set[str]:
        """The tasks that ended so."""
        return {task for task, ended in self.tasks.items() if ended == state}


@pytest.fixture(name="dag", scope="module")
def _dag(home: Path) -> Iterator[Any]:
    """The life cycle, and in Airflow's *home* a database in which it may run."""
    assert home.is_dir()
    bundle = {"name": "read", "classpath": LOCAL, "kwargs": {"path": str(ROOT / "dags")}}
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        patched.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps([bundle]))
        import_module("airflow.utils.db").initdb()
        yield import_module("model_lifecycle").model_lifecycle()


@pytest.fixture(name="ended", scope="module", params=STORIES)
def _ended(request: pytest.FixtureRequest, dag: Any) -> Ended:
    """One run in this process; it takes seconds, and every test looks at the same one."""
    story = STORIES[request.param]
    looks = iter(story.looks)
    calls: list[tuple[str, str, Mapping[str, Any]]] = []

    def call(step: str, *, run_id: str, tell: Callable[[str], None], **given: Any) -> Any:
        calls.append((step, run_id, given))
        tell(step)
        if step in story.refused:
            raise story.refused[step]
        return next(looks) if step == "is_ready" else story.found(step)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tasks, "call", call)
        run = dag.test(run_conf={"reason": REASON})
    left = {one.task_id: str(one.state) for one in run.get_task_instances()}
    told = _told(run.run_id)
    return Ended(story=story, run=run.run_id, state=str(run.state), calls=tuple(calls), tasks=left, told=told)


def _told(run: str) -> Sequence[str]:
    """The assets of which *run* told other DAGs."""
    event = import_module("airflow.models.asset").AssetEvent
    with import_module("airflow.utils.session").create_session() as session:
        return tuple(one.uri for one in session.query(event).filter(event.source_run_id == run))


def test_a_run_has_the_colour_of_its_end(ended: Ended) -> None:
    """Promoted and shadowed are green; where a step failed it is red, and stays red where undoing it succeeded."""
    assert ended.state == ended.story.state
    assert ended.those("failed") == ended.story.failed


def test_what_fails_is_undone_once_and_the_lock_given_back(ended: Ended) -> None:
    """Whatever fails up to the commit is undone, and nothing behind it; whoever has begun gives the lock back last."""
    assert tuple(step for step, _, _ in ended.calls) == ended.story.called


def test_what_has_nothing_to_do_is_skipped(ended: Ended) -> None:
    """The paths that the gate did not choose, and undoing where there is nothing to undo."""
    assert ended.those("skipped") == ended.story.skipped


def test_other_dags_hear_of_a_champion_only(ended: Ended) -> None:
    """Whoever is scheduled on the champion is run once by a promotion, and by nothing else."""
    assert ended.told == ended.story.told


def test_steps_are_handed_what_was_found(ended: Ended) -> None:
    """All are of this run; who begins hears why, who stops hears the gate, who commits hears that and all findings."""
    story, decision = ended.story, {"decision": ended.story.found("gate")}
    evidence = {name: story.found(name) if name in story.called else None for name in FOUND}
    handed = {"begin": {"reason": REASON}, "stop": decision, "commit": {**decision, "evidence": evidence}}
    assert {run for _, run, _ in ended.calls} == {ended.run}
    assert [given for _, _, given in ended.calls] == [handed.get(step, given) for step, _, given in ended.calls]
