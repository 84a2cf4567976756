"""P96: what people get wrong: stores that cannot start, a full volume, a credential that nobody accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Final

import pytest

from switchyard.errors import Late
from switchyard.kinds import PODS, STATEFUL_SETS
from switchyard.kube import Kube
from switchyard.objects import dig
from switchyard.scenario import Scenario
from switchyard.session import ProofSession
from switchyard.waiting import wait_until
from switchyard.yard import Yard
from yardfacts.target import Target
from yardfacts.verdict import Verdict

from .embedded import Said, Small, command, folder_behind, shut
from .outages import silence, stopped
from .services.inquiry import Inquiry
from .services.mlflow import use_up

if TYPE_CHECKING:
    from proofs.conftest import Use
    from proofs.services.exercise import Hands

pytestmark = [pytest.mark.order(96), pytest.mark.negative]

BROKEN: Final = "told-broken"
WHOLE: Final = "told-whole"

STORES: Final = ("storage-{env}/postgres-{env}-0", "baseline-{env}/minio-{env}-0", "baseline-{env}/loki-{env}-0")
"""The pod of every store."""

REFUSED_S: Final = 45
"""What a bring-up is given for what cannot come: a container has to fail and to be reported."""
WELL_S: Final = 600
"""Containers that failed are started again after pauses that double, and Airflow's scheduler was seen to hang when its
database and object store went at once: its liveness probe ends it after some four minutes."""
COMMAND_S: Final = 120.0
"""Beyond what the command itself may wait: interpreter, caches, kubectl."""
HEALED_S: Final = 420.0
"""Who hangs on a store that was away is ended by a liveness probe after some four minutes, and starts again."""


@pytest.mark.control("a bring-up without stores")
def test_a_bring_up_names_the_stores_that_cannot_start(*, yard: Scenario, kube: Kube, target: Target, use: Use) -> None:
    """Where no store can read its volume, `switchyard up` names each and fails; where they can again, it ends well."""
    environment = "prod"
    inquiry = Inquiry(environment)
    pods = [pod.format(env=environment) for pod in STORES]
    with ExitStack() as closed, yard.when(f"no store of {environment} can read its volume, and the yard is brought up"):
        for pod in pods:
            namespace, _, name = pod.partition("/")
            claim = _claim_of(kube, name, namespace=namespace)
            closed.enter_context(shut(folder_behind(kube, claim, namespace=namespace)))
            kube.delete(PODS, name, namespace=namespace)
        _keep(inquiry, BROKEN, said=command(target, "up", f"--within={REFUSED_S}", within_s=REFUSED_S + COMMAND_S),
              names=pods, ends="failure")  # fmt: skip
    with yard.when("they can, and it is brought up again"):
        said = command(target, "up", f"--within={WELL_S}", within_s=WELL_S + COMMAND_S)
        _keep(inquiry, WHOLE, said=said, names=(), ends="success")
    use("tracking", "scheduling", "logging", "metering", patience_s=HEALED_S)
    yard.record("told", *inquiry.facts)

    yard.judge("trouble_named", "runs_tracked", "tasks_run", "task_logs_kept", "lines_shipped")


@pytest.fixture(name="small")
def _small(yard: Scenario, kube: Kube, declared: Yard) -> Iterator[Small]:
    """PostgreSQL of dev on a file system with little room, left alone by Argo CD; what it writes there is kept."""
    away = partial(stopped, yard, kube=kube, kind=STATEFUL_SETS, name="postgres-dev", namespace="storage-dev")
    with silence(yard, kube=kube, declared=declared):
        small = Small(folder_behind(kube, "postgres", namespace="storage-dev"))
        with away():
            small.move_in()
        try:
            yield small
        finally:
            with away():
                small.move_out()


@pytest.mark.control("a full volume")
def test_a_full_volume_is_named(
    *, yard: Scenario, target: Target, use: Use, small: Small, hands: Callable[[str], Hands]
) -> None:
    """On a full volume PostgreSQL keeps nothing, which is noticed; with room again, its users heal by themselves."""
    broken = "the volume of PostgreSQL of dev is full"
    inquiry, mine = Inquiry("dev"), hands("dev")
    write = use_up(mine.mlflow(), name=f"{mine.name}-much", run_id=yard.run_id)
    with yard.when(broken):
        small.fill()
        try:
            remove = write()
            use("tracking", environments=["dev"])
            _keep(inquiry, BROKEN, said=command(target, "status", within_s=COMMAND_S),
                  names=["storage-dev/postgres  is full"], ends="failure")  # fmt: skip
        finally:
            small.empty()
    yard.expect("runs_tracked", Verdict.DISPROVED, "not_kept", broken=broken)

    with yard.when("there is room again"):
        use("tracking", "scheduling", moment="healed", patience_s=HEALED_S)
        remove()
        said = command(target, "status", within_s=COMMAND_S)
        # Argo CD is silenced, so the command still has something to say; of this volume it has nothing.
        inquiry.ask(
            WHOLE, wanted="room", got=lambda: "full" if "storage-dev/postgres  is full" in said.text else "room"
        )
    yard.record("told", *inquiry.facts)

    yard.judge("trouble_named")


@pytest.mark.control("a credential that changed")
def test_a_credential_that_only_one_side_has_is_named(
    *, yard: Scenario, kube: Kube, target: Target, use: Use, proof_session: ProofSession
) -> None:
    """A rotated password that MLflow has and PostgreSQL has not is noticed; PostgreSQL started again, all is well."""
    broken = "MLflow of prod started with a password that its database does not have yet"
    inquiry = Inquiry("prod")
    with yard.given("a new password, rotated by the operator's command"):
        rotated = command(target, "secrets", "rotate", "mlflow_database_password", "--env=prod", within_s=WELL_S)
        proof_session.learn(target)
        inquiry.ask("rotated", wanted="success", got=lambda: "success" if rotated.succeeded else rotated.text[-300:])
    with yard.when(broken):
        try:
            (pod,) = _pods(kube, "mlflow-prod", "mlflow")
            kube.delete(PODS, pod, namespace="mlflow-prod")
            wait_until(
                lambda: kube.find(PODS, pod, namespace="mlflow-prod"),
                what="the pod that has the old password, and serves to its end, is gone",
                ready=lambda found: found is None,
                within_s=HEALED_S,
            )
            use("tracking", environments=["prod"])
            said = _until(target, lambda said: "mlflow-prod/mlflow-" in said.text)
            _keep(inquiry, BROKEN, said=said, names=["mlflow-prod/mlflow-"], ends="failure")
        finally:
            # As the command said that rotated it; nothing else is done.
            kube.delete(PODS, "postgres-prod-0", namespace="storage-prod")
    yard.expect("runs_tracked", Verdict.DISPROVED, "not_kept", broken=broken)

    with yard.when("PostgreSQL was started again"):
        said = _until(target, lambda said: said.succeeded)
        _keep(inquiry, WHOLE, said=said, names=(), ends="success")
    yard.record("told", *inquiry.facts)

    yard.judge("trouble_named")


@pytest.mark.control("a credential that changed")
def test_a_new_sealing_key_opens_everything(*, yard: Scenario, target: Target, use: Use, layer: str) -> None:
    """With a new sealing key everything is sealed anew, every Application settles, and the services let us in."""
    with yard.when("the sealing key is rotated"):
        said = command(target, "secrets", "rotate-key", within_s=WELL_S)
        inquiry = Inquiry("shared")
        inquiry.ask("key-rotated", wanted="success", got=lambda: "success" if said.succeeded else said.text[-300:])
        yard.record("rotated", *inquiry.facts)
    use("tracking", "scheduling", patience_s=HEALED_S)
    yard.observe("detached" if yard.is_detached(layer) else "attached")

    yard.judge("runs_tracked", "tasks_run", "core_settled", "services_ready")


def _until(target: Target, ready: Callable[[Said], bool]) -> Said:
    """What ``switchyard status`` says once it is *ready*, or at the end of the time that healing may take."""
    seen: list[Said] = []

    def look() -> Said:
        seen.append(command(target, "status", within_s=COMMAND_S))
        return seen[-1]

    # What it says to the end is the observation; a claim says what it means.
    with suppress(Late):
        wait_until(look, what="what status says", ready=ready, within_s=HEALED_S)
    return seen[-1]


def _keep(inquiry: Inquiry, probe: str, *, said: Said, names: list[str] | tuple[str, ...], ends: str) -> None:
    """Keep what a command said as the answer to the question whether it names what is broken."""
    wanted = f"{', '.join(f'{name} named' for name in names) or 'nothing'}; {ends}"
    inquiry.ask(probe, wanted=wanted, got=lambda: said.naming(*names))


def _claim_of(kube: Kube, pod: str, *, namespace: str) -> str:
    """The volume claim that a store's pod mounts."""
    volumes = dig(kube.get(PODS, pod, namespace=namespace), "spec", "volumes")
    return next(
        str(volume["persistentVolumeClaim"]["claimName"]) for volume in volumes if "persistentVolumeClaim" in volume
    )


def _pods(kube: Kube, namespace: str, name: str) -> list[str]:
    found = kube.list(PODS, namespace=namespace, selector=f"app.kubernetes.io/name={name}").items
    return [str(dig(pod, "metadata", "name")) for pod in found]
