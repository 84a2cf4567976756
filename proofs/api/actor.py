"""
The part of Argo CD's controllers and of the garbage collector that a toggle talks to, played by a thread.

No controller runs beside the API server of this tier. The actor answers refreshes, makes what a root stands for,
and deletes in Argo CD's order; everything else of the toggle is the real code against a real API server.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from switchyard.errors import NotFound
from switchyard.kinds import APPLICATION_SETS, APPLICATIONS, CONFIG_MAPS, Kind
from switchyard.labels import APPLICATION_SET_REFRESH, COMPARED_REFRESH, TRACKING_ID
from switchyard.objects import Json, Meta, dig

from .stage import FINALIZER, Stage

__all__ = ["Actor"]

TICK_S = 0.03
FOREGROUND = "foregroundDeletion"


class Actor:
    """
    Acts while the ``with`` block runs.

    Args:
        stage: Whose Applications it acts on.

        answers: Whether it consumes refreshes; False plays a controller that hangs.
    """

    def __init__(self, stage: Stage, *, answers: bool = True) -> None:
        self.answers = answers
        self.overlooks = ""
        """A value of the refresh annotation that the controller does not get to see."""
        self.overlooks_deletes = False
        """Whether the controller sees that an Application is being deleted only when it is touched again."""
        self.refreshes: list[str] = []
        self._stage, self._done, self._acting = stage, threading.Event(), threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="actor")

    def __enter__(self) -> Actor:
        self._played = self._thread.submit(self._play)
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.shutdown()
        self._played.result()  # what went wrong in the thread goes wrong in the test

    def pause(self) -> None:
        """Stop acting when the present tick is over, and return then."""
        self._acting.acquire()

    def go_on(self) -> None:
        """Act again, if paused."""
        if self._acting.locked():
            self._acting.release()

    def _play(self) -> None:
        while not self._done.wait(TICK_S):
            with self._acting:
                self._tick()

    def _tick(self) -> None:
        stage = self._stage
        for kind, act in ((APPLICATIONS, self._application), (APPLICATION_SETS, self._application_set)):
            for item in stage.kube.list(kind, namespace=stage.namespace).items:
                try:
                    act(Meta.of(kind, item), item)
                except NotFound:
                    continue  # gone since it was listed
        self._collect()

    def _application(self, meta: Meta, item: Json) -> None:
        if meta.deleting_since:
            if self.overlooks_deletes and COMPARED_REFRESH not in meta.annotations:
                return
            managed = self._managed(meta)
            for thing in managed:
                if not thing.deleting_since:
                    self._delete(thing)
            if not managed:
                self._drop(meta, FINALIZER)
            return
        if self.answers and meta.annotations.get(COMPARED_REFRESH, self.overlooks) != self.overlooks:
            self._drop_annotation(meta, COMPARED_REFRESH)
        if dig(item, "status", "sync", "status") != "Synced" and dig(item, "spec", "syncPolicy", "automated"):
            self._sync(meta, item)

    def _application_set(self, meta: Meta, item: Json) -> None:
        stage = self._stage
        owned = [one for one in self._list(APPLICATIONS) if (meta.kind.kind, meta.uid) in one.owners]
        if meta.deleting_since:
            for one in owned:
                if not one.deleting_since:
                    self._delete(one)
            if not owned:
                self._drop(meta, FOREGROUND)
        elif not owned:
            reference = {"apiVersion": item.get("apiVersion", "argoproj.io/v1alpha1"), "kind": meta.kind.kind}
            reference |= {"name": meta.name, "uid": meta.uid, "controller": True, "blockOwnerDeletion": True}
            stage.application(stage.child, finalizers=[FINALIZER], ownerReferences=[reference])
        elif self.answers and APPLICATION_SET_REFRESH in meta.annotations:
            self._drop_annotation(meta, APPLICATION_SET_REFRESH)

    def _sync(self, meta: Meta, item: Json) -> None:
        stage, resources = self._stage, []
        if meta.name == stage.layer.root:
            tracking = f"{meta.name}:argoproj.io/ApplicationSet:{stage.namespace}/{stage.application_set}"
            body: dict[str, Any] = {"metadata": {"name": stage.application_set, "annotations": {TRACKING_ID: tracking}}}
            body |= {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet"}
            body |= {"spec": {"generators": [], "template": {"metadata": {"name": "x"}, "spec": _ANY_SPEC}}}
            stage.kube.create(APPLICATION_SETS, body, namespace=stage.namespace)
            resources = [{"kind": "ApplicationSet", "name": stage.application_set}]
        elif meta.name == stage.child:
            made = stage.config_map("store", tracked=meta.name)
            owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "store", "uid": Meta.of(CONFIG_MAPS, made).uid}
            stage.config_map("store-descendant", ownerReferences=[owner])
        compared = {"source": item["spec"]["source"], "destination": item["spec"]["destination"]}
        status = {
            "sync": {"status": "Synced", "revision": "a" * 40, "comparedTo": compared},
            "health": {"status": "Healthy"},
            "resources": resources,
        }
        stage.kube.merge(APPLICATIONS, meta.name, {"status": status}, namespace=stage.namespace)

    def _managed(self, meta: Meta) -> list[Meta]:
        stage = self._stage
        everything = [*self._list(APPLICATION_SETS), *self._list(CONFIG_MAPS, namespace=stage.store)]
        return [thing for thing in everything if thing.tracked_by == meta.name]

    def _collect(self) -> None:
        """The garbage collector: what has no owner left goes."""
        maps = self._list(CONFIG_MAPS, namespace=self._stage.store)
        there = {thing.uid for thing in maps}
        for thing in maps:
            if thing.owners and not any(uid in there for _, uid in thing.owners):
                self._delete(thing)

    def _list(self, kind: Kind, *, namespace: str = "") -> list[Meta]:
        listing = self._stage.kube.list(kind, namespace=namespace or self._stage.namespace)
        return [Meta.of(kind, item) for item in listing.items]

    def _delete(self, thing: Meta) -> None:
        propagation = "Foreground" if thing.kind == APPLICATION_SETS else ""
        self._stage.kube.delete(thing.kind, thing.name, namespace=thing.namespace, propagation=propagation)

    def _drop(self, thing: Meta, finalizer: str) -> None:
        kept = [one for one in thing.finalizers if one.partition("/")[0] != finalizer]
        if len(kept) < len(thing.finalizers):
            patch = {"metadata": {"finalizers": kept}}
            self._stage.kube.merge(thing.kind, thing.name, patch, namespace=thing.namespace)

    def _drop_annotation(self, thing: Meta, key: str) -> None:
        self.refreshes.append(thing.name)
        patch = {"metadata": {"annotations": {key: None}}}
        self._stage.kube.merge(thing.kind, thing.name, patch, namespace=thing.namespace)


_ANY_SPEC = {"project": "default", "destination": {"server": "https://kubernetes.default.svc"}}
