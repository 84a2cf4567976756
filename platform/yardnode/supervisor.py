"""
The one parent of a yard's processes: ``python -m yardnode.supervisor STATE``.

It starts what ``processes.json`` lists, each as soon as the endpoints it needs accept connections, and records the
death of any at once. It restarts nothing by itself: a component that dies is a finding, not something to hide.
SIGHUP starts what is listed and not running; SIGTERM stops everything. Should the supervisor itself be killed, the
kernel kills its children with it: a yard never runs unwatched. Orphans (containerd's shims) become its children, so
none is left as a zombie where the machine's own init does not reap.
"""

from __future__ import annotations

import ctypes
import datetime
import fcntl
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from yardnode import mounts
from yardnode.cgroups import Branch
from yardnode.processes import (
    Board,
    Component,
    Death,
    Entry,
    Process,
    boot_id,
    read_spec,
    write_board,
)

__all__ = ["Supervisor", "accepts", "bound", "main"]

LOOK_S = 0.02  # how often a waiting component's endpoints are tried; bring-up time hangs on it
IDLE_S = 30.0  # how often log sizes are looked at
STOP_WITHIN_S = 2.0  # then SIGKILL: the state is thrown away, nothing is worth a long farewell
LOG_BYTES, LOG_KEPT_BYTES = 32 << 20, 4 << 20
TAIL_LINES, TAIL_BYTES = 12, 4000
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


class Supervisor:
    """Children of one yard. Single-threaded: PDEATHSIG is bound to the thread that forks."""

    def __init__(self, state: Path, *, branch: Branch) -> None:
        self.state = state
        self.branch = branch
        self.logs = state / "logs"
        self.waiting: list[Component] = []
        self.running: dict[int, tuple[Component, subprocess.Popen[bytes]]] = {}
        self.entries: dict[str, Entry] = {}
        self.selector = selectors.DefaultSelector()
        self.signals = _signal_pipe()
        self.selector.register(self.signals, selectors.EVENT_READ)
        self.myself = Process.myself()

    def run(self) -> None:
        """Start everything and watch until SIGTERM or SIGINT."""
        self.enlist()
        while True:
            self.start_ready()
            for key, _ in self.selector.select(LOOK_S if self.waiting else IDLE_S):
                if key.fd != self.signals:
                    self.bury(key.fd)
                    continue
                received = os.read(self.signals, 512)
                if signal.SIGTERM in received or signal.SIGINT in received:
                    self.stop()
                    return
                if signal.SIGHUP in received:
                    self.enlist()
            self.reap_orphans()
            bound(self.logs)

    def enlist(self) -> None:
        """Queue every listed component that is neither running nor waiting."""
        busy = {component.name for component, _ in self.running.values()} | {each.name for each in self.waiting}
        for component in read_spec(self.state):
            if component.name not in busy:
                self.waiting.append(component)
                self.entries[component.name] = Entry(name=component.name, process=None, log=str(self._log(component)))
        self.publish()

    def start_ready(self) -> None:
        """Start each waiting component whose endpoints answer."""
        for component in [each for each in self.waiting if all(accepts(endpoint) for endpoint in each.after)]:
            self.waiting.remove(component)
            self.start(component)

    def start(self, component: Component) -> None:
        """Start one component, its output appended to its log."""
        with self._log(component).open("ab") as log:
            child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *component.argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **component.environment},
                cwd=self.state,
            )
        handle = os.pidfd_open(child.pid)
        self.selector.register(handle, selectors.EVENT_READ)
        self.running[handle] = (component, child)
        self.entries[component.name] = Entry(
            name=component.name, process=Process.of(child.pid), log=str(self._log(component))
        )
        self.publish()

    def bury(self, handle: int) -> None:
        """Record the end of the child behind *handle*."""
        component, child = self.running.pop(handle)
        self.selector.unregister(handle)
        os.close(handle)
        entry = self.entries[component.name]
        self.entries[component.name] = Entry(
            name=entry.name,
            process=entry.process,
            log=entry.log,
            death=Death(
                status=child.wait(),
                at=datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
                tail=tail(self._log(component)),
            ),
        )
        self.publish()

    def reap_orphans(self) -> None:
        """Take the exit status of ended processes that were handed to us; our own children are taken by ``bury``."""
        own = {child.pid for _, child in self.running.values()}
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None or ended.si_pid in own:
                return  # an own child is buried in the next round, and the orphans behind it are reaped after that
            os.waitpid(ended.si_pid, 0)

    def stop(self) -> None:
        """Stop all children: SIGTERM to all, SIGKILL to those that ignore it; then containers and their shims."""
        deadline = time.monotonic() + STOP_WITHIN_S
        for _, child in self.running.values():
            child.terminate()
        for _, child in self.running.values():
            try:
                child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.running.clear()
        self.branch.kill(spare=os.getpid(), reap=self.reap_orphans)

    def publish(self) -> None:
        """Write the board."""
        entries = tuple(self.entries.values())
        log = str(self.logs / "supervisor.log")
        write_board(self.state, Board(boot=boot_id(), supervisor=self.myself, log=log, entries=entries))

    def _log(self, component: Component) -> Path:
        return self.logs / f"{component.name}.log"


def accepts(endpoint: str) -> bool:
    """Whether *endpoint* takes a connection now (``unix:PATH``, ``tcp:ADDRESS:PORT``) or exists (``file:PATH``)."""
    kind, _, rest = endpoint.partition(":")
    if kind == "file":
        return Path(rest).exists()
    family, address = (
        (socket.AF_UNIX, rest)
        if kind == "unix"
        else (socket.AF_INET, (rest.rpartition(":")[0], int(rest.rpartition(":")[2])))
    )
    with socket.socket(family, socket.SOCK_STREAM) as attempt:
        attempt.settimeout(1.0)
        return attempt.connect_ex(address) == 0


def tail(log: Path) -> tuple[str, ...]:
    """The last lines of *log*."""
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - TAIL_BYTES))
        return tuple(stream.read().decode(errors="replace").splitlines()[-TAIL_LINES:])


def bound(logs: Path) -> None:
    """
    Keep each log below ``LOG_BYTES``: its end moves to ``.old``, the file starts again.

    The children append, so they go on at the new end; lines written in between are lost, which a log survives.
    """
    for log in logs.glob("*.log"):
        if log.stat().st_size > LOG_BYTES:
            with log.open("rb") as stream:
                stream.seek(-LOG_KEPT_BYTES, os.SEEK_END)
                log.with_suffix(".old").write_bytes(stream.read())
            os.truncate(log, 0)


def _signal_pipe() -> int:
    """A descriptor from which the numbers of received signals can be read."""
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writing)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    return reading


def main(argv: list[str]) -> None:
    """Set up the yard's mount view and cgroup, then supervise."""
    state, branch = Path(argv[1]), Branch.of(argv[2])
    # Held until the end: a bring-up that was killed right after starting us may be followed by another one.
    lock = os.open(state / "run" / "supervisor.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    branch.join()
    mounts.prepare(state)
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the kernel refused to hand orphans to the supervisor")
    Supervisor(state, branch=branch).run()


if __name__ == "__main__":
    main(sys.argv)
