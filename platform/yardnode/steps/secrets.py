"""The controller's keys, and the wait until it has opened every sealed Secret with them."""

from __future__ import annotations

from collections.abc import Mapping

from yardnode import argocd, bootstrap, credentials, secretobjects
from yardnode.credentials import Credentials
from yardnode.sealingkeys import SealingKeys
from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["STEP", "settle"]

WITHIN_S = 180.0
"""The controller's start, and its five calls a second: it makes two or three for each Secret."""

NAMED = 3  # a line that a terminal can show


def settle(yard: Yard, made: Mapping[str, Credentials]) -> None:
    """
    Hand the controller its keys, let Argo CD look at git, and wait until every Secret has its values.

    Raises:
        ComponentDied: The node broke meanwhile.
        TimedOut: A Secret is missing or has other values; its last observation names them.
    """
    # The controller's pod does not start before the newest key is there: it would make one of its own.
    yard.cluster.apply(SealingKeys.of(yard.paths.state).secrets())
    served = yard.state.git.served if yard.state.git is not None else ""
    behind = [each.name for each in argocd.applications(yard.cluster) if each.revisions != (served,)]
    if behind:
        argocd.refresh(yard.cluster, behind)
    told: tuple[str, ...] = ()

    def observe() -> tuple[str, ...]:
        nonlocal told
        missing = secretobjects.missing(yard.cluster, made)
        if missing and len(missing) != len(told):
            more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
            yard.progress.say("secrets", f"still sealed: {', '.join(missing[:NAMED])}{more}")
            told = missing
        return missing

    yard.cluster.wait(
        observe,
        ready=lambda missing: not missing,
        what="the controller to have opened every sealed Secret",
        within_s=WITHIN_S,
    )


def _do(yard: Yard) -> None:
    file = credentials.path(yard.paths.state)
    settle(yard, credentials.ensure(file, environments=bootstrap.environments(yard.gitops)))


STEP = Step(name="secrets", done=lambda yard: yard.state.current, do=_do)
