"""The roots of the other layers."""

from __future__ import annotations

from yardnode import argocd, bootstrap
from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["STEP"]


def _do(yard: Yard) -> None:
    present = {each.name for each in argocd.applications(yard.cluster)}
    for name in bootstrap.ROOTS[1:]:
        # A layer that was detached stays detached: attaching is a command of its own.
        if not yard.state.settled or name in present:
            yard.cluster.apply(bootstrap.root(yard.gitops, name, url=yard.state.network.git_url))


STEP = Step(name="layers", done=lambda yard: yard.state.current, do=_do)
