"""All Applications at the served commit, Synced and Healthy."""

from __future__ import annotations

from collections.abc import Sequence

from yardnode import argocd, bootstrap
from yardnode.argocd import Application
from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["STEP"]

WITHIN_S = 600.0


def _revision(yard: Yard) -> str:
    served = yard.state.git
    if served is None:
        raise LookupError("the git-source step has not run")
    return served.served


def _roots(yard: Yard) -> tuple[str, ...]:
    """Roots that must be there: all after the first bring-up; later an optional layer may have been detached."""
    return bootstrap.ROOTS[:-1] if yard.state.settled else bootstrap.ROOTS


def _settled(yard: Yard, found: Sequence[Application]) -> bool:
    return argocd.settled(found, roots=_roots(yard), revision=_revision(yard))


def _do(yard: Yard) -> None:
    behind = [each.name for each in argocd.applications(yard.cluster) if each.revisions != (_revision(yard),)]
    if behind:
        argocd.refresh(yard.cluster, behind)
    told = ""

    def observe() -> list[Application]:
        nonlocal told
        found = argocd.applications(yard.cluster)
        waiting = [each.awaited(revision=_revision(yard)) for each in found]
        waiting = [text for text in waiting if text]
        text = f"{len(found) - len(waiting)} of {len(found)} Applications; waiting for {', '.join(waiting) or 'more'}"
        if text != told and not _settled(yard, found):
            yard.progress.say("settled", text)
            told = text
        return found

    yard.cluster.wait(
        observe,
        ready=lambda found: _settled(yard, found),
        what="every Application to be Synced and Healthy at the served commit",
        within_s=WITHIN_S,
        every_s=0.25,
    )
    yard.remember(settled=_revision(yard))


STEP = Step(
    name="settled",
    done=lambda yard: yard.state.current and _settled(yard, argocd.applications(yard.cluster)),
    do=_do,
)
