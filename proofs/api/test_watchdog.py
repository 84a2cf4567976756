"""A proof that dies: its watchdog restores, says so in the evidence, and ends; nobody types a command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from proofs.victim import Victim

from switchyard import toggle
from switchyard.aftermath import Aftermath
from switchyard.cli import main
from switchyard.errors import TimedOut, Unmet
from switchyard.holder import Holder, is_running
from switchyard.kinds import APPLICATIONS, CONFIG_MAPS, LEASES, NAMESPACES
from switchyard.kube import Kube
from switchyard.labels import RUN_ID
from switchyard.lease import NAME, RESTORE, RUNS, Lease, held_lease
from switchyard.obituary import LOG, PHASE, STAGE, Obituary
from switchyard.restoring import Mended, restore
from switchyard.tidying import made_by
from switchyard.waiting import Clock, wait_until
from switchyard.watchdog import Charge, watchdog
from yardfacts.bundle import Bundle
from yardfacts.facts import Timing
from yardfacts.journal import Ending, Journal, read
from yardfacts.redact import Redactor
from yardfacts.target import Target

from .actor import Actor
from .server import ADMIN, ApiServer
from .stage import Stage

ANSWER_S = 20.0
RESTORE_S = 60.0
"""The deadlines of a stage, several times; a machine may be busy."""
STAYS = "example.com/stays"

Begin = Callable[[], Victim]


@pytest.fixture(name="actor")
def _actor(stage: Stage) -> Iterator[Actor]:
    with Actor(stage) as actor:
        yield actor


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


def test_what_goes_with_its_owner_is_not_named(stage: Stage) -> None:
    """Of what carries the label, only what nothing else of it takes along is removed; no run id finds nothing."""
    owner = stage.config_map("owner", labels={RUN_ID: stage.word})
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    stage.config_map("owned", labels={RUN_ID: stage.word}, ownerReferences=[reference])
    home = f"own-{stage.word}"
    stage.kube.create(NAMESPACES, {"metadata": {"name": home, "labels": {RUN_ID: stage.word}}})
    stage.config_map("inside", namespace=home, labels={RUN_ID: stage.word})
    assert {thing.name for thing in made_by(stage.kube, run_id=stage.word)} == {"owner", home}
    assert made_by(stage.kube, run_id="") == ()


@pytest.fixture(name="charge")
def _charge(server: ApiServer, stage: Stage, tmp_path: Path) -> Charge:
    return _charged(stage, kubeconfig=server.kubeconfig, bundle=tmp_path / "run", holder=str(Holder.here(run_id="r1")))


def _charged(stage: Stage, *, kubeconfig: Path, bundle: Path, holder: str) -> Charge:
    target = Target(
        name="api",
        kubeconfig=kubeconfig,
        context=ADMIN,
        git_dir=None,
        git_branch="",
        commit="a" * 40,
        dirty=False,
        secrets_file=None,
    )
    return Charge(
        run_id="r1",
        holder=holder,
        found={"features": "attached"},
        yard=stage.yard,
        target=target,
        bundle=bundle,
        redactor=Redactor(secrets=["hunter2hunter2"]),
        patience_s=2.0,
    )


def test_children_of_the_proof_do_not_keep_the_pipe(charge: Charge) -> None:
    """Another child that outlives the proof does not hide its death; nor stands anything of the charge in arguments."""
    said: list[str] = []
    with watchdog(charge, progress=said.append):
        pid = int(said[0].split()[2])
        pipe = os.readlink(f"/proc/{pid}/fd/0")
        shown = subprocess.run(
            ["ls", "-l", "/proc/self/fd"], close_fds=False, capture_output=True, text=True, check=True
        )
        place = Path(f"/proc/{pid}")
        visible = (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
    assert pipe.startswith("pipe:")
    assert pipe not in shown.stdout
    assert b"hunter2" not in visible
    assert not is_running(pid)


def test_a_watchdog_that_cannot_start_stops_the_proof(stage: Stage, tmp_path: Path) -> None:
    """Without its watchdog nothing is toggled, and the reason is said."""
    charge = _charged(stage, kubeconfig=tmp_path / "none", bundle=tmp_path, holder="")
    with pytest.raises(Unmet, match="none"), watchdog(charge):
        pytest.fail("entered")


def test_a_pipe_that_ends_before_its_proof_changes_nothing(
    stage: Stage, charge: Charge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An end of the pipe is not believed while the holder lives."""
    monkeypatch.setattr("switchyard.aftermath.DYING_S", 0.2)
    charge.bundle.mkdir()
    with (
        held_lease(stage.kube, namespace=stage.namespace, run_id="r1", restore={}, recover=_nothing_left),
        Obituary(charge) as obituary,
    ):
        assert Aftermath(charge, stage.kube, obituary).settle() == 13
    assert "the proof's process is gone" in (charge.bundle / LOG).read_text()
    assert stage.kube.find(APPLICATIONS, stage.layer.root, namespace=stage.namespace) is None


def _dead_holder(kube: Kube, stage: Stage) -> str:
    """Leave the lease as a proof leaves it that was killed; the holder's name."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    here = Holder.here(run_id="r1")
    dead = str(Holder(here.host, here.place, ended.pid, "1", "r1"))
    meta = {"name": NAME, "annotations": {RESTORE: '{"features": "attached"}', RUNS: "r1"}}
    kube.create(LEASES, {"metadata": meta, "spec": {"holderIdentity": dead}}, namespace=stage.namespace)
    return dead


def test_a_journal_that_the_dying_still_have_is_waited_for(charge: Charge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pipe may end before the journal is let go of; what was done is written there all the same."""
    charge.bundle.mkdir()
    dying = Journal(Bundle(charge.bundle, redactor=charge.redactor).journal, redactor=charge.redactor)
    dying.write("begin", run="r1", command="", environment={})
    monkeypatch.setattr(Clock, "pause", lambda clock, pause_s: dying.close())
    with Obituary(charge) as obituary:
        obituary.restored([Mended(what="features", wanted="attached", left="attached")], took_s=0.1)
    history = read(charge.bundle / "journal.jsonl")
    assert history.ending is Ending.INTERRUPTED
    assert [record.body["left"] for record in history.of("restore")] == ["attached"]


def test_what_is_done_stays_done_where_an_answer_is_lost(
    server: ApiServer, stage: Stage, actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lease that is given back without an answer is looked at again, and what was restored is said once."""
    release, lost = Lease.release, iter([True])

    def unheard(self: Lease) -> None:
        release(self)
        if next(lost, False):
            raise TimedOut("no answer in time")

    monkeypatch.setattr(Lease, "release", unheard)
    dead = _dead_holder(stage.kube, stage)
    charge = _charged(stage, kubeconfig=server.kubeconfig, bundle=tmp_path / "run", holder=dead)
    charge.bundle.mkdir()
    with Obituary(charge) as obituary:
        aftermath = Aftermath(charge, stage.kube, obituary)
        assert aftermath.settle() == 0
    assert {one.what: one.left for one in aftermath.mended} == {"features": "attached", "what r1 made": "gone"}
    assert "TimedOut" in (charge.bundle / LOG).read_text()


def test_what_cannot_be_restored_is_left_to_the_next_command(mortal: ApiServer, stage: Stage, tmp_path: Path) -> None:
    """With the API server away the watchdog gives up with 13 and says so; whoever comes when it is back restores."""
    kube = mortal.client()
    kube.create(NAMESPACES, {"metadata": {"name": stage.namespace}})
    dead = _dead_holder(kube, stage)
    charge = _charged(stage, kubeconfig=mortal.kubeconfig, bundle=tmp_path / "run", holder=dead)
    journal = Journal(Bundle(charge.bundle, redactor=charge.redactor).journal, redactor=charge.redactor)
    journal.write("begin", run="r1", command="hunter2hunter2", environment={})
    journal.close()
    mortal.kill_api()
    with Obituary(charge) as obituary:
        assert Aftermath(charge, kube, obituary).settle() == 13
    log = (charge.bundle / LOG).read_text()
    assert "not restored by the watchdog" in log
    assert "NOT RESTORED" in log
    assert read(charge.bundle / "journal.jsonl").ending is Ending.INTERRUPTED
    assert json.loads((charge.bundle / "verdict.json").read_text())["exit_code"] == 13
    mortal.revive()
    recovered: list[tuple[object, tuple[str, ...]]] = []
    with held_lease(
        kube,
        namespace=stage.namespace,
        run_id="next",
        restore={},
        recover=lambda lease, left: recovered.append((left, lease.orphans)),
    ):
        assert recovered == [({"features": "attached"}, ("r1",))]
