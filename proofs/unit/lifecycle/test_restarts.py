"""Triton is killed where no server is: whose process that is, and how a deployment waits for it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from proofs.containers import kill
from proofs.lifecycle import inside
from proofs.lifecycle.attempt import Attempt
from proofs.lifecycle.inside import GONE, HELD, TRITON, Place, after, promote, survive
from proofs.lifecycle.restarts import said_held, told_held
from proofs.unit.yardflow.shop import Gateways, Server
from proofs.unit.yardflow.stories import check_champion, registered

from switchyard.judging import Inconclusive
from yardflow import steps
from yardflow.errors import GatewayAway, TritonAway
from yardflow.flow import Flow
from yardflow.triton import Loaded

CONTAINER = "1f" * 32


@dataclass
class Mortal(Server):
    """A Triton that can be killed: it does not answer for some looks, and has then what ``config.pbtxt`` names."""

    away: int = 0
    """Looks that find nobody."""
    empty: int = 0
    """Looks after those that find a server without a version."""

    def versions(self, model: str) -> Any:
        if self.away:
            self.away -= 1
            raise TritonAway("wanted its index from Triton, got StatusCode.UNAVAILABLE")
        if self.empty:
            self.empty -= 1
            return {one: Loaded("LOADING", "") for one in self.loaded}
        return super().versions(model)


@dataclass
class Followers(Gateways):
    """Replicas that are not ready for some looks after Triton is back."""

    looks: list[tuple[str, ...]] = field(default_factory=list)

    def replicas(self) -> tuple[str, ...]:
        found = self.looks.pop(0) if self.looks else super().replicas()
        if not found:
            raise GatewayAway("wanted the replicas of the gateway, got none")
        return found


@pytest.fixture(name="mortal")
def _mortal(flow: Flow) -> Flow:
    server = Mortal(flow.repository)
    doors: dict[str, Any] = {"triton": server, "gateway": Followers(flow.ledger, server)}
    return replace(flow, **doors)


@contextmanager
def _hearing(monkeypatch: pytest.MonkeyPatch, mortal: Flow) -> Iterator[list[str]]:
    """The program's lines; Triton dies at the one that says that it is waited for."""
    lines: list[str] = []

    def tell(line: str) -> None:
        lines.append(line)
        if line.startswith(HELD):
            triton: Any = mortal.triton
            gateway: Any = mortal.gateway
            triton.away, triton.empty, gateway.looks = 2, 2, [(), ("http://a",)]

    with monkeypatch.context() as patched:
        patched.setattr(inside, "_tell", tell)
        # What the program changes for the rest of its life is put back here.
        patched.setattr(steps, "load", steps.load)
        yield lines


def test_a_deployment_goes_on_when_triton_has_again_what_it_had(mortal: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not when it answers, nor when the first replica is back; and then it is committed as if nothing had been."""
    version = registered(mortal)
    with _hearing(monkeypatch, mortal) as lines:
        after(Place(steps, "load"), lambda *_, **__: survive(mortal))
        promote(mortal, "d", version)
    triton: Any = mortal.triton
    gateway: Any = mortal.gateway
    assert (triton.away, triton.empty, gateway.looks) == (0, 0, [])
    assert told_held(Attempt(0, tuple(lines)), [17]) == said_held(1)
    check_champion(mortal, version)


def test_who_was_never_away_is_not_waited_for_for_ever(mortal: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody killed it, and the deployment says so."""
    monkeypatch.setattr(inside, "WAIT_S", 0.1)
    with pytest.raises(TimeoutError, match="wanted nothing loaded"):
        survive(mortal)


@pytest.mark.parametrize(
    ("lines", "killed"),
    [
        ((), [17]),
        ((f"{HELD} {TRITON}",), [17]),
        ((f"{GONE} {TRITON}",), [17]),
        ((f"{HELD} {TRITON}", f"{GONE} {TRITON}"), []),
        ((f"{HELD} {TRITON}", f"{GONE} {TRITON}"), [17, 18]),
    ],
    ids=["never held", "never back", "never waited", "nobody killed", "two killed"],
)
def test_a_deployment_that_was_not_held_is_not_in_the_middle(lines: tuple[str, ...], killed: list[int]) -> None:
    """Both lines, and one process."""
    assert told_held(Attempt(0, lines), killed) != said_held(1)


def _process(proc: Path, pid: int, *, group: str, seen: str) -> None:
    folder = proc / str(pid)
    folder.mkdir()
    folder.joinpath("cgroup").write_text(f"4:memory:/yard/kubepods/pod7/{group}\n0::/yard/kubepods/pod7/{group}\n")
    folder.joinpath("status").write_text(f"Name:\ttritonserver\nNSpid:\t{pid}{seen}\n")


def test_the_containers_first_process_is_killed_and_no_other(tmp_path: Path) -> None:
    """Neither another container's, nor a child of it, nor one whose number only looks so; nor a folder half gone."""
    with subprocess.Popen(["sleep", "60"]) as wanted, subprocess.Popen(["sleep", "60"]) as other:
        _process(tmp_path, wanted.pid, group=CONTAINER, seen="\t1")
        _process(tmp_path, other.pid, group="2e" * 32, seen="\t1")
        _process(tmp_path, 4000001, group=CONTAINER, seen="\t12")
        _process(tmp_path, 4000002, group=CONTAINER, seen="")
        tmp_path.joinpath("4000003").mkdir()
        tmp_path.joinpath("self").mkdir()

        assert kill(f"containerd://{CONTAINER}", proc=tmp_path) == wanted.pid

        assert wanted.wait(10) == -signal.SIGKILL
        assert other.poll() is None
        other.terminate()


@pytest.mark.parametrize("container", ["", "containerd://", f"containerd://{CONTAINER}"])
def test_nobody_is_killed_where_the_container_is_not_known(tmp_path: Path, container: str) -> None:
    """It does not run yet, or not on this machine: that is no answer, and said so."""
    _process(tmp_path, 4000001, group="", seen="\t1")
    with pytest.raises(Inconclusive, match="wanted the"):
        kill(container, proc=tmp_path)


def test_two_first_processes_are_one_too_many(tmp_path: Path) -> None:
    """Whoever cannot tell kills nobody."""
    for pid in (4000001, 4000002):
        _process(tmp_path, pid, group=CONTAINER, seen="\t1")
    with pytest.raises(Inconclusive, match="4000001"):
        kill(f"containerd://{CONTAINER}", proc=tmp_path)
