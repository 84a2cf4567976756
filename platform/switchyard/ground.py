"""The ground that a proof stands on: one cluster under the lease, looked at and toggled through the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from switchyard import argocd, toggle
from switchyard.audit import audit
from switchyard.barrier import raise_barriers
from switchyard.errors import NotFound, SwitchyardError, Unreadable, as_fact
from switchyard.gitsource import GitSource
from switchyard.hold import hold
from switchyard.kube import Kube
from switchyard.lease import Lease, held_lease
from switchyard.probe import ask
from switchyard.recorder import Recorder
from switchyard.restoring import restore
from switchyard.toggled import ATTACHED, DETACHED, DETACHING, Toggled, presence
from switchyard.waiting import wait_until
from switchyard.watchdog import Charge, watchdog
from switchyard.witness import Witness
from switchyard.yard import Probe, Yard
from yardfacts.facts import Answer, Commit, Fact, Hold
from yardfacts.target import Target

__all__ = ["Cluster", "Ground", "held_ground"]


class Ground(Protocol):
    """What the ``yard`` of a proof needs of a cluster; unit tests stand on one of their own."""

    def look(self, *, barrier_s: float = 0.0) -> tuple[Fact, ...]:
        """
        Everything that is to be seen now, behind a barrier; what could not be read is a fact too.

        *barrier_s* is how long the controllers may take to answer; 0 is the declared deadline.
        """

    def settle(self, revision: str) -> None:
        """Wait until every Application is settled at *revision*."""

    def presence(self, layer: str) -> str:
        """``attached``, ``detached``, ``detaching`` or ``suspended``."""

    def detach(self, layer: str) -> Toggled:
        """Detach, and prove absence."""

    def attach(self, layer: str) -> Toggled:
        """Attach, and wait until it works."""

    def hold(self, layer: str) -> Hold:
        """Hold the absence under stimulus."""

    def ask(self, probe: Probe) -> Answer:
        """Ask one service one question."""

    @property
    def witness(self) -> Witness:
        """Who sees windows."""


@dataclass
class Cluster:
    """The real ground."""

    kube: Kube
    yard: Yard
    target: Target
    lease: Lease
    run_id: str
    witness: Witness
    progress: Callable[[str], None] = print
    _applications: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Names that each layer's last toggle saw: they are looked for as long as the layer is off."""

    def look(self, *, barrier_s: float = 0.0) -> tuple[Fact, ...]:
        """Commit, barriers on every Application, then the audit."""
        barriers = self._barriers(within_s=barrier_s or self.yard.budgets.barrier_deadline_s)
        return (*self._commit(), *barriers, *audit(self.kube, yard=self.yard, target=self.target))

    def settle(self, revision: str) -> None:
        """Ask everybody to look, then wait; what they say when all say so is judged from another look."""
        namespace = self.yard.namespace
        names = [one.name for one in argocd.applications(self.kube, namespace=namespace)]
        within_s = self.yard.budgets.attach_deadline_s
        raise_barriers(self.kube, namespace=namespace, applications=names, within_s=within_s)

        def unsettled() -> tuple[str, ...]:
            found = argocd.applications(self.kube, namespace=namespace)
            return tuple(one.name for one in found if one.revisions != (revision,) or not argocd.is_settled(one))

        wait_until(unsettled, what=f"settled at {revision[:10]}", ready=lambda left: not left, within_s=within_s)

    def presence(self, layer: str) -> str:
        """Ask the API server for the layer's root."""
        return presence(self.kube, yard=self.yard, layer=self.yard.layer(layer))

    def detach(self, layer: str) -> Toggled:
        """Detach through the engine, under the lease."""
        done = toggle.detach(
            self.kube,
            yard=self.yard,
            layer=self.yard.layer(layer),
            lease=self.lease,
            run_id=self.run_id,
            progress=self.progress,
        )
        return self._known(done)

    def attach(self, layer: str) -> Toggled:
        """Attach through the engine, under the lease."""
        one = self.yard.layer(layer)
        return self._known(
            toggle.attach(self.kube, yard=self.yard, layer=one, lease=self.lease, progress=self.progress)
        )

    def hold(self, layer: str) -> Hold:
        """Hold through the engine, with the names that the detach saw."""
        names = self.applications(layer)
        return hold(self.kube, yard=self.yard, layer=self.yard.layer(layer), applications=names)

    def ask(self, probe: Probe) -> Answer:
        """Run one probe."""
        return ask(probe, kube=self.kube, secrets_file=self.target.secrets_file)

    def applications(self, layer: str) -> tuple[str, ...]:
        """Names of the layer's Applications and ApplicationSets, as its last toggle saw them."""
        return self._applications.get(layer, ())

    def _known(self, done: Toggled) -> Toggled:
        if done.changed:
            self._applications[done.layer] = done.applications
        return done

    def _commit(self) -> tuple[Fact, ...]:
        source = GitSource.of(self.target)
        try:
            return (source.served(self.target) if source else self._reported(),)
        except (Unreadable, NotFound) as exc:
            return (as_fact("Commit", exc),)

    def _reported(self) -> Commit:
        """Where the git source is out of reach, the first root that was compared tells what is served."""
        roots = [name for layer in self.yard.layers.values() for name in layer.roots]
        found = argocd.applications(self.kube, namespace=self.yard.namespace, names=roots)
        served = next((revision for one in found for revision in one.revisions), "")
        return Commit(sha=self.target.commit, served=served, dirty=self.target.dirty)

    def _barriers(self, *, within_s: float) -> tuple[Fact, ...]:
        try:
            names = [one.name for one in argocd.applications(self.kube, namespace=self.yard.namespace)]
            return raise_barriers(self.kube, namespace=self.yard.namespace, applications=names, within_s=within_s)
        except (Unreadable, NotFound) as exc:
            return (as_fact("Barriers", exc),)


@contextmanager
def held_ground(kube: Kube, *, yard: Yard, target: Target, recorder: Recorder) -> Iterator[Cluster]:
    """
    Hold the lease, remember how every layer was found, and bring it back there when the block ends, however it ends.

    Raises:
        Held: Somebody else proves, and lives.
        SwitchyardError: The state could not be read at the start, or not be restored at the end; it is recorded.
    """
    toggled = [layer.name for layer in yard.layers.values() if layer.toggled]
    with held_lease(
        kube,
        namespace=yard.namespace,
        run_id=recorder.run_id,
        restore={},
        recover=lambda lease, left: restore(
            kube, yard=yard, lease=lease, wanted=left, run_id=recorder.run_id, progress=recorder.note
        ),
        progress=recorder.note,
    ) as lease:
        witness = Witness(yard, target, recorder)
        ground = Cluster(kube, yard, target, lease, recorder.run_id, witness, recorder.note)
        found = {name: DETACHED if ground.presence(name) in (DETACHED, DETACHING) else ATTACHED for name in toggled}
        lease.remember(found)
        charge = Charge(
            run_id=recorder.run_id,
            holder=lease.holder,
            found=found,
            yard=yard,
            target=target,
            bundle=recorder.bundle.folder.absolute(),
            redactor=recorder.bundle.redactor,
        )
        with watchdog(charge, progress=recorder.note) as relieve:
            try:
                with closing(witness):
                    yield ground
            finally:
                for name, state in found.items():
                    _put_back(ground, recorder=recorder, layer=name, found=state)
                relieve()


def _put_back(ground: Cluster, *, recorder: Recorder, layer: str, found: str) -> None:
    left = "unknown"
    try:
        with recorder.step(f"restore: {layer} is {found} again, as it was found"):
            restore(
                ground.kube,
                yard=ground.yard,
                lease=ground.lease,
                wanted={layer: found},
                run_id=recorder.run_id,
                progress=recorder.note,
            )
            left = ground.presence(layer)
    except SwitchyardError as exc:
        recorder.restored(layer=layer, found=found, left=left, detail=str(exc))
        raise
    recorder.restored(layer=layer, found=found, left=left)
