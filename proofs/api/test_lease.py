"""One proof at a time, and what a dead one leaves is restored."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping

import pytest

from switchyard.errors import Conflict, Held, LeaseLost, Unreadable
from switchyard.holder import Holder, thread_name, watchdog_of
from switchyard.kinds import LEASES, Kind
from switchyard.kube import Kube
from switchyard.lease import NAME, RESTORE, RUNS, Lease, held_lease
from switchyard.objects import Json, dig
from switchyard.waiting import Clock

from .stage import Stage


class _FastClock(Clock):
    """Time that passes by itself."""

    def __init__(self) -> None:
        self._now_s = 0.0

    def now_s(self) -> float:
        return self._now_s

    def pause(self, pause_s: float) -> None:
        self._now_s += pause_s


class _Recoveries(list[Mapping[str, str]]):
    def __call__(self, lease: Lease, left: Mapping[str, str]) -> None:
        lease.check()
        self.append(left)


def _live(stage: Stage) -> Json:
    return stage.kube.get(LEASES, NAME, namespace=stage.namespace)


def _dead(stage: Stage) -> None:
    """Leave the lease as a process leaves it that was killed in the middle."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    here = Holder.here(run_id="dead")
    holder = Holder(here.host, here.place, ended.pid, "1", "dead")
    _hold_as(stage, str(holder))


def _hold_as(stage: Stage, holder: str) -> None:
    meta = {"name": NAME, "annotations": {RESTORE: '{"features": "attached"}'}}
    spec = {"holderIdentity": holder, "leaseDurationSeconds": 15}
    stage.kube.create(LEASES, {"metadata": meta, "spec": spec}, namespace=stage.namespace)


def test_the_lease_is_in_the_cluster_while_it_is_held(stage: Stage) -> None:
    """Holder and what to restore stand in the object; afterwards both are empty."""
    found = {"features": "attached"}
    recover = _Recoveries()
    with held_lease(stage.kube, namespace=stage.namespace, run_id="r1", restore=found, recover=recover) as lease:
        live = _live(stage)
        lease.check()
        assert dig(live, "spec", "holderIdentity") == lease.holder
        assert lease.holder.endswith("/r1")
        assert dig(live, "metadata", "annotations", RESTORE) == '{"features": "attached"}'
    after = _live(stage)
    assert not dig(after, "spec", "holderIdentity")
    assert not dig(after, "metadata", "annotations", RESTORE)
    assert recover == []


def test_a_living_holder_is_named_and_left_alone(stage: Stage) -> None:
    """A second proof is refused with the name of the first."""
    recover = _Recoveries()
    with (
        held_lease(stage.kube, namespace=stage.namespace, run_id="r1", restore={}, recover=recover) as first,
        pytest.raises(Held, match="r1") as caught,
        held_lease(stage.kube, namespace=stage.namespace, run_id="r2", restore={}, recover=recover),
    ):
        pytest.fail("two hold it")
    assert caught.value.holder == first.holder


def test_the_state_that_a_dead_holder_found_is_restored_first(stage: Stage) -> None:
    """The next holder gets what the dead one left, with the lease already its own."""
    _dead(stage)
    recover = _Recoveries()
    with held_lease(stage.kube, namespace=stage.namespace, run_id="r2", restore={}, recover=recover):
        pass
    assert recover == [{"features": "attached"}]


def test_a_failed_recovery_is_left_to_the_next(stage: Stage) -> None:
    """What could not be restored stays remembered."""
    _dead(stage)

    def fail(lease: Lease, left: Mapping[str, str]) -> None:
        raise Conflict("not now")

    with (
        pytest.raises(Conflict),
        held_lease(stage.kube, namespace=stage.namespace, run_id="r2", restore={}, recover=fail),
    ):
        pytest.fail("entered")
    recover = _Recoveries()
    with held_lease(stage.kube, namespace=stage.namespace, run_id="r3", restore={}, recover=recover):
        pass
    assert recover == [{"features": "attached"}]


def test_a_block_that_fails_leaves_its_state_to_the_next(stage: Stage) -> None:
    """An error in the middle keeps what is to be restored, and gives the lease back."""
    recover = _Recoveries()
    found = {"features": "detached"}
    with (
        pytest.raises(Conflict),
        held_lease(stage.kube, namespace=stage.namespace, run_id="r1", restore=found, recover=recover),
    ):
        raise Conflict("in the middle")
    with held_lease(stage.kube, namespace=stage.namespace, run_id="r2", restore={}, recover=recover):
        pass
    assert recover == [found]


def test_a_holder_elsewhere_that_does_not_renew_is_dead(stage: Stage) -> None:
    """Without a clock in common, a whole lease duration without a renewal is watched for."""
    _hold_as(stage, "elsewhere/other-boot/1/1/r0")
    recover, clock = _Recoveries(), _FastClock()
    with held_lease(stage.kube, namespace=stage.namespace, run_id="r1", restore={}, recover=recover, clock=clock):
        pass
    assert clock.now_s() >= 15.0
    assert recover == [{"features": "attached"}]


def test_a_holder_elsewhere_that_renews_is_alive(stage: Stage) -> None:
    """One renewal seen is enough to stay away."""
    _hold_as(stage, "elsewhere/other-boot/1/1/r0")

    class Renewing(_FastClock):
        def pause(self, pause_s: float) -> None:
            super().pause(pause_s)
            spec = {"spec": {"renewTime": "2026-01-01T00:00:00.000000Z"}}
            stage.kube.merge(LEASES, NAME, spec, namespace=stage.namespace)

    with (
        pytest.raises(Held, match="elsewhere"),
        held_lease(
            stage.kube,
            namespace=stage.namespace,
            run_id="r1",
            restore={},
            recover=_Recoveries(),
            clock=Renewing(),
        ),
    ):
        pytest.fail("two hold it")


def test_whoever_lost_the_lease_stops(stage: Stage) -> None:
    """A write by anybody else is noticed by compare-and-swap, and the next check refuses to go on."""
    with pytest.raises(LeaseLost, match="thief"):
        _be_robbed(stage)
    assert dig(_live(stage), "spec", "holderIdentity") == "thief"


def _be_robbed(stage: Stage) -> None:
    with held_lease(stage.kube, namespace=stage.namespace, run_id="r1", restore={}, recover=_Recoveries()) as lease:
        stage.kube.merge(LEASES, NAME, {"spec": {"holderIdentity": "thief"}}, namespace=stage.namespace)
        with pytest.raises(LeaseLost, match="thief"):
            lease.remember({"features": "attached"})
        with pytest.raises(LeaseLost, match="nothing more is written"):
            lease.check()


class _Deaf(Kube):
    """A client that does not hear the answer to a write: the API server has done it all the same."""

    def __init__(self, kube: Kube) -> None:
        self.__dict__ = kube.__dict__
        self.unheard = 0
        """So many answers are missed from now on."""

    def replace(self, kind: Kind, name: str, body: Json, *, namespace: str = "") -> Json:
        done = super().replace(kind, name, body, namespace=namespace)
        if self.unheard:
            self.unheard -= 1
            raise Unreadable(f"PUT {name}: no answer")
        return done


def test_a_write_of_its_own_that_was_not_answered_takes_the_lease_from_nobody(stage: Stage) -> None:
    """Where an API server is so busy that it answers too late, the next write finds the one before, and goes on."""
    deaf, found = _Deaf(stage.kube), {"features": "attached"}
    with held_lease(deaf, namespace=stage.namespace, run_id="r1", restore={}, recover=_Recoveries()) as lease:
        deaf.unheard = 1
        with pytest.raises(Unreadable):
            lease.remember({"features": "detached"})
        lease.remember(found)
        lease.check()
        assert dig(_live(stage), "metadata", "annotations", RESTORE) == '{"features": "attached"}'
    assert not dig(_live(stage), "spec", "holderIdentity")


def test_a_watchdog_is_named_as_one(stage: Stage) -> None:
    """Whoever is refused while a watchdog restores is told to let it end."""
    with (
        held_lease(stage.kube, namespace=stage.namespace, run_id=watchdog_of("r1"), restore={}, recover=_Recoveries()),
        pytest.raises(Held, match="restores what that one found"),
        held_lease(stage.kube, namespace=stage.namespace, run_id="r2", restore={}, recover=_Recoveries()),
    ):
        pytest.fail("two hold it")


def test_runs_that_died_are_named_until_they_are_recovered(stage: Stage) -> None:
    """While the next holder restores, it knows whose objects may still be there; then it is the only one."""
    found = {"features": "attached"}
    with (
        pytest.raises(Conflict),
        held_lease(stage.kube, namespace=stage.namespace, run_id="r1", restore=found, recover=_Recoveries()),
    ):
        raise Conflict("in the middle")
    seen: list[tuple[str, ...]] = []
    with held_lease(
        stage.kube,
        namespace=stage.namespace,
        run_id="r2",
        restore=found,
        recover=lambda lease, left: seen.append(lease.orphans),
    ) as lease:
        assert seen == [("r1",)]
        assert lease.orphans == ()
        assert dig(_live(stage), "metadata", "annotations", RUNS) == "r2"
    assert not dig(_live(stage), "metadata", "annotations", RUNS)


def test_a_lent_lease_is_free_and_comes_back(stage: Stage) -> None:
    """Another holder may have it meanwhile, finds nothing to restore; the lender writes nothing until it is back."""
    found = {"features": "attached"}
    recover = _Recoveries()
    with held_lease(stage.kube, namespace=stage.namespace, run_id="r1", restore=found, recover=recover) as lease:
        with lease.lent():
            with pytest.raises(LeaseLost, match="lent"):
                lease.check()
            with held_lease(stage.kube, namespace=stage.namespace, run_id="r2", restore=found, recover=recover):
                pass
            assert not dig(_live(stage), "spec", "holderIdentity")
        lease.check()
        live = _live(stage)
        assert dig(live, "spec", "holderIdentity") == lease.holder
        assert dig(live, "metadata", "annotations", RESTORE) == '{"features": "attached"}'
        assert dig(live, "metadata", "annotations", RUNS) == "r1"
    assert recover == []


def _lend(stage: Stage, borrower: str) -> None:
    with (
        held_lease(stage.kube, namespace=stage.namespace, run_id="r1", restore={}, recover=_Recoveries()) as lease,
        lease.lent(),
    ):
        stage.kube.merge(LEASES, NAME, {"spec": {"holderIdentity": borrower}}, namespace=stage.namespace)


def test_a_lease_that_does_not_come_back_is_lost(stage: Stage) -> None:
    """A borrower that lives and keeps it is named, and the lender writes nothing more."""
    borrower = str(Holder.here(run_id="r2"))
    keeping, stop = threading.Event(), threading.Event()

    def keep() -> None:
        keeping.set()
        stop.wait()

    thread = threading.Thread(target=keep, name=thread_name(borrower))
    thread.start()
    keeping.wait()
    try:
        with pytest.raises(Held, match="r2"):
            _lend(stage, borrower)
    finally:
        stop.set()
        thread.join()
    assert dig(_live(stage), "spec", "holderIdentity") == borrower
