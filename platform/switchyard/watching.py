"""
Watches over several collections, each from the version of its own LIST, kept as a record and as a state.

A watch that ends is resumed from the last version seen: nothing in between is lost. A 410 is a gap and ends
everything, for what happened in it is unknown. ``differences`` holds the replayed state against a fresh LIST.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from switchyard.errors import SwitchyardError, TimedOut, Unreachable
from switchyard.kinds import Kind
from switchyard.kube import WATCH_S, Kube, Listing
from switchyard.objects import Json, Meta
from switchyard.transport import Stream

__all__ = ["Scope", "Seen", "Watching"]

PATIENCE_S: Final = 8.0
"""A server that is away longer than this is an answer; shorter, the resume shows everything that happened."""
PAUSE_S: Final = 0.2
PARALLEL: Final = 8
CATCH_UP_S: Final = 1.0
"""How long a watch may lag behind a LIST made later before the LIST is made again."""


@dataclass(frozen=True)
class Scope:
    """One collection: all objects of a kind, in one namespace or everywhere."""

    kind: Kind
    namespace: str = ""

    def __str__(self) -> str:
        return f"{self.kind} in {self.namespace}" if self.namespace else str(self.kind)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One thing that was seen, in the order of arrival."""

    type: str
    """``LISTED`` at the start, then ``ADDED``, ``MODIFIED`` or ``DELETED``."""
    meta: Meta
    object: Json
    at_s: float
    """Seconds since the watching began."""


class Watching:
    """
    A context manager: on entering everything is listed, then watched until the block ends.

    Args:
        kube: The cluster.

        scopes: What is watched, one connection each.

        metadata_only: Objects carry metadata only, which is a tenth of the traffic.

        resume_s: The server ends each watch after this long, and it is resumed.

        patience_s: How long the server may stay away before that is an error.

    Raises (from every method and on entering):
        Gap: A watch lost its place.
        Unreadable: A collection may not be read, or the server stayed away.
    """

    def __init__(
        self,
        kube: Kube,
        scopes: Iterable[Scope],
        *,
        metadata_only: bool = True,
        resume_s: int = WATCH_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._kube, self._scopes = kube, tuple(dict.fromkeys(scopes))
        self._metadata_only, self._resume_s, self._patience_s = metadata_only, resume_s, patience_s
        self._news = threading.Condition()
        self._closing = threading.Event()
        self._streams: dict[Scope, Stream] = {}
        self._threads: list[threading.Thread] = []
        self._error: BaseException | None = None
        self._start_s = time.monotonic()
        self._history: list[Seen] = []
        self._alive: dict[str, Seen] = {}

    def __enter__(self) -> Watching:
        with ThreadPoolExecutor(PARALLEL, thread_name_prefix="listing") as threads:
            listings = list(threads.map(self._list, self._scopes))
        for scope, listing in zip(self._scopes, listings, strict=True):
            for item in listing.items:
                self._record(scope, "LISTED", item)
        self._threads = [
            threading.Thread(target=self._follow, args=(scope, listing.version), name=f"watch {scope}", daemon=True)
            for scope, listing in zip(self._scopes, listings, strict=True)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        with self._news:
            streams = list(self._streams.values())
        for stream in streams:
            stream.interrupt()
        for thread in self._threads:
            thread.join(timeout=PATIENCE_S)

    @property
    def alive(self) -> Mapping[str, Seen]:
        """The last seen of everything that exists now, by UID."""
        with self._news:
            self._raise()
            return dict(self._alive)

    @property
    def history(self) -> tuple[Seen, ...]:
        """Everything seen so far."""
        with self._news:
            self._raise()
            return tuple(self._history)

    def wait(self, ready: Callable[[], bool], *, within_s: float) -> bool:
        """Look at *ready* whenever something is seen, and return whether it came true within *within_s*."""
        with self._news:

            def look() -> bool:
                self._raise()
                return ready()

            return self._news.wait_for(look, timeout=within_s)

    def differences(self, *, within_s: float) -> tuple[str, ...]:
        """
        Hold the replayed state against a fresh LIST, again and again until they agree or *within_s* is over.

        Returns what still differs: objects that only one of them has, or that they have in different versions.
        """
        deadline_s = time.monotonic() + within_s
        while True:
            listed = {
                (str(scope), meta.uid): meta
                for scope in self._scopes
                for meta in (Meta.of(scope.kind, item) for item in self._list(scope).items)
            }
            wanted = {uid: meta.version for (_, uid), meta in listed.items()}

            def caught_up(wanted: Mapping[str, str] = wanted) -> bool:
                return wanted == {uid: seen.meta.version for uid, seen in self._alive.items()}

            if self.wait(caught_up, within_s=CATCH_UP_S):
                return ()
            if time.monotonic() >= deadline_s:
                replayed = self.alive
                names = {meta.uid: str(meta.ref) for meta in listed.values()}
                names |= {uid: str(seen.meta.ref) for uid, seen in replayed.items()}
                return tuple(
                    f"{names[uid]}: listed {wanted.get(uid, 'nothing')}, "
                    f"replayed {replayed[uid].meta.version if uid in replayed else 'nothing'}"
                    for uid in sorted(names)
                    if wanted.get(uid) != (replayed[uid].meta.version if uid in replayed else None)
                )

    def _list(self, scope: Scope) -> Listing:
        return self._kube.list(scope.kind, namespace=scope.namespace, metadata_only=self._metadata_only)

    def _follow(self, scope: Scope, version: str) -> None:
        broken_s: float | None = None
        while not self._closing.is_set():
            try:
                with self._kube.watch(
                    scope.kind,
                    version=version,
                    namespace=scope.namespace,
                    metadata_only=self._metadata_only,
                    for_s=self._resume_s,
                ) as (events, stream):
                    with self._news:
                        self._streams[scope] = stream
                    if self._closing.is_set():
                        return
                    for event in events:
                        broken_s = None
                        version = Meta.of(scope.kind, event.object).version
                        if event.type != "BOOKMARK":
                            self._record(scope, event.type, event.object)
            except (Unreachable, TimedOut) as exc:
                broken_s = broken_s or time.monotonic()
                if time.monotonic() - broken_s > self._patience_s:
                    self._fail(exc)
                    return
                self._closing.wait(PAUSE_S)
            except BaseException as exc:
                self._fail(exc)
                if isinstance(exc, SwitchyardError):
                    return  # whoever waits or looks raises it
                raise

    def _record(self, scope: Scope, kind: str, thing: Json) -> None:
        meta = Meta.of(scope.kind, thing)
        seen = Seen(type=kind, meta=meta, object=thing, at_s=time.monotonic() - self._start_s)
        with self._news:
            self._history.append(seen)
            if kind == "DELETED":
                self._alive.pop(meta.uid, None)
            else:
                self._alive[meta.uid] = seen
            self._news.notify_all()

    def _fail(self, error: BaseException) -> None:
        with self._news:
            if self._error is None and not self._closing.is_set():
                self._error = error
            self._news.notify_all()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error
