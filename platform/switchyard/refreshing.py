"""
Requests to Argo CD's controllers by annotation, and the proof that each was consumed.

A controller removes the annotation at the end of the work that saw it. The watch must first show our own write, and
then a later version without it: "not there" before our write has arrived means nothing.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from switchyard.kinds import APPLICATION_SETS, APPLICATIONS, Kind
from switchyard.kube import Kube
from switchyard.labels import APPLICATION_SET_REFRESH, COMPARED_REFRESH
from switchyard.objects import Meta
from switchyard.watching import Scope, Seen, Watching

__all__ = ["APPLICATION_REFRESH", "SET_REFRESH", "Request", "Stimulus", "refresh"]


@dataclass(frozen=True)
class Stimulus:
    """Which annotation asks which kind's controller."""

    kind: Kind
    annotation: str
    value: str


APPLICATION_REFRESH = Stimulus(APPLICATIONS, COMPARED_REFRESH, "normal")
SET_REFRESH = Stimulus(APPLICATION_SETS, APPLICATION_SET_REFRESH, "true")


@dataclass
class Request:
    """How far one object has come."""

    name: str
    wanted: int
    consumed: int = 0
    waited_s: float = 0.0
    asked_version: str = field(default="", repr=False)

    @property
    def answered(self) -> bool:
        """Every request was consumed."""
        return self.consumed >= self.wanted


def refresh(
    kube: Kube, *, stimulus: Stimulus, namespace: str, names: Sequence[str], times: int, within_s: float
) -> tuple[Request, ...]:
    """
    Ask for *times* refreshes of each of *names*, one after another, all objects at once.

    Returns:
        One record each, in the order of *names*; those not answered within *within_s* say so.

    Raises:
        NotFound: There is no such object.
        Unreadable: The API server does not answer, or the watch lost its place.
    """
    requests = {name: Request(name, times) for name in dict.fromkeys(names)}
    start_s = time.monotonic()
    with Watching(kube, [Scope(stimulus.kind, namespace)] if names else []) as watching:
        for request in requests.values():
            _ask(kube, request, stimulus=stimulus, namespace=namespace)
        while True:
            pending = [request for request in requests.values() if not request.answered]

            def moved(pending: Sequence[Request] = pending) -> bool:
                return any(_consumed(watching, request, stimulus=stimulus) for request in pending)

            left_s = start_s + within_s - time.monotonic()
            if not pending or not watching.wait(moved, within_s=max(left_s, 0.0)):
                break
            for request in pending:
                if _consumed(watching, request, stimulus=stimulus):
                    request.consumed += 1
                    request.waited_s = time.monotonic() - start_s
                    if not request.answered:
                        _ask(kube, request, stimulus=stimulus, namespace=namespace)
    for request in requests.values():
        if not request.answered:
            request.waited_s = time.monotonic() - start_s
    return tuple(requests.values())


def _ask(kube: Kube, request: Request, *, stimulus: Stimulus, namespace: str) -> None:
    patch = {"metadata": {"annotations": {stimulus.annotation: stimulus.value}}}
    request.asked_version = Meta.of(
        stimulus.kind, kube.merge(stimulus.kind, request.name, patch, namespace=namespace)
    ).version


def _consumed(watching: Watching, request: Request, *, stimulus: Stimulus) -> bool:
    trail: list[Seen] = [seen for seen in watching.history if seen.meta.name == request.name]
    ours = next((at for at, seen in enumerate(trail) if seen.meta.version == request.asked_version), None)
    return ours is not None and any(
        seen.type != "DELETED" and stimulus.annotation not in seen.meta.annotations for seen in trail[ours + 1 :]
    )
