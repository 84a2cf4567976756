"""All Applications at the served commit, Synced and Healthy."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from yardnode import argocd, bootstrap
from yardnode.argocd import Application
from yardnode.errors import TimedOut, Unsettled
from yardnode.steps.step import Step
from yardnode.troubles import troubles
from yardnode.yard import Yard

__all__ = ["STEP"]

STILL_S = 30.0  # the slowest part needs less between two changes; who waits longer wants to know what for


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


@dataclass
class _Narrator:
    """Says what is waited for whenever that changes, and what is not well when it has not changed for long."""

    yard: Yard
    waiting: tuple[str, ...] = ()
    since_s: float = field(default_factory=time.monotonic)
    complained: bool = False

    def tell(self, found: Sequence[Application]) -> None:
        texts = (each.awaited(revision=_revision(self.yard)) for each in found)
        waiting = tuple(text for text in texts if text)
        if waiting != self.waiting:
            self.waiting, self.since_s, self.complained = waiting, time.monotonic(), False
            done = f"{len(found) - len(waiting)} of {len(found)} Applications"
            self.yard.progress.say("settled", f"{done}; waiting for {', '.join(waiting) or 'more'}")
        elif not self.complained and time.monotonic() - self.since_s > STILL_S:
            self.complained = True
            for trouble in _troubles(self.yard):
                self.yard.progress.say("settled", trouble)


def _troubles(yard: Yard) -> list[str]:
    return [str(each) for each in troubles(yard.cluster)]


def _do(yard: Yard) -> None:
    behind = [each.name for each in argocd.applications(yard.cluster) if each.revisions != (_revision(yard),)]
    if behind:
        argocd.refresh(yard.cluster, behind)
    narrator = _Narrator(yard)

    def observe() -> list[Application]:
        found = argocd.applications(yard.cluster)
        if not _settled(yard, found):
            narrator.tell(found)
        return found

    try:
        yard.cluster.wait(
            observe,
            ready=lambda found: _settled(yard, found),
            what="every Application to be Synced and Healthy at the served commit",
            within_s=yard.settled_within_s,
            every_s=0.25,
        )
    except TimedOut as exc:
        # An Application says that it waits; what it waits for is a pod with a cause.
        raise Unsettled(exc, waiting=narrator.waiting, troubles=_troubles(yard)) from exc
    yard.remember(settled=_revision(yard))


STEP = Step(
    name="settled",
    done=lambda yard: yard.state.current and _settled(yard, argocd.applications(yard.cluster)),
    do=_do,
)
