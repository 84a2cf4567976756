"""
The yard's branch of the cgroup tree: ``/switchyard-<id>`` with ``node`` for our processes and ``kubepods`` below it.

Every process of a yard, orphans included, is in that branch of one hierarchy. That is how ``down`` finds them all.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from yardnode.waiting import wait_until

__all__ = ["Branch", "Hierarchy", "hierarchies"]

KUBELET = frozenset({"cpu", "cpuset", "hugetlb", "io", "memory", "pids"})  # controllers that it asks for
SHARES = 1024  # of the processor, for each one there is: the weight of an ordinary process
KILL_WITHIN_S = 30.0  # a process in uninterruptible sleep outlives SIGKILL until its disk answers


@dataclass(frozen=True, kw_only=True)
class Hierarchy:
    """One mounted cgroup tree: one of many (version 1), or the only one (version 2)."""

    mount: Path
    unified: bool
    controllers: frozenset[str]


def hierarchies(mountinfo: str) -> tuple[Hierarchy, ...]:
    """
    Read the cgroup mounts from the text of ``/proc/self/mountinfo``.

    A unified tree beside version 1 trees (hybrid) carries no controllers and is still listed.
    """
    found = []
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind in {"cgroup", "cgroup2"}:
            found.append(
                Hierarchy(
                    mount=Path(before.split()[4]),
                    unified=kind == "cgroup2",
                    controllers=frozenset(options.split(",")) - {"rw", "ro"} if kind == "cgroup" else frozenset(),
                )
            )
    return tuple(found)


@dataclass(frozen=True)
class Branch:
    """The branch of one yard in all hierarchies."""

    yard_id: str
    trees: tuple[Hierarchy, ...]

    @classmethod
    def of(cls, yard_id: str) -> Branch:
        """The branch as this machine mounts it."""
        return cls(yard_id, hierarchies(Path("/proc/self/mountinfo").read_text()))

    @property
    def path(self) -> str:
        """Path inside each hierarchy, as the kubelet's ``cgroupRoot`` wants it."""
        return f"/switchyard-{self.yard_id}"

    @property
    def counting(self) -> Path:
        """Root of the branch in the hierarchy that holds every process: ``pids``, or the unified one."""
        for tree in self.trees:
            if "pids" in tree.controllers:
                return tree.mount / self.path[1:]
        return next(tree.mount for tree in self.trees if tree.unified) / self.path[1:]

    def grow(self) -> None:
        """Make the branch in every hierarchy, with ``node`` where processes are counted."""
        for tree in self.trees:
            root = tree.mount / self.path[1:]
            root.mkdir(exist_ok=True)
            if tree.unified and len(self.trees) == 1:
                _delegate(tree.mount)
            if "cpu" in tree.controllers:
                # What a kubelet gives its pods on a machine of its own. Less, and all pods together would get as much
                # processor as one busy process beside the yard.
                (root / "cpu.shares").write_text(str(SHARES * (os.cpu_count() or 1)))
        (self.counting / "node").mkdir(exist_ok=True)

    def join(self) -> None:
        """Move the calling process, and whatever it starts later, into ``node``."""
        (self.counting / "node" / "cgroup.procs").write_text(str(os.getpid()))

    def processes(self) -> tuple[int, ...]:
        """Ids of all living processes of the yard."""
        found: list[int] = []
        for listing in self.counting.rglob("cgroup.procs"):
            try:
                found += [int(pid) for pid in listing.read_text().split()]
            except OSError:
                if listing.exists():
                    raise  # a branch that went away under our hands has no processes; anything else is an error
        return tuple(found)

    def kill(self, *, spare: int = 0, reap: Callable[[], None] = lambda: None) -> None:
        """
        Kill all processes of the yard and wait until none is left.

        Args:
            spare: Id of the one process that stays.
            reap: Called between rounds; whoever is the parent of the killed takes their exit status here.

        Raises:
            TimedOut: A process survived SIGKILL.
        """

        def shoot() -> tuple[int, ...]:
            alive = tuple(pid for pid in self.processes() if pid != spare)
            for pid in alive:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue  # ended between listing and killing, which is what was wanted
            reap()
            return alive

        wait_until(
            shoot, ready=lambda alive: not alive, within_s=KILL_WITHIN_S, what="every process of the yard to end"
        )

    def cut(self) -> None:
        """Remove the branch, which must be empty of processes, from every hierarchy."""
        for tree in self.trees:
            root = tree.mount / self.path[1:]
            if root.is_dir():
                for folder, _, _ in os.walk(root, topdown=False):
                    os.rmdir(folder)

    def leftovers(self) -> list[str]:
        """What is still there, one sentence each."""
        left = [f"process {pid} in cgroup {self.path}" for pid in self.processes()] if self.counting.is_dir() else []
        roots = [tree.mount / self.path[1:] for tree in self.trees]
        return left + [f"cgroup {root}" for root in roots if root.is_dir()]


def _delegate(root: Path) -> None:
    """Hand the kubelet's controllers of a unified tree's root down to its children, where that is not done yet."""
    offered = set((root / "cgroup.controllers").read_text().split())
    handed = set((root / "cgroup.subtree_control").read_text().split())
    for controller in sorted(KUBELET & offered - handed):
        (root / "cgroup.subtree_control").write_text(f"+{controller}")
