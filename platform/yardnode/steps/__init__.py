"""
The bring-up, as a list. Each step knows whether it is done, how to do it, and how to undo it.

A step may be interrupted anywhere; doing it again converges. ``switchyard up`` walks the list, ``switchyard down``
walks it backwards.
"""

from __future__ import annotations

from yardnode.steps import (
    argocd,
    core,
    crds,
    gitsource,
    images,
    importing,
    layers,
    network,
    node,
    packages,
    preflight,
    processes,
    projects,
    secrets,
    settled,
    toolchain,
)
from yardnode.steps.step import Step, Timing, walk, walk_back

__all__ = ["STEPS", "Step", "Timing", "walk", "walk_back"]

STEPS: tuple[Step, ...] = (
    preflight.STEP,
    packages.STEP,
    toolchain.STEP,
    images.STEP,
    network.STEP,
    processes.STEP,
    node.STEP,
    importing.STEP,
    gitsource.STEP,
    crds.STEP,
    argocd.STEP,
    projects.STEP,
    core.STEP,
    secrets.STEP,
    layers.STEP,
    settled.STEP,
)
