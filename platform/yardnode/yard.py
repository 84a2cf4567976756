"""One yard while a command works on it: where it is, what it remembers, what is being made for it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yardnode import network
from yardnode.clusterapi import Cluster
from yardnode.errors import Problem, Refused
from yardnode.images import Image
from yardnode.making import Making
from yardnode.paths import Paths
from yardnode.plan import Plan
from yardnode.preflight import Machine
from yardnode.progress import Progress
from yardnode.state import State, read_state, remember

__all__ = ["Yard", "alone", "network_of"]


UNKNOWN = Machine(cgroup="v2", oom_adjustable=False, notes=())
"""Before preflight has looked, nothing is taken for granted."""


@dataclass
class Yard:
    """The subject of all steps."""

    paths: Paths
    progress: Progress
    environment: Mapping[str, str]
    making: Making
    programs: Mapping[str, Path] = field(default_factory=dict)
    """Binaries in the cache, once they are made."""
    images: Sequence[Image] = ()
    """What containerd must have, once it is made."""
    unpacked: Path | None = None
    """A containerd root with these images, for a node that starts."""
    machine: Machine = UNKNOWN
    """What preflight found."""
    settled_within_s: float = 1500.0
    """How long all Applications together may take; four times a whole `up` on a slow machine (ADR 0013)."""

    @property
    def gitops(self) -> Path:
        """The tree that says what runs."""
        return self.paths.checkout / "gitops"

    @property
    def state(self) -> State:
        """
        What the yard remembers.

        Raises:
            LookupError: The network step has not run yet.
        """
        found = read_state(self.paths.state)
        if found is None:
            raise LookupError(f"wanted a state in {self.paths.state}, which the network step makes")
        return found

    def remember(self, **changes: Any) -> None:
        """Change what the yard remembers."""
        remember(self.paths.state, self.state.with_(**changes))

    @property
    def plan(self) -> Plan:
        """The node as it is or will be."""
        state = self.state
        programs = {name: Path(file) for name, file in state.programs.items()}
        return Plan(state=self.paths.state, network=state.network, programs=programs)

    @property
    def cluster(self) -> Cluster:
        """The node's API."""
        return Cluster.of(self.plan)


def network_of(paths: Paths) -> network.Network:
    """
    The yard's network as remembered, or as its id alone says.

    Names do not depend on the block, and routes go with the interface; so what cannot be read can still be taken away.
    """
    try:
        state = read_state(paths.state)
    except Refused:
        state = None
    return state.network if state is not None else network.choose(paths.yard_id, taken=())


@contextmanager
def alone(paths: Paths) -> Iterator[None]:
    """
    Keep other commands off the same yard.

    Raises:
        Refused: Another one is at work.
    """
    paths.state.parent.mkdir(parents=True, exist_ok=True)
    lock = paths.state.with_name(f".{paths.state.name}.lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise Refused(
                [
                    Problem(
                        name="yard",
                        wanted="to be the only command at work on it",
                        got=f"process {os.pread(descriptor, 32, 0).decode() or 'unknown'} holds {lock}",
                        remedy="Wait for it, or end it; then run the same command again.",
                    )
                ]
            ) from exc
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
