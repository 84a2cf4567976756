"""What a watchdog does once its proof is gone, step by step and in this process; and what it is charged with."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from switchyard.aftermath import Aftermath
from switchyard.errors import TimedOut, Unmet
from switchyard.holder import Holder, is_running
from switchyard.kinds import APPLICATIONS, LEASES, NAMESPACES
from switchyard.kube import Kube
from switchyard.labels import RUN_ID
from switchyard.lease import NAME, RESTORE, RUNS, Lease, held_lease
from switchyard.obituary import LOG, Obituary
from switchyard.restoring import Mended
from switchyard.tidying import made_by
from switchyard.waiting import Clock
from switchyard.watchdog import Charge, watchdog
from yardfacts.bundle import Bundle
from yardfacts.journal import Ending, Journal, read
from yardfacts.redact import Redactor
from yardfacts.target import Target

from .actor import Actor
from .server import ADMIN, ApiServer
from .stage import Stage


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
        held_lease(stage.kube, namespace=stage.namespace, run_id="r1", restore={}, recover=_nobody_died),
        Obituary(charge) as obituary,
    ):
        assert Aftermath(charge, stage.kube, obituary).settle() == 13
    assert "the proof's process is gone" in (charge.bundle / LOG).read_text()
    assert stage.kube.find(APPLICATIONS, stage.layer.root, namespace=stage.namespace) is None


def _nobody_died(lease: Lease, left: object) -> None:
    raise AssertionError(f"somebody died, and {left} was left")


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
