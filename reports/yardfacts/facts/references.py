"""How records name an object of the cluster."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ObjectRef"]


@dataclass(frozen=True, kw_only=True)
class ObjectRef:
    """One Kubernetes object; ``kind`` is ``Kind`` or ``Kind.group``."""

    kind: str
    namespace: str
    name: str
    uid: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"
