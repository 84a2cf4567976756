"""
One proof at a time: a ``Lease`` object in the cluster, compare-and-swap, that remembers what to restore.

Whoever takes the lease from a dead holder restores first. Whether a holder is dead is decided without comparing
clocks: its process is gone from this machine, or it did not renew while we watched for a whole lease duration.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Final

from switchyard.errors import Conflict, Held, Late, LeaseLost, NotFound, Refused, Unreadable
from switchyard.holder import Holder, is_dead, is_watchdog, thread_name
from switchyard.kinds import LEASES
from switchyard.kube import Kube
from switchyard.objects import Json, dig
from switchyard.waiting import Clock, wait_until

__all__ = ["DURATION_S", "NAME", "Lease", "held_lease"]

NAME: Final = "switchyard-proof"
RESTORE: Final = "switchyard.mlops/restore"
"""Annotation: JSON object, layer name to ``attached`` or ``detached``."""
RUNS: Final = "switchyard.mlops/runs"
"""Annotation: run ids, separated by commas, whose objects may stand in the cluster."""
DURATION_S: Final = 15
"""Unrenewed for this long, a holder that cannot be asked counts as dead."""
RENEWALS: Final = 3
"""A duration: two may fail before anybody may think us dead."""


NOTHING: Final[Mapping[str, str | None]] = {RESTORE: None, RUNS: None}


class Lease:
    """A lease that is held, renewed in the background until released. Made by ``held_lease``."""

    def __init__(self, kube: Kube, *, namespace: str, holder: Holder, live: Json) -> None:
        self.holder = str(holder)
        self.orphans: tuple[str, ...] = ()
        """Run ids of holders that died; what they made may still stand. Empty once that was recovered."""
        self._run_id = holder.run_id
        self._kube, self._namespace, self._live = kube, namespace, live
        self._lock = threading.Lock()
        self._begin()

    def check(self) -> None:
        """
        Make sure that the lease is still ours; called before every write.

        Raises:
            LeaseLost: Somebody took it, or it could not be renewed for its duration.
        """
        if self._lost:
            raise LeaseLost(f"lease {self._namespace}/{NAME}: {self._lost}; nothing more is written")

    def remember(self, restore: Mapping[str, str]) -> None:
        """
        Replace what the next process has to restore should this one die.

        Raises:
            LeaseLost: Somebody took the lease.
            Unreadable: The API server does not answer.
        """
        text = json.dumps(dict(restore), sort_keys=True)
        self._swap({RESTORE: text, RUNS: self._run_id} if restore else NOTHING, self.holder)

    def release(self) -> None:
        """Stop renewing and leave the lease to the next; what is remembered stays."""
        self._end()
        if not self._lost:
            self._swap({}, "")

    @contextmanager
    def lent(self) -> Iterator[None]:
        """
        Leave the lease to other processes for the block, and take it again: for a proof about proofs that die.

        Nobody holds it at first, and nothing is remembered: have everything as it was found before. Until it is taken
        again, ``check`` refuses.

        Raises:
            Held: Whoever borrowed it lives and holds it when the block ends.
            LeaseLost: Somebody had taken it before.
            Unreadable: The API server does not answer.
        """
        kept = {key: dig(self._live, "metadata", "annotations", key) for key in NOTHING}
        self._end()
        self._swap(NOTHING, "")
        self._lost = "lent to another process"
        try:
            yield
        finally:
            taken = _acquire(self._kube, namespace=self._namespace, holder=self.holder, progress=print, clock=Clock())
            runs = ",".join(dict.fromkeys((*_runs(taken), *_texts(kept[RUNS]))))
            self._live = taken
            self._begin()
            self._swap({**kept, RUNS: runs or None}, self.holder)

    def _begin(self) -> None:
        self._done, self._lost = threading.Event(), ""
        self._thread = threading.Thread(target=self._renew, name=thread_name(self.holder), daemon=True)
        self._thread.start()

    def _end(self) -> None:
        self._done.set()
        self._thread.join(timeout=DURATION_S)

    def _renew(self) -> None:
        failed = 0
        while not self._done.wait(DURATION_S / RENEWALS):
            try:
                self._swap({}, self.holder)
                failed = 0
            except LeaseLost:
                return
            except (Unreadable, NotFound) as exc:
                failed += 1
                if failed >= RENEWALS:
                    self._lost = f"not renewed for {DURATION_S} s: {exc}"
                    return

    def _swap(self, annotations: Mapping[str, str | None], holder: str) -> None:
        with self._lock:
            try:
                self._live = self._written(self._live, annotations, holder)
            except Conflict as exc:
                now = self._kube.find(LEASES, NAME, namespace=self._namespace)
                other = dig(now, "spec", "holderIdentity")
                if now is None or other != self.holder:
                    self._lost = f"taken by {other or 'nobody'}"
                    raise LeaseLost(f"lease {self._namespace}/{NAME}: {self._lost}") from exc
                # Nobody else writes our name: this was a write of our own whose answer never came.
                self._live = self._written(now, annotations, holder)

    def _written(self, live: Json, annotations: Mapping[str, str | None], holder: str) -> Json:
        return _write(self._kube, live, namespace=self._namespace, holder=holder, annotations=annotations)


@contextmanager
def held_lease(
    kube: Kube,
    *,
    namespace: str,
    run_id: str,
    restore: Mapping[str, str],
    recover: Callable[[Lease, Mapping[str, str]], None],
    progress: Callable[[str], None] = print,
    clock: Clock | None = None,
) -> Iterator[Lease]:
    """
    Hold the cluster's lease for the block.

    Args:
        kube: The cluster.

        namespace: Argo CD's.

        run_id: Part of the holder's name.

        restore: Layer name to ``attached`` or ``detached``: what the next process has to restore should this one die.
            A proof gives the state it found; a toggle command the state it was asked for.

        recover: Called first when the last holder died, with the lease (already ours) and what it left to restore.

        progress: Where the lines go.

        clock: For unit tests.

    A clean end clears what is remembered. When the block raises, it stays, so that the next command restores. While
    *recover* runs, the lease's ``orphans`` name the runs that died, whose objects may still be there.

    Raises:
        Held: Somebody alive holds it; names holder and since when.
        Unreadable: The API server does not answer.
    """
    holder = Holder.here(run_id=run_id)
    live = _acquire(kube, namespace=namespace, holder=str(holder), progress=progress, clock=clock or Clock())
    lease = Lease(kube, namespace=namespace, holder=holder, live=live)
    try:
        left = _remembered(live, namespace=namespace)
        if left:
            progress(f"an earlier run ended early and left this to restore: {_said(left)}")
            lease.orphans = _runs(live)
            recover(lease, left)
            lease.orphans = ()
        lease.remember(restore)
        yield lease
        lease.remember({})
    except BaseException:
        # What went wrong in the block matters more than a server that cannot take the lease back: the next command
        # finds this holder dead.
        with suppress(Unreadable):
            lease.release()
        raise
    lease.release()


def _acquire(kube: Kube, *, namespace: str, holder: str, progress: Callable[[str], None], clock: Clock) -> Json:
    """Take the lease and return it; what a dead holder remembered still stands in it."""
    found = kube.find(LEASES, NAME, namespace=namespace)
    try:
        if found is None:
            fresh = {"apiVersion": LEASES.api_version, "kind": LEASES.kind, "metadata": {"name": NAME}}
            return kube.create(LEASES, {**fresh, "spec": _spec(holder)}, namespace=namespace)
        other = str(dig(found, "spec", "holderIdentity") or "")
        if other:
            found = _dead_holders(kube, found, namespace=namespace, progress=progress, clock=clock)
        return _write(kube, found, namespace=namespace, holder=holder, annotations={})
    except Conflict as exc:
        now = str(dig(kube.find(LEASES, NAME, namespace=namespace), "spec", "holderIdentity") or "nobody")
        raise Held(f"lease {namespace}/{NAME}: {now} was faster; wait for it, then run this again", holder=now) from exc


def _dead_holders(kube: Kube, found: Json, *, namespace: str, progress: Callable[[str], None], clock: Clock) -> Json:
    """
    Return the lease as last seen once its holder is known to be dead.

    Raises:
        Held: The holder lives.
    """
    other = str(dig(found, "spec", "holderIdentity"))
    since = dig(found, "spec", "acquireTime")
    advice = (
        "It is the watchdog of a proof that died, and restores what that one found: let it end, then run this again"
        if is_watchdog(other)
        else "Let it end, or end that process; then run this again"
    )
    held = Held(f"lease {namespace}/{NAME} is held by {other} since {since}, and it is alive. {advice}", holder=other)
    match is_dead(other):
        case True:
            return found
        case False:
            raise held
    progress(f"the lease is held by {other}, elsewhere; watching for {DURATION_S} s whether it renews")

    def look() -> str:
        return str(dig(kube.find(LEASES, NAME, namespace=namespace), "metadata", "resourceVersion") or "")

    version = str(dig(found, "metadata", "resourceVersion"))
    try:
        wait_until(look, what="a renewal", ready=lambda now: now != version, within_s=DURATION_S, clock=clock)
    except Late:
        return found
    raise held


def _write(kube: Kube, live: Json, *, namespace: str, holder: str, annotations: Mapping[str, str | None]) -> Json:
    """Compare-and-swap: fails with ``Conflict`` where anybody wrote since *live* was read."""
    meta = {**live["metadata"]}
    merged = {**(meta.get("annotations") or {}), **annotations}
    meta["annotations"] = {key: value for key, value in merged.items() if value is not None}
    spec = _spec(holder)
    old = live.get("spec") or {}
    if old.get("holderIdentity") == holder:
        spec["acquireTime"] = old.get("acquireTime")
    return kube.replace(LEASES, NAME, {**live, "metadata": meta, "spec": spec}, namespace=namespace)


def _spec(holder: str) -> dict[str, object]:
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return {"holderIdentity": holder, "leaseDurationSeconds": DURATION_S, "acquireTime": now, "renewTime": now}


def _remembered(found: Json, *, namespace: str) -> Mapping[str, str]:
    text = dig(found, "metadata", "annotations", RESTORE)
    if not text:
        return {}
    try:
        parsed = json.loads(text)
    except ValueError as exc:
        raise Refused(f"lease {namespace}/{NAME}: annotation {RESTORE}: wanted JSON, got {text!r}", status=200) from exc
    return {str(layer): str(state) for layer, state in parsed.items()}


def _runs(found: Json) -> tuple[str, ...]:
    return _texts(dig(found, "metadata", "annotations", RUNS))


def _texts(joined: str | None) -> tuple[str, ...]:
    return tuple(text for text in (joined or "").split(",") if text)


def _said(restore: Mapping[str, str]) -> str:
    return ", ".join(f"{layer} {state}" for layer, state in sorted(restore.items()))
