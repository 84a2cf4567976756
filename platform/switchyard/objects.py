"""Object metadata, typed once at the door; what is deeper stays a mapping until its own reader types it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from switchyard.kinds import Kind
from switchyard.labels import TRACKING_ID
from yardfacts.facts import ObjectRef

__all__ = ["Json", "Meta", "dig"]

Json = Mapping[str, Any]


def dig(source: Any, *path: str) -> Any:
    """The value below *path*, or None where anything on the way is missing or null."""
    for key in path:
        if not isinstance(source, Mapping):
            return None
        source = source.get(key)
    return source


@dataclass(frozen=True, kw_only=True)
class Meta:
    """``metadata`` of one object, with its kind."""

    kind: Kind
    namespace: str
    name: str
    uid: str
    version: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    finalizers: tuple[str, ...]
    owners: tuple[tuple[str, str], ...]
    """Kind and UID of every owner."""
    deleting_since: str
    """RFC 3339, as the server wrote it; empty where the object is not being deleted."""

    @classmethod
    def of(cls, kind: Kind, source: Json) -> Meta:
        """Read the metadata of an object of *kind*, full or metadata only."""
        meta = source.get("metadata") or {}
        owners = meta.get("ownerReferences")
        made = object.__new__(cls)
        # Past the frozen __init__, which takes twice as long: a sweep makes one of every object there is.
        vars(made).update(
            kind=kind,
            namespace=meta.get("namespace", ""),
            name=meta.get("name", ""),
            uid=meta.get("uid", ""),
            version=meta.get("resourceVersion", ""),
            labels=meta.get("labels") or {},
            annotations=meta.get("annotations") or {},
            finalizers=tuple(meta.get("finalizers") or ()),
            owners=tuple((owner["kind"], owner["uid"]) for owner in owners) if owners else (),
            deleting_since=meta.get("deletionTimestamp") or "",
        )
        return made

    @property
    def ref(self) -> ObjectRef:
        """The object as facts name it."""
        return ObjectRef(kind=str(self.kind), namespace=self.namespace, name=self.name, uid=self.uid)

    @property
    def tracked_by(self) -> str:
        """
        Name of the Application whose tracking id the object carries, else empty.

        A tracking id that names another object was copied with the annotations (a Service's onto its Endpoints), and
        Argo CD ignores it too.
        """
        mark = self.annotations.get(TRACKING_ID)
        if not mark:
            return ""
        application, _, rest = mark.partition(":")
        kind, _, place = rest.partition(":")
        if kind.partition("/")[2] != self.kind.kind or place.partition("/")[2] != self.name:
            return ""
        # Applications outside Argo CD's own namespace are written <namespace>_<name>.
        return application
