"""Restore layers to a state that somebody found or asked for."""

from __future__ import annotations

from collections.abc import Mapping

from switchyard.attaching import attach
from switchyard.detaching import detach
from switchyard.errors import Refused
from switchyard.kube import Kube
from switchyard.lease import Lease
from switchyard.toggled import ATTACHED, DETACHED, Progress
from switchyard.yard import Yard

__all__ = ["restore"]


def restore(
    kube: Kube, *, yard: Yard, lease: Lease, wanted: Mapping[str, str], run_id: str = "", progress: Progress = print
) -> None:
    """
    Bring every layer of *wanted* into its state, ``attached`` or ``detached``; one that is there already is left alone.

    Usable as ``held_lease``'s ``recover`` and for the end of a proof.

    Raises:
        Unmet, Late, Stuck, NotAnswering, Unreadable: As ``attach`` and ``detach``.
    """
    for name, state in wanted.items():
        if state == ATTACHED:
            attach(kube, yard=yard, layer=yard.layer(name), lease=lease, progress=progress)
        elif state == DETACHED:
            detach(kube, yard=yard, layer=yard.layer(name), lease=lease, run_id=run_id, progress=progress)
        else:
            raise Refused(f"layer {name}: wanted {ATTACHED} or {DETACHED} to restore, got {state!r}", status=0)
