"""What the proof sends into a pod, and what it wants of the commands on a lost volume, where no server is."""

from __future__ import annotations

import os
from typing import cast

import pytest
from proofs.claims.ledger_rebuilt import COMMANDS
from proofs.lifecycle import reviving
from proofs.lifecycle.attempt import REFUSED
from proofs.lifecycle.losing import commands
from proofs.lifecycle.reviving import revive
from proofs.lifecycle.wiping import MOUNTED, wipe
from proofs.unit.yardflow.shop import Gateways
from proofs.unit.yardflow.stories import Killed, check_champion, promote, registered

from yardflow import operating
from yardflow.flow import Flow
from yardflow.lock import Lock

from .keyboard import BECAUSE, Run, keyboard


@pytest.fixture(name="flow")
def _flow(flow: Flow) -> Flow:
    """An environment in which version 2 was promoted, and the replicas follow that."""
    promote(flow, registered(flow))
    for replica in flow.gateway.replicas():
        flow.gateway.table(replica)
    return flow


@pytest.fixture(name="run")
def _run(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> Run:
    return keyboard(flow, monkeypatch)


def test_nothing_is_left_but_what_pods_have_mounted(flow: Flow) -> None:
    """Both folders are empty, and the very ones that they were: a mount is bound to the folder, not to its name."""
    volume = flow.settings.volume
    volume.joinpath("stranger").write_text("left by hand")
    before = [volume.joinpath(name).stat().st_ino for name in MOUNTED]
    assert wipe(volume) == list(MOUNTED)
    assert [volume.joinpath(name).stat().st_ino for name in MOUNTED] == before
    assert list(flow.ledger.history()) == []


def test_every_command_that_is_wanted_is_typed() -> None:
    """What nobody types on a lost volume would be refused by nobody's word."""
    assert sorted(command for command, *_ in commands("1")) == sorted(COMMANDS)


@pytest.mark.parametrize("command", commands("1"), ids=lambda command: command[0])
def test_on_a_lost_volume_a_command_ends_as_the_proof_wants(command: tuple[str, ...], run: Run, flow: Flow) -> None:
    """Refused, because the ledger is lost; MLflow's aliases and the volume stay as they are."""
    remembered = flow.registry.aliases()
    wipe(flow.settings.volume)
    ended = run(*command)
    assert (ended.code, ended.failure) == (REFUSED, "LedgerLost"), ended.lines
    assert flow.registry.aliases() == remembered
    assert list(flow.ledger.history()) == []


def test_a_ledger_that_was_made_again_is_refused_another_time(run: Run, flow: Flow) -> None:
    """The first time ends with 0, then nothing differs, and the second time is told that nothing was lost."""
    wipe(flow.settings.volume)
    assert run("rebuild", *BECAUSE).code == 0
    assert (run("converge").lines[-1], run("status").code) == ("everything follows", 0)
    again = run("rebuild", *BECAUSE)
    assert (again.code, again.failure) == (REFUSED, "NotLost")


def test_a_rebuild_dies_when_one_replica_has_switched(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its number is open and in nobody's way: another one takes the next, and there is one commit."""

    def kill(_: int, __: int) -> None:
        raise Killed

    monkeypatch.setattr(os, "kill", kill)
    monkeypatch.setattr(reviving, "Gateway", Gateways)
    monkeypatch.setattr(reviving, "LEASE_S", 0.0)
    followed = flow.current.generation
    wipe(flow.settings.volume)
    with monkeypatch.context() as patched:
        # What the program changes for the rest of its life is put back here.
        patched.setattr(Gateways, "reload", Gateways.reload)
        patched.setattr(Lock, "take", Lock.take)
        with pytest.raises(Killed):
            revive(flow, "killed")
    tables = cast(Gateways, flow.gateway).followed.values()
    assert sorted(one.generation for one in tables) == [followed, followed + 1]
    operating.rebuild(flow, deploy_id="r2", actor="test", reason="the volume was lost")
    ends = {
        entry.intent.generation: entry.outcome.phase
        for entry in flow.ledger.history()
        if entry.outcome and entry.intent.action == "rebuild"
    }
    assert ends == {followed + 1: "aborted", followed + 2: "committed"}
    check_champion(flow, 2)
