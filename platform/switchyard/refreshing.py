"""
Requests to Argo CD's controllers by annotation, and the proof that each was consumed.

A controller removes the annotation at the end of the work that saw it. The watch must first show our own write, and
then a later version without it: "not there" before our write has arrived means nothing.

A request can be overlooked: Argo CD 3.5 writes the answer to its own patch back into its cache, and may put it over a
newer version that carries our request (``writeBackToInformer``; one in twenty on an idle node). So a request that is
not consumed soon is made again with another value. That is a new event for the controller and no new request for the
count: what is consumed then still began after what was consumed before.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from switchyard.errors import NotFound
from switchyard.kinds import APPLICATION_SETS, APPLICATIONS, Kind
from switchyard.kube import Kube
from switchyard.labels import APPLICATION_SET_REFRESH, COMPARED_REFRESH
from switchyard.objects import Meta
from switchyard.watching import Scope, Seen, Watching

__all__ = ["APPLICATION_REFRESH", "SET_REFRESH", "Request", "Stimulus", "refresh", "remind"]


REPEAT_S: Final = 1.0
"""A comparison takes 0.05 to 0.8 s on the reference machine."""


@dataclass(frozen=True)
class Stimulus:
    """Which annotation asks which kind's controller. Its presence asks; of values only ``hard`` has a meaning."""

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
    """Of the first write of the present request; repetitions do not move it."""
    repeat_s: float = field(default=0.0, repr=False)
    """When to ask again, on the monotonic clock."""
    repeats: int = field(default=0, repr=False)

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
    deadline_s = start_s + within_s
    with Watching(kube, [Scope(stimulus.kind, namespace)] if names else []) as watching:
        for request in requests.values():
            _ask(kube, request, stimulus=stimulus, namespace=namespace)
        while pending := [request for request in requests.values() if not request.answered]:

            def moved(pending: Sequence[Request] = pending) -> bool:
                return any(_consumed(watching, request, stimulus=stimulus) for request in pending)

            until_s = min(deadline_s, *(request.repeat_s for request in pending))
            watching.wait(moved, within_s=max(until_s - time.monotonic(), 0.0))
            for request in pending:
                request.waited_s = time.monotonic() - start_s
                if _consumed(watching, request, stimulus=stimulus):
                    request.consumed += 1
                    if not request.answered:
                        _ask(kube, request, stimulus=stimulus, namespace=namespace)
                elif time.monotonic() >= request.repeat_s:
                    _repeat(kube, request, stimulus=stimulus, namespace=namespace)
            if time.monotonic() >= deadline_s:
                break
    return tuple(requests.values())


def remind(kube: Kube, *, stimulus: Stimulus, name: str, namespace: str, turn: int) -> None:
    """
    Touch an object whose controller may have overlooked its last version; *turn* makes each touch a new event.

    An object that is gone meanwhile needs no reminder.
    """
    patch = {"metadata": {"annotations": {stimulus.annotation: f"{stimulus.value}-{turn}"}}}
    with suppress(NotFound):
        kube.merge(stimulus.kind, name, patch, namespace=namespace)


def _ask(kube: Kube, request: Request, *, stimulus: Stimulus, namespace: str) -> None:
    request.repeats = 0
    request.asked_version = _write(kube, request, stimulus=stimulus, namespace=namespace)


def _repeat(kube: Kube, request: Request, *, stimulus: Stimulus, namespace: str) -> None:
    request.repeats += 1
    _write(kube, request, stimulus=stimulus, namespace=namespace)


def _write(kube: Kube, request: Request, *, stimulus: Stimulus, namespace: str) -> str:
    """Write the annotation, in a value that differs from the last one, and return the version of the object."""
    value = f"{stimulus.value}-{request.repeats}" if request.repeats else stimulus.value
    # Twice as long each time: a controller that is only slow is not to be shouted at.
    request.repeat_s = time.monotonic() + REPEAT_S * 2**request.repeats
    patch = {"metadata": {"annotations": {stimulus.annotation: value}}}
    return Meta.of(stimulus.kind, kube.merge(stimulus.kind, request.name, patch, namespace=namespace)).version


def _consumed(watching: Watching, request: Request, *, stimulus: Stimulus) -> bool:
    trail: list[Seen] = [seen for seen in watching.history if seen.meta.name == request.name]
    ours = next((at for at, seen in enumerate(trail) if seen.meta.version == request.asked_version), None)
    return ours is not None and any(
        seen.type != "DELETED" and stimulus.annotation not in seen.meta.annotations for seen in trail[ours + 1 :]
    )
