"""P92: what others stand on is taken away on purpose; the claims have to say so, and nobody has to help it back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from switchyard.judging import Inconclusive
from switchyard.kinds import DEPLOYMENTS, STATEFUL_SETS
from switchyard.kube import Kube
from switchyard.scenario import Scenario
from switchyard.yard import Yard
from yardfacts.facts import Answer
from yardfacts.target import Target
from yardfacts.verdict import Verdict

from .outages import silence, stopped
from .services import airflow, alertmanager, loki, mlflow
from .services.inquiry import Inquiry

if TYPE_CHECKING:
    from proofs.conftest import Use
    from proofs.services.exercise import Hands

pytestmark = [pytest.mark.order(92), pytest.mark.negative]

HEALED_S = 420.0
"""Airflow's parts end without their database; the kubelet starts them again with a pause, and imports take seconds. One
that hangs instead is ended by its liveness probe after some four minutes. How long it took is among the durations."""
STATUS_S = 60.0
"""Beside everything else, a command that starts an interpreter and asks an API server."""


@pytest.fixture(name="silenced", scope="module", autouse=True)
def _silenced(yard: Scenario, kube: Kube, declared: Yard) -> Iterator[None]:
    """Argo CD would put back at once what is taken away here."""
    with silence(yard, kube=kube, declared=declared):
        yield


@dataclass
class Withheld:
    """What was sent while nobody took it; it has to arrive later."""

    line: loki.Line | None = None
    alert: str = ""
    runs: list[airflow.Run] = field(default_factory=list)


@pytest.fixture(name="withheld", scope="module")
def _withheld() -> Withheld:
    """Remembered from the test that breaks to the one that looks whether it heals."""
    return Withheld()


@pytest.mark.control("PostgreSQL")
def test_a_lost_database_is_noticed(*, yard: Scenario, kube: Kube, use: Use, target: Target) -> None:
    """Without PostgreSQL neither MLflow nor Airflow keeps anything, whatever their processes say."""
    broken = "PostgreSQL of dev is away"
    with (
        yard.when(broken),
        stopped(yard, kube=kube, kind=STATEFUL_SETS, name="postgres-dev", namespace="storage-dev"),
    ):
        use("tracking", "scheduling", environments=["dev"])
        yard.record("broken", _status(target, away="storage-dev/postgres-dev"))

    yard.expect("runs_tracked", Verdict.DISPROVED, "not_kept", broken=broken)
    yard.expect("tasks_run", Verdict.DISPROVED, "not_alive", broken=broken)
    yard.judge("outage_named")


@pytest.mark.control("PostgreSQL")
def test_a_database_that_returns_heals_its_users(yard: Scenario, use: Use) -> None:
    """PostgreSQL is there again, nobody does anything else, and MLflow and Airflow work."""
    with yard.timed("PostgreSQL's users healed", moment="exercised"):
        use("tracking", "scheduling", patience_s=HEALED_S)

    yard.judge("runs_tracked", "tasks_run", "task_logs_kept")


@pytest.mark.control("MinIO")
def test_a_lost_object_store_is_noticed(
    *, yard: Scenario, kube: Kube, use: Use, hands: Callable[[str], Hands], target: Target, withheld: Withheld
) -> None:
    """Without MinIO no file of a run's is kept, and no log of a finished task is read."""
    one, broken = hands("dev"), "MinIO of dev is away"
    with yard.given("a run of Airflow's whose logs are read"):
        inquiry = _run_tasks(one)
        withheld.runs.append(one.run)
        if any(isinstance(fact, Answer) and fact.outcome != "right" for fact in inquiry.facts):
            raise Inconclusive(f"Airflow did not work before anything was broken: {inquiry.facts[-1]}")
    with (
        yard.when(broken),
        stopped(yard, kube=kube, kind=STATEFUL_SETS, name="minio-dev", namespace="baseline-dev"),
    ):
        use("tracking", environments=["dev"])
        again = Inquiry("dev")
        airflow.read_logs(again, run=one.run, store=one.store)
        yard.record("exercised", *again.facts)
        yard.record("broken", _status(target, away="baseline-dev/minio-dev"))

    yard.expect("runs_tracked", Verdict.DISPROVED, "not_kept", broken=broken)
    yard.expect("task_logs_kept", Verdict.DISPROVED, "log_lost", broken=broken)
    yard.judge("outage_named")


@pytest.mark.control("MinIO")
def test_an_object_store_that_returns_heals_its_users(
    *, yard: Scenario, use: Use, hands: Callable[[str], Hands], withheld: Withheld
) -> None:
    """MinIO is there again, nobody does anything else, and the log that could not be read is read."""
    for run in withheld.runs:
        inquiry = Inquiry("dev")
        airflow.read_logs(inquiry, run=run, store=hands("dev").store)
        yard.record("exercised", *inquiry.facts)
    use("tracking", "scheduling", patience_s=HEALED_S)

    yard.judge("runs_tracked", "tasks_run", "task_logs_kept")


@pytest.mark.control("Loki")
def test_a_lost_log_store_is_noticed(
    *, yard: Scenario, kube: Kube, use: Use, hands: Callable[[str], Hands], target: Target, withheld: Withheld
) -> None:
    """Without Loki no line is found, and the line that was written meanwhile is remembered."""
    one, broken = hands("dev"), "Loki of dev is away"
    with (
        yard.when(broken),
        stopped(yard, kube=kube, kind=STATEFUL_SETS, name="loki-dev", namespace="baseline-dev"),
    ):
        writer = one.writers()[0]
        withheld.line = loki.Line(f"{one.name}-withheld", writer.namespace)
        writer.write(withheld.line.text)
        use("logging", environments=["dev"])
        yard.record("broken", _status(target, away="baseline-dev/loki-dev"))

    yard.expect("lines_shipped", Verdict.DISPROVED, "line_lost", broken=broken)
    yard.judge("outage_named")


@pytest.mark.control("Loki")
def test_a_line_that_was_withheld_arrives(
    *, yard: Scenario, use: Use, hands: Callable[[str], Hands], withheld: Withheld
) -> None:
    """Loki is there again, nobody does anything else, and what was written while it was away is found, once."""
    if withheld.line is None:
        raise Inconclusive("no line was written while Loki was away")
    inquiry = Inquiry("dev")
    loki.arrive(hands("dev").loki(), inquiry, line=withheld.line, within_s=HEALED_S)
    yard.record("exercised", *inquiry.facts)
    use("logging", "metering")

    yard.judge("lines_shipped")


@pytest.mark.control("the alert sink")
def test_a_lost_receiver_is_noticed(
    *, yard: Scenario, kube: Kube, hands: Callable[[str], Hands], withheld: Withheld
) -> None:
    """Without its receiver an alert that Alertmanager accepted is not delivered."""
    one, broken = hands("dev"), "the alerts' receiver of dev is away"
    inquiry = Inquiry("dev")
    with (
        yard.when(broken),
        stopped(yard, kube=kube, kind=DEPLOYMENTS, name="alert-sink-dev", namespace="monitoring-dev"),
    ):
        alertmanager.deliver(one.alertmanager(), inquiry, nonce=one.name, run_id=yard.run_id)
        withheld.alert = one.name
        yard.record("exercised", *inquiry.facts)

    yard.expect("alerts_delivered", Verdict.DISPROVED, "not_delivered", broken=broken)


@pytest.mark.control("the alert sink")
def test_an_alert_that_was_withheld_arrives(
    *, yard: Scenario, use: Use, hands: Callable[[str], Hands], withheld: Withheld
) -> None:
    """The receiver is there again, nobody does anything else, and it gets the alert that it missed."""
    inquiry = Inquiry("dev")
    alertmanager.arrive(hands("dev").alertmanager(), inquiry, nonce=withheld.alert)
    yard.record("exercised", *inquiry.facts)
    use("alerting")

    yard.judge("alerts_delivered")


def test_a_wrong_credential_opens_nothing(yard: Scenario, hands: Callable[[str], Hands]) -> None:
    """Who says a wrong password to MLflow keeps nothing there."""
    one, broken = hands("dev"), "the password for MLflow of dev is wrong"
    door = mlflow.Mlflow(replace(one.mlflow().rest, login=(mlflow.ADMIN, f"not-{one.nonce}")))
    inquiry = Inquiry("dev")
    with yard.when(broken):
        mlflow.keep_a_run(door, inquiry, name=one.name, run_id=yard.run_id)
        yard.record("exercised", *inquiry.facts)

    yard.expect("runs_tracked", Verdict.DISPROVED, "not_kept", broken=broken)


def _run_tasks(one: Hands) -> Inquiry:
    """One run of Airflow's, and its logs while everybody is there."""
    inquiry = Inquiry(one.environment)
    door, served = one.airflow(), one.served
    if airflow.start(door, inquiry, run=one.run, served=served) and airflow.finish(
        door, inquiry, run=one.run, kube=one.kube, served=served
    ):
        airflow.read_logs(inquiry, run=one.run, store=one.store)
    return inquiry


def _status(target: Target, *, away: str) -> Answer:
    """
    Whether the command for people names *away*, ``namespace/name``.

    How it ends says nothing here: while Argo CD is silenced, it ends with failure whatever else it sees.
    """
    inquiry = Inquiry("dev")

    def said() -> str:
        command = [str(Path(sys.executable).with_name("switchyard")), "status"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=STATUS_S, check=False)
        # By the line that tells of the workload: every Application is listed, well or not, and is called alike.
        line = f"{STATEFUL_SETS.kind}  {away}  is scaled to nothing"
        return f"{away} {'named' if line in done.stdout.splitlines() else 'not named'}"

    if target.git_dir is None:
        raise Inconclusive(f"target {target.name} was not brought up here, so no status of it can be asked for")
    inquiry.ask("status", wanted=f"{away} named", got=said)
    return next(fact for fact in inquiry.facts if isinstance(fact, Answer))
