"""Restore what somebody found or asked for: the state of layers, and a cluster without the objects of dead runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from switchyard.attaching import attach
from switchyard.detaching import detach
from switchyard.errors import Refused, SwitchyardError
from switchyard.kube import Kube
from switchyard.lease import Lease
from switchyard.tidying import tidy
from switchyard.toggled import ATTACHED, DETACHED, Progress, presence
from switchyard.yard import Yard

__all__ = ["Mended", "mend", "restore"]

UNKNOWN = "unknown"
TIDY = "gone"


@dataclass(frozen=True, kw_only=True)
class Mended:
    """One thing that was to be restored, and what it is now."""

    what: str
    """Name of a layer; or, in words, whose objects."""
    wanted: str
    left: str
    """What it is now; ``unknown`` where it could not be restored, with the error."""
    error: SwitchyardError | None = None


def restore(
    kube: Kube, *, yard: Yard, lease: Lease, wanted: Mapping[str, str], run_id: str = "", progress: Progress = print
) -> None:
    """
    Bring every layer of *wanted* into its state, ``attached`` or ``detached``; one that is there already is left alone.

    Usable as ``held_lease``'s ``recover`` (then the objects of the runs that died are removed too) and for the end of
    a proof. What cannot be restored does not keep the others from it.

    Raises:
        Unmet, Late, Stuck, NotAnswering, Unreadable: As ``attach`` and ``detach``; the first, the others are told.
    """
    mended = mend(kube, yard=yard, lease=lease, wanted=wanted, run_id=run_id, progress=progress)
    for one in mended:
        if one.error is not None:
            raise one.error


def mend(
    kube: Kube, *, yard: Yard, lease: Lease, wanted: Mapping[str, str], run_id: str = "", progress: Progress = print
) -> tuple[Mended, ...]:
    """Do what ``restore`` does, and say what came of each thing instead of raising."""

    def layer(name: str, state: str) -> str:
        if state == ATTACHED:
            attach(kube, yard=yard, layer=yard.layer(name), lease=lease, progress=progress)
        elif state == DETACHED:
            detach(kube, yard=yard, layer=yard.layer(name), lease=lease, run_id=run_id, progress=progress)
        else:
            raise Refused(f"layer {name}: wanted {ATTACHED} or {DETACHED} to restore, got {state!r}", status=0)
        return presence(kube, yard=yard, layer=yard.layer(name))

    def objects(run: str) -> str:
        tidy(kube, run_id=run, lease=lease, within_s=yard.budgets.detach_deadline_s, progress=progress)
        return TIDY

    def attempt(what: str, state: str, act: Callable[[], str]) -> Mended:
        try:
            return Mended(what=what, wanted=state, left=act())
        except SwitchyardError as exc:
            progress(f"{what} could not be restored: {exc}")
            return Mended(what=what, wanted=state, left=UNKNOWN, error=exc)

    return (
        *(attempt(name, state, partial(layer, name, state)) for name, state in wanted.items()),
        *(attempt(f"what {run} made", TIDY, partial(objects, run)) for run in lease.orphans),
    )
