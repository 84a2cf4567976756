"""
The watch of a window: every kind that can be watched, everywhere, from a LIST at the start to a LIST at the end.

What counts of each event is held against the version before (``observation``); the events themselves, one line each,
go into the bundle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import chain, count
from typing import Final

from switchyard.discovery import EVENTS, Discovered, discover
from switchyard.errors import NotFound, Unreadable
from switchyard.kube import Kube
from switchyard.observation import Observation
from switchyard.watching import Scope, Watching
from switchyard.yard import Yard
from yardfacts.bundle import Bundle
from yardfacts.facts import Watched

__all__ = ["observed"]

LEFT_OUT: Final[Mapping[str, str]] = {
    "ComponentStatus": "asked of the components anew at every question; nothing is stored",
    "NodeMetrics.metrics.k8s.io": "measured anew at every question; nothing is stored",
    "PodMetrics.metrics.k8s.io": "measured anew at every question; nothing is stored",
}
"""Kinds without a watch that nobody needs one of; any other one without makes a window INCONCLUSIVE."""
OF_EVENTS: Final = "they tell what happened, and come and go by themselves"

WATCHED: Final = frozenset({"list"})
"""Verbs of what is asked for; a kind without watch is named."""
RESUME_S: Final = 120
"""A resume of seventy watches is work for both sides; a window that hangs is found out by the LIST at its end."""
AGREE_S: Final = 10.0
"""How long the replayed state may differ from a LIST: longer than a busy API server lags behind itself."""


@contextmanager
def observed(kube: Kube, *, yard: Yard, window: str, bundle: Bundle, run_id: str) -> Iterator[Observation]:
    """
    Watch everything while the block runs; at its end the replayed state is held against a LIST.

    A gap, a kind that could not be watched and a state that differs are facts, and raise nothing: a claim says what
    they mean. When the block raises, what was seen until then is written down all the same.

    Args:
        kube: The cluster; some seventy of its connections are held while the block runs.

        yard: Layers, attributions, churn.

        window: Its name, of the facts' moment and of the file.

        bundle: Where the events go.

        run_id: Objects labelled with it are the proof's own.

    Raises:
        Unreadable: Discovery failed.
    """
    found = discover(kube, verbs=WATCHED)
    scopes = [Scope(kind) for kind in found.kinds if kind.watchable]
    observation = Observation(yard, window, bundle, run_id)
    watching = Watching(kube, scopes, metadata_only=False, resume_s=RESUME_S, tell=observation.see, tolerant=True)
    with ExitStack() as ending, watching:
        observation.begin()
        try:
            yield observation
        finally:
            gap, differences = _compared(watching)
            ending.callback(lambda: observation.end(_header(watching, found, observation, gap, differences)))


def _compared(watching: Watching) -> tuple[str, tuple[str, ...]]:
    try:
        return "", watching.differences(within_s=AGREE_S)
    except (Unreadable, NotFound) as exc:
        return f"{type(exc).__name__}: {exc}", ()


def _header(
    watching: Watching, found: Discovered, observation: Observation, gap: str, differences: tuple[str, ...]
) -> Watched:
    blind = [str(kind) for kind in found.kinds if not kind.watchable]
    events = sorted({f"Event.{group}" if group else "Event" for group, _ in EVENTS})
    return Watched(
        window=observation.window,
        kinds=sum(kind.watchable for kind in found.kinds) - len(watching.unread),
        objects=0,
        events=0,
        resumes=watching.resumes,
        gap=gap,
        unwatched=(
            *found.stale,
            *watching.unread,
            *(f"{kind}: it can be listed, not watched" for kind in blind if kind not in LEFT_OUT),
        ),
        left_out=(
            *(f"{kind}: {OF_EVENTS}" for kind in events),
            *(f"{kind}: {LEFT_OUT[kind]}" for kind in blind if kind in LEFT_OUT),
        ),
        differences=differences,
        took_s=observation.took_s,
        cpu_s=round(watching.cpu_s, 3),
        file=_free(observation),
        sha256="",
    )


def _free(observation: Observation) -> str:
    """A name in the bundle that no window of the same name has taken: two stages may ask for the same again."""
    suffixes = chain([""], (f"-{number}" for number in count(2)))
    names = (f"watch/{observation.window}{suffix}.jsonl" for suffix in suffixes)
    return next(name for name in names if not (observation.bundle.folder / name).exists())
