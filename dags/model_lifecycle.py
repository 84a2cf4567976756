"""
### From arrived data to a champion, or to a reason why not

Features, training, registration, READY, the gate; then publish, load, smoke, switch, verify, commit, announce. Each
task is a function of `yardflow` that may be repeated. A run that was killed goes on where its tasks are cleared; one
that was undone is over: clear it from `begin`, or start another.

| a run ends | in colour | and this is so |
|---|---|---|
| promoted | green | the new version is the champion; the one before stays loaded |
| shadowed | green | the new version sees the champion's requests, and answers nobody |
| stopped, aborted, rolled back | red | the champion is who it was, and was asked to show it |
| committed, and nobody told | red | the new version serves; clear `announce` |

The task `undo` aborts what failed before the switch, and rolls back what failed after it.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any, Final

from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import Asset, BaseSensorOperator, Context, Param, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

log = logging.getLogger(__name__)

CHAMPION: Final = Asset(uri="model://wine/champion", name="wine-champion")
"""Whoever schedules on it is run when another version serves; not for a shadow."""

FOUND: Final = ("features", "train", "register", "ready", "publish", "load", "smoke", "switch", "verify")
"""Tasks whose findings go into the ledger."""

READY_S: Final = 300
"""MLflow's own status comes at once in the open-source server; one that copies files first takes minutes."""
AGAIN_S: Final = 5


def call(step: str, /, **given: Any) -> Any:
    """Run one step for this run. What a step imports takes seconds of a core: this file is read every minute."""
    from yardflow import tasks  # noqa: PLC0415

    return tasks.call(step, run_id=str(get_current_context()["run_id"]), tell=log.info, **given)


class Ready(BaseSensorOperator):
    """Waits until the registry says READY, without a process that waits; then holds the files against the training."""

    def execute(self, context: Context, event: Any = None, since: float = 0.0) -> dict[str, Any]:
        """Look; where it is too early, come back later. Late is a failure, and never taken for a skip."""
        del context, event
        since = since or time.time()
        if not call("is_ready", since=since, within_s=READY_S):
            again = TimeDeltaTrigger(timedelta(seconds=AGAIN_S))
            self.defer(trigger=again, method_name="execute", kwargs={"since": since})
        found: dict[str, Any] = call("ready")
        return found


def step(name: str) -> Any:
    """A task that runs the step of its own name and returns what that found."""

    @task(task_id=name)
    def run() -> dict[str, Any]:
        found: dict[str, Any] = call(name)
        return found

    return run()


@task
def begin(params: dict[str, Any] | None = None) -> dict[str, Any]:
    """Take the lock and a generation."""
    found: dict[str, Any] = call("begin", reason=(params or {})["reason"])
    return found


@task.branch
def decide(decision: dict[str, Any]) -> str:
    """What the gate said, as a path."""
    return "stop" if decision["outcome"] == "stop" else "publish"


@task
def stop(decision: dict[str, Any]) -> None:
    """Give the generation up; a run that deploys nothing is red."""
    call("stop", decision=decision)
    raise AirflowFailException(f"stopped by the gate: {'; '.join(decision['reasons'])}")


@task.branch
def route(decision: dict[str, Any]) -> str:
    """Nobody is switched to a shadow."""
    return "switch" if decision["outcome"] == "promotion" else "commit"


@task(trigger_rule="none_failed_min_one_success")  # switched and verified, or a shadow, which is neither
def commit() -> dict[str, Any]:
    """
    Make it the truth, with what every step before has found.

    What was found is pulled and not handed over: an argument would make its giver one of those of whom one success is
    enough, and every run would commit.
    """
    pull = get_current_context()["ti"].xcom_pull
    evidence = {name: pull(task_ids=name) for name in FOUND}
    found: dict[str, Any] = call("commit", decision=pull(task_ids="gate"), evidence=evidence)
    return found


@task(outlets=[CHAMPION])
def promoted(decision: dict[str, Any]) -> None:
    """Tell other DAGs."""
    if decision["outcome"] != "promotion":
        raise AirflowSkipException("a shadow serves nobody")


@task(trigger_rule="one_failed")
def undo() -> str:
    """Bring the last good state back, whatever it was that failed."""
    ended: str = call("undo", reason="a task of the run failed; its log says which and why")
    return ended


@task(trigger_rule="one_failed")
def honest() -> None:
    """Airflow takes a run's colour from its last tasks, and undoing may have succeeded."""
    raise AirflowFailException("a task failed, so the run has; the log of undo or stop says what is so now")


@task
def release() -> None:
    """Give the lock back, however it went."""
    call("end")


@dag(
    schedule=None,
    catchup=False,
    is_paused_upon_creation=False,  # a run that is asked for is meant to run
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=30),  # every wait has a deadline of its own; this one is for what hangs
    params={"reason": Param("asked for", type="string", minLength=1, maxLength=200, description="Why, for people.")},
    tags=["model"],
    doc_md=__doc__,
)
def model_lifecycle() -> None:
    """See the head of the file."""
    begun, ready = begin(), Ready(task_id="ready", poke_interval=AGAIN_S, timeout=READY_S)
    learned = {name: step(name) for name in ("features", "train", "register")}
    decision = step("gate")
    begun >> learned["features"] >> learned["train"] >> learned["register"] >> ready >> decision

    path, stopped = decide(decision), stop(decision)
    placed = {name: step(name) for name in ("publish", "load", "smoke")}
    path >> [placed["publish"], stopped]
    routed = route(decision)
    placed["publish"] >> placed["load"] >> placed["smoke"] >> routed

    switched = {name: step(name) for name in ("switch", "verify")}
    committed = commit()
    routed >> [switched["switch"], committed]
    switched["switch"] >> switched["verify"] >> committed
    told = step("announce")
    committed >> told >> promoted(decision)

    # A setup may only be followed by what needs its success: whoever comes after it tells of its failure.
    steps = [ready, decision, path, routed, committed, *learned.values(), *placed.values(), *switched.values()]
    undone, watched, released = undo(), honest(), release()
    steps >> undone
    [*steps, stopped, told, undone] >> watched
    [stopped, told, undone] >> released.as_teardown(setups=begun.as_setup())


model_lifecycle()
