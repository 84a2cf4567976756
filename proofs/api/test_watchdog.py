"""A proof that dies: its watchdog restores, says so in the evidence, and ends; nobody types a command."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from proofs.victim import Victim

from switchyard import toggle
from switchyard.cli import main
from switchyard.holder import is_running
from switchyard.kinds import CONFIG_MAPS
from switchyard.labels import RUN_ID
from switchyard.lease import Lease, held_lease
from switchyard.obituary import PHASE, STAGE
from switchyard.restoring import restore
from switchyard.waiting import wait_until
from yardfacts.facts import Timing
from yardfacts.journal import Ending

from .actor import Actor
from .server import ADMIN, ApiServer
from .stage import Stage

ANSWER_S = 20.0
RESTORE_S = 60.0
"""The deadlines of a stage, several times; a machine may be busy."""
STAYS = "example.com/stays"

Begin = Callable[[], Victim]


@pytest.fixture(name="begin")
def _begin(server: ApiServer, stage: Stage, actor: Actor, tmp_path: Path) -> Iterator[Begin]:
    """Begin a proof of its own, to be killed."""
    stage.declare()
    with ExitStack() as open_:
        number = iter(range(9))

        def begin() -> Victim:
            proof = tmp_path / f"proof-{next(number)}"
            victim = Victim(config=stage.yard.path, kubeconfig=server.kubeconfig, context=ADMIN, proof=proof)
            return open_.enter_context(victim)

        yield begin


@pytest.fixture(name="run")
def _run(server: ApiServer, stage: Stage) -> Callable[..., Result]:
    options = ["--config", str(stage.yard.path), "--kubeconfig", str(server.kubeconfig), "--context", ADMIN]
    return lambda *arguments: CliRunner().invoke(main, [*options, *arguments], catch_exceptions=False)


def _attached(stage: Stage) -> None:
    with held_lease(stage.kube, namespace=stage.namespace, run_id="before", restore={}, recover=_nothing_left) as lease:
        toggle.attach(stage.kube, yard=stage.yard, layer=stage.layer, lease=lease)


def _nothing_left(lease: Lease, left: object) -> None:
    raise AssertionError(f"somebody died, and {left} was left")


@contextmanager
def _paused(actor: Actor) -> Iterator[None]:
    """The controllers stand still for the block."""
    actor.pause()
    try:
        yield
    finally:
        actor.go_on()


def _presence(stage: Stage) -> str:
    return toggle.presence(stage.kube, yard=stage.yard, layer=stage.layer)


def _await_presence(stage: Stage, wanted: str) -> None:
    wait_until(lambda: _presence(stage), what="presence", ready=lambda found: found == wanted, within_s=ANSWER_S)


def _hold_up(stage: Stage, *finalizers: str) -> None:
    stage.kube.merge(CONFIG_MAPS, "store", {"metadata": {"finalizers": finalizers}}, namespace=stage.store)


def _die_detaching(stage: Stage, actor: Actor, victim: Victim) -> None:
    _hold_up(stage, STAYS)
    victim.order("detach features")
    _await_presence(stage, "detaching")
    victim.kill()
    _hold_up(stage)


def _die_detached(stage: Stage, actor: Actor, victim: Victim) -> None:
    victim.order("detach features")
    victim.await_line("done detach")
    # It has a session of its own, heeds neither Ctrl-C nor a hang-up, and outlives the proof's whole group.
    assert os.getsid(victim.watchdog) == victim.watchdog
    for number in (signal.SIGINT, signal.SIGHUP):
        os.kill(victim.watchdog, number)
    os.killpg(victim.pid, signal.SIGKILL)
    victim.end()


def _die_attaching(stage: Stage, actor: Actor, victim: Victim) -> None:
    victim.order("detach features")
    victim.await_line("done detach")
    with _paused(actor):
        victim.order("attach features")
        _await_presence(stage, "attached")
        victim.kill()


@pytest.mark.parametrize("die", [_die_detaching, _die_detached, _die_attaching])
def test_what_was_found_is_restored_after_a_kill(
    stage: Stage, actor: Actor, begin: Begin, die: Callable[[Stage, Actor, Victim], None]
) -> None:
    """Killed in the middle of a detach, between the phases, in the middle of an attach: the layer is attached again."""
    _attached(stage)
    victim = begin()
    victim.await_line("ready")
    die(stage, actor, victim)
    victim.await_watchdog(within_s=RESTORE_S)
    assert "restored in" in victim.log
    assert _presence(stage) == "attached"
    _attached(stage)  # settled too, and nobody has anything to recover
    _check_evidence(victim)


def _check_evidence(victim: Victim) -> None:
    """The journal of the dead is read as before, ended as interrupted; its verdict is computed, and nothing sealed."""
    history = victim.history
    assert history.ending is Ending.INTERRUPTED
    assert [dict(record.body) for record in history.of("restore")] == [
        {"layer": "features", "found": "attached", "left": "attached", "detail": ""},
        {"layer": f"what {victim.run_id} made", "found": "gone", "left": "gone", "detail": ""},
    ]
    (timing,) = history.facts(stage=STAGE).of(Timing)
    assert timing.phase == PHASE
    verdict = json.loads((victim.folder / "verdict.json").read_text())
    assert (verdict["verdict"], verdict["exit_code"], verdict["unrestored"]) == ("INCONCLUSIVE", 11, "")
    assert "verdict: INCONCLUSIVE" in victim.log
    assert not (victim.folder / "COMPLETE").exists()


def test_what_was_not_there_is_removed_and_nothing_else(stage: Stage, begin: Begin) -> None:
    """A layer that was off is off again, objects go by the label of the dead run; whatever else there is stays."""
    victim = begin()
    victim.await_line("ready")
    run_id = victim.run_id
    stage.config_map("of-the-dead", namespace=stage.namespace, labels={RUN_ID: run_id})
    stage.config_map("of-another", namespace=stage.namespace, labels={RUN_ID: "f00f00"})
    stage.config_map(run_id, namespace=stage.namespace)
    victim.order("attach features")
    victim.await_line("done attach")
    victim.kill()
    victim.await_watchdog(within_s=RESTORE_S)
    assert _presence(stage) == "detached"
    assert next(record.body["left"] for record in victim.history.of("restore")) == "detached"
    left = {one["metadata"]["name"] for one in stage.kube.list(CONFIG_MAPS, namespace=stage.namespace).items}
    assert left == {"of-another", run_id}
    assert "of-the-dead was made by" in victim.log


def test_an_interrupted_proof_restores_by_itself(stage: Stage, begin: Begin) -> None:
    """Ctrl-C and SIGTERM are answered by the proof; the watchdog hears a farewell, writes nothing and ends."""
    _attached(stage)
    victim = begin()
    victim.await_line("ready")
    victim.order("detach features")
    victim.await_line("done detach")
    assert victim.kill(signal.SIGTERM) == 130
    assert _presence(stage) == "attached"
    assert not is_running(victim.watchdog)
    assert victim.log == ""


def test_an_impatient_person_is_cleaned_up_after(stage: Stage, actor: Actor, begin: Begin) -> None:
    """A second Ctrl-C while the first is being answered ends the proof at once; then the watchdog restores."""
    _attached(stage)
    victim = begin()
    victim.await_line("ready")
    victim.order("detach features")
    victim.await_line("done detach")
    with _paused(actor):
        victim.send(signal.SIGINT)
        victim.await_line("applied")
        assert victim.kill(signal.SIGINT) == 130
    victim.await_watchdog(within_s=RESTORE_S)
    assert "the journal had ended" in victim.log
    assert "restored in" in victim.log
    _attached(stage)


def test_without_a_watchdog_the_next_command_restores(stage: Stage, actor: Actor, begin: Begin) -> None:
    """Where both were killed, whoever takes the lease next restores first, objects of the dead included."""
    _attached(stage)
    victim = begin()
    victim.await_line("ready")
    orphan = stage.config_map("orphan", namespace=stage.namespace, labels={RUN_ID: victim.run_id})
    os.kill(victim.watchdog, signal.SIGKILL)
    victim.order("detach features")
    victim.await_line("done detach")
    victim.kill()
    assert _presence(stage) == "detached"
    said: list[str] = []
    with held_lease(
        stage.kube,
        namespace=stage.namespace,
        run_id="next",
        restore={},
        recover=lambda lease, left: restore(stage.kube, yard=stage.yard, lease=lease, wanted=left),
        progress=said.append,
    ):
        assert _presence(stage) == "attached"
        assert stage.kube.find(CONFIG_MAPS, orphan["metadata"]["name"], namespace=stage.namespace) is None
    assert "features attached" in said[0]
    assert victim.log == ""


def test_a_second_proof_is_refused_by_name(
    stage: Stage, actor: Actor, begin: Begin, run: Callable[..., Result]
) -> None:
    """While a proof lives, another one and a command end with 11 and name it; it ends with its watchdog."""
    first = begin()
    first.await_line("ready")
    second = begin()
    assert second.end() == 11
    toggled = run("attach", "features")
    assert toggled.exit_code == 11
    for said in (second.output, toggled.output):
        assert f"/{first.run_id} since" in said
    assert second.watchdog == 0
    assert _presence(stage) == "detached"
    assert first.end() == 0
    assert not is_running(first.watchdog)
    assert first.log == ""
    assert first.history.ending is Ending.COMPLETED


def test_a_command_is_refused_while_the_watchdog_restores(
    stage: Stage, actor: Actor, begin: Begin, run: Callable[..., Result]
) -> None:
    """Two never restore at once: the watchdog holds the lease, and is named; afterwards the command does its work."""
    _attached(stage)
    victim = begin()
    victim.await_line("ready")
    victim.order("detach features")
    victim.await_line("done detach")
    with _paused(actor):
        victim.kill()
        _await_presence(stage, "attached")
        refused = run("detach", "features")
    victim.await_watchdog(within_s=RESTORE_S)
    assert refused.exit_code == 11
    assert f"{victim.run_id}-watchdog" in refused.output
    assert "restores what that one found" in refused.output
    assert run("detach", "features").exit_code == 0
