"""
Watches over several collections, each from the version of its own LIST, kept as a record and as a state.

A watch that ends is resumed from the last version seen: nothing in between is lost. A 410 is a gap and ends
everything, for what happened in it is unknown. ``differences`` holds the replayed state against a fresh LIST.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from switchyard.errors import (
    Forbidden,
    NotFound,
    Refused,
    SwitchyardError,
    TimedOut,
    Unauthorised,
    Unreachable,
    Unreadable,
)
from switchyard.kinds import Kind
from switchyard.kube import WATCH_S, Kube
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

        tell: Told of everything seen, one at a time and in order, and keeps what it needs of it: there is no history
            then, and what is alive is kept as metadata.

        tolerant: A collection that is denied, fails or vanishes is named in ``unread`` and raises nothing.

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
        tell: Callable[[Seen], None] | None = None,
        tolerant: bool = False,
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
        self._tell, self._tolerant = tell, tolerant
        self._unread: dict[Scope, str] = {}
        self._resumes, self._cpu_s = 0, 0.0

    def __enter__(self) -> Watching:
        with ThreadPoolExecutor(PARALLEL, thread_name_prefix="listing") as threads:
            versions = list(threads.map(self._begin, self._scopes))
        self._threads = [
            threading.Thread(target=self._follow, args=(scope, version), name=f"watch {scope}", daemon=True)
            for scope, version in zip(self._scopes, versions, strict=True)
            if version is not None
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

    @property
    def unread(self) -> tuple[str, ...]:
        """``kind: reason`` of collections that could not be listed or watched; only where that is tolerated."""
        with self._news:
            return tuple(f"{scope}: {reason}" for scope, reason in self._unread.items())

    @property
    def resumes(self) -> int:
        """How often a watch was taken up again where it had ended."""
        with self._news:
            return self._resumes

    @property
    def cpu_s(self) -> float:
        """Processor time of the LISTs, and of those watches that have ended: of all of them after the block."""
        with self._news:
            return self._cpu_s

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

        One collection after another: some are never still for as long as it takes to list them all.

        Returns what still differs: objects that only one of them has, or that they have in different versions.
        """
        deadline_s = time.monotonic() + within_s
        scopes = [scope for scope in self._scopes if scope not in self._unread]
        with ThreadPoolExecutor(PARALLEL, thread_name_prefix="comparing") as threads:
            found = list(threads.map(lambda scope: self._differing(scope, deadline_s=deadline_s), scopes))
        return tuple(difference for differences in found for difference in differences)

    def _differing(self, scope: Scope, *, deadline_s: float) -> tuple[str, ...]:
        while True:
            with self._billed():
                listing = self._kube.list(scope.kind, namespace=scope.namespace, metadata_only=True)
            listed = {meta.uid: meta for meta in (Meta.of(scope.kind, item) for item in listing.items)}

            def caught_up(listed: Mapping[str, Meta] = listed) -> bool:
                replayed = self._replayed(scope)
                return {uid: meta.version for uid, meta in listed.items()} == replayed

            if self.wait(caught_up, within_s=CATCH_UP_S):
                return ()
            if time.monotonic() >= deadline_s:
                replayed = {uid: seen.meta for uid, seen in self.alive.items() if _is_in(scope, seen.meta)}
                return tuple(
                    f"{(listed.get(uid) or replayed[uid]).ref}: listed {_version(listed.get(uid))}, "
                    f"replayed {_version(replayed.get(uid))}"
                    for uid in sorted(listed.keys() | replayed.keys())
                    if _version(listed.get(uid)) != _version(replayed.get(uid))
                )

    def _replayed(self, scope: Scope) -> dict[str, str]:
        return {uid: seen.meta.version for uid, seen in self._alive.items() if _is_in(scope, seen.meta)}

    def _begin(self, scope: Scope) -> str | None:
        """List one collection; the version to watch from, or None where it cannot be read and that is tolerated."""
        try:
            with self._billed():
                listing = self._kube.list(scope.kind, namespace=scope.namespace, metadata_only=self._metadata_only)
                for item in listing.items:
                    self._record(scope, "LISTED", item)
        except (Unreadable, NotFound) as exc:
            if not self._tolerant:
                raise
            self._give_up(scope, exc)
            return None
        return listing.version

    @contextmanager
    def _billed(self) -> Iterator[None]:
        """Count the thread's processor time in the block."""
        start_s = time.thread_time()
        try:
            yield
        finally:
            with self._news:
                self._cpu_s += time.thread_time() - start_s

    def _give_up(self, scope: Scope, error: SwitchyardError) -> None:
        with self._news:
            self._unread.setdefault(scope, f"{type(error).__name__}: {error}")
            self._alive = {uid: seen for uid, seen in self._alive.items() if not _is_in(scope, seen.meta)}
            self._news.notify_all()

    def _follow(self, scope: Scope, version: str) -> None:
        with self._billed():
            self._watch(scope, version)

    def _watch(self, scope: Scope, version: str) -> None:
        broken_s: float | None = None
        opened = False
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
                        self._resumes += opened
                    opened = True
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
                if self._tolerant and isinstance(exc, Forbidden | NotFound | Refused | Unauthorised):
                    self._give_up(scope, exc)
                    return
                self._fail(exc)
                if isinstance(exc, SwitchyardError):
                    return  # whoever waits or looks raises it
                raise

    def _record(self, scope: Scope, kind: str, thing: Json) -> None:
        meta = Meta.of(scope.kind, thing)
        seen = Seen(type=kind, meta=meta, object=thing, at_s=time.monotonic() - self._start_s)
        with self._news:
            if self._tell is not None:
                self._tell(seen)
                seen = replace(seen, object={})
            else:
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


def _is_in(scope: Scope, meta: Meta) -> bool:
    return meta.kind == scope.kind and scope.namespace in {"", meta.namespace}


def _version(meta: Meta | None) -> str:
    return meta.version if meta is not None else "nothing"
