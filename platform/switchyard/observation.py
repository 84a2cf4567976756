"""What a window's watch sees: versions held against each other, folded into facts, and whose each object is."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from switchyard.belongings import attribution, below
from switchyard.census import Census, Standing, text_of
from switchyard.inventory import Inventory
from switchyard.labels import RUN_ID
from switchyard.objects import Meta, dig
from switchyard.watching import Seen
from switchyard.yard import Yard
from yardfacts.bundle import Bundle, digest
from yardfacts.deltas import difference, joined, steps_of
from yardfacts.facts import Changed, Fact, Watched
from yardfacts.versions import UNKNOWN, counted, creators, times_of, writer

__all__ = ["Observation"]

ADDRESSES: Final = "IPAddress.networking.k8s.io"
"""Cluster-wide and without an owner: each stands for the Service that it names, and goes with it."""

_SALT: Final = secrets.token_bytes(16)
"""Of this process: hashes of secrets are equal where the secrets are, and tell nobody else anything."""

LAYER: Final = "layer"
PROOF: Final = "proof"

Written = tuple[str, str, str, str]
"""Pointer, before, after, field manager."""


@dataclass
class _Tally:
    """Equal changes, as they are being folded."""

    ref: Meta
    before: str
    after: str
    first_ms: int
    last_ms: int
    times: int = 1


@dataclass(frozen=True)
class _Kept:
    """The last version of one object: what counts of it, and what tells who writes the next."""

    packed: bytes
    stem: str
    times: Mapping[str, str]


@dataclass
class Observation:
    """What a window's watch sees; facts and censuses are there after its end. Made by ``observed``."""

    yard: Yard
    window: str
    bundle: Bundle
    run_id: str
    _kept: dict[str, _Kept] = field(default_factory=dict)
    _found: dict[str, _Kept] = field(default_factory=dict)
    _known: dict[str, Meta] = field(default_factory=dict)
    """Everything ever seen in this window, as it was last."""
    _places: dict[str, str] = field(default_factory=dict)
    """By UID of an address, the namespace of its Service."""
    _tallies: dict[tuple[str, str, str, str], _Tally] = field(default_factory=dict)
    _lines: list[str] = field(default_factory=list)
    _start_ms: int = 0
    _watched: Watched | None = None
    _belonging: dict[str, str] = field(default_factory=dict)

    def facts(self) -> tuple[Fact, ...]:
        """Watched, the churn rules as they are declared now, and every change, folded."""
        return (self._header(), *self.yard.churn, *self._changes())

    @property
    def found(self) -> Census:
        """Everything as it stood when the window began."""
        return self._census(self._found, at_ms=self._start_ms)

    @property
    def left(self) -> Census:
        """Everything as it stood when the window ended."""
        return self._census(self._kept, at_ms=self._start_ms + round(self._header().took_s * 1000))

    def see(self, seen: Seen) -> None:
        """Take in one event; called by the watch, one at a time."""
        kind, uid, now_ms = str(seen.meta.kind), seen.meta.uid, _now_ms()
        before = self._kept.get(uid)
        self._known[uid] = seen.meta
        if kind == ADDRESSES:
            self._places[uid] = str(dig(seen.object, "spec", "parentRef", "namespace") or "")
        if seen.type == "DELETED":
            self._kept.pop(uid, None)
            self._tell(seen, now_ms, [("", "", "", UNKNOWN)])
            return
        document = counted(kind, seen.object, salt=_SALT)
        stem = dig(seen.object, "metadata", "generateName")
        kept = _Kept(
            packed=json.dumps(document, sort_keys=True).encode(),
            stem=f"{stem}*" if stem else seen.meta.name,
            times=times_of(seen.object),
        )
        self._kept[uid] = kept
        if seen.type == "LISTED":
            return
        if before is None:
            self._tell(seen, now_ms, [("", "", "", creators(seen.object))])
        else:
            mask = self.bundle.redactor.text
            deltas = difference(json.loads(before.packed), document) if before.packed != kept.packed else ()
            self._tell(seen, now_ms, [
                (
                    delta.pointer,
                    text_of(delta.before, mask=mask),
                    text_of(delta.after, mask=mask),
                    writer(delta.pointer, seen.object, before=before.times),
                )
                for delta in deltas
            ])  # fmt: skip

    def begin(self) -> None:
        """Everything is listed, and the window begins."""
        self._found, self._start_ms = dict(self._kept), _now_ms()

    @property
    def took_s(self) -> float:
        """Seconds since the window began."""
        return round((_now_ms() - self._start_ms) / 1000, 3)

    def end(self, watched: Watched) -> None:
        """The window has ended as *watched* says: write the events down, and find out what belongs to whom."""
        self._belonging = self._owners()
        path = self.bundle.text(watched.file, "".join(f"{line}\n" for line in self._lines))
        self._watched = replace(watched, objects=len(self._found), events=len(self._lines), sha256=digest(path))

    def _tell(self, seen: Seen, now_ms: int, deltas: list[Written]) -> None:
        meta = seen.meta
        line = {"t": now_ms, "type": seen.type, "kind": str(meta.kind), "ns": meta.namespace, "name": meta.name}
        line |= {"uid": meta.uid, "rv": meta.version, "deltas": deltas}
        self._lines.append(json.dumps(line, separators=(",", ":"), ensure_ascii=False))
        for pointer, before, after, manager in deltas:
            key = (meta.uid, seen.type, pointer, manager)
            tally = self._tallies.get(key)
            if tally is None:
                self._tallies[key] = _Tally(meta, before, after, now_ms, now_ms)
            else:
                tally.after, tally.last_ms, tally.times = after, now_ms, tally.times + 1

    def _changes(self) -> Iterator[Changed]:
        folded: dict[tuple[str, str, str, str], Changed] = {}
        for (uid, kind, pointer, manager), tally in self._tallies.items():
            belongs = self._belonging.get(uid, "")
            # How often which part of the layer's own objects moves is nobody's question: two hundred records less.
            place = joined("", *steps_of(pointer)[:1]) if belongs == LAYER else pointer
            changed = Changed(
                ref=tally.ref.ref,
                type=kind,
                pointer=place,
                before=tally.before,
                after=tally.after,
                manager=manager,
                belongs=belongs,
                times=tally.times,
                first_ms=tally.first_ms,
                last_ms=tally.last_ms,
            )
            other = folded.get((uid, kind, place, manager))
            folded[uid, kind, place, manager] = _folded(other, changed) if other else changed
        yield from sorted(folded.values(), key=lambda one: (one.first_ms, str(one.ref), one.pointer, one.manager))

    def _owners(self) -> dict[str, str]:
        """Whose everything is that was seen: a toggled layer's, this proof's, or nobody's that may change."""
        everything = Inventory(tuple(self._known.values()), (), ())
        layers = [layer for layer in self.yard.layers.values() if layer.toggled]
        names = [name for layer in layers for name in layer.names]
        homes = {namespace for layer in layers for namespace in layer.namespaces}
        theirs = {thing.uid for thing in below(everything, roots=names, namespace=self.yard.namespace).objects}

        def whose(thing: Meta) -> str:
            if thing.uid in theirs or self._places.get(thing.uid) in homes:
                return LAYER
            explained = attribution(thing, self.yard.attributions, inventory=everything)
            if thing.namespace in homes and explained is None:
                return LAYER
            line = everything.ancestry(thing)
            return PROOF if any(_is_labelled(above, self.run_id) for above in line) else ""

        return {thing.uid: owner for thing in everything.objects if (owner := whose(thing))}

    def _census(self, kept: Mapping[str, _Kept], *, at_ms: int) -> Census:
        header = self._header()
        doubts = (*((header.gap,) if header.gap else ()), *header.unwatched, *header.differences)
        standing = tuple(
            Standing(meta=self._known[uid], stem=one.stem, packed=one.packed, belongs=self._belonging.get(uid, ""))
            for uid, one in kept.items()
        )
        return Census(window=self.window, at_ms=at_ms, standing=standing, doubts=doubts, mask=self.bundle.redactor.text)

    def _header(self) -> Watched:
        if self._watched is None:
            raise RuntimeError(f"the window {self.window} has not ended: what it saw is not known yet")
        return self._watched


def _folded(one: Changed, other: Changed) -> Changed:
    first, last = sorted((one, other), key=lambda part: part.first_ms)
    return replace(
        first,
        after=last.after,
        times=one.times + other.times,
        last_ms=max(one.last_ms, other.last_ms),
    )


def _is_labelled(thing: Meta, run_id: str) -> bool:
    """By our own label, or by a name that was made of the run id, as Airflow labels the pod of a task."""
    return thing.labels.get(RUN_ID) == run_id or any(run_id in value.split("-") for value in thing.labels.values())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
