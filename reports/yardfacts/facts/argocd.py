"""What Argo CD says and does, and the commit it takes its wishes from."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Application", "Barrier", "Commit", "Root"]


@dataclass(frozen=True, kw_only=True)
class Application:
    """An Argo CD Application as read once."""

    name: str
    uid: str
    layer: str
    """Value of the label ``switchyard.mlops/layer``; empty where unlabelled."""
    project: str
    sync: str
    health: str
    revisions: tuple[str, ...]
    """``status.sync.revision`` or ``revisions``; empty when never compared."""
    operation: str
    """Phase of the last operation; ``Running`` while one is pending; empty when none ever ran."""
    error_conditions: tuple[str, ...]
    compared_to_spec: bool
    """``status.sync.comparedTo`` equals the spec's source and destination."""
    automated: bool
    prune: bool
    self_heal: bool
    finalizers: tuple[str, ...]
    deleting: bool
    parent: str
    """Name of the owning ApplicationSet; empty for a root."""


@dataclass(frozen=True, kw_only=True)
class Barrier:
    """The clock-free barrier on one Application: two refreshes requested and consumed in turn."""

    application: str
    answered: bool
    refreshes_consumed: int
    waited_s: float


@dataclass(frozen=True, kw_only=True)
class Root:
    """The explicit answer of the API to GET of a root Application: its HTTP status."""

    name: str
    http_status: int


@dataclass(frozen=True, kw_only=True)
class Commit:
    """The commit under test and what the git source served."""

    sha: str
    served: str
    dirty: bool
    """Uncommitted changes went into a scratch commit."""
    on_top: tuple[str, ...] = ()
    """Paths in which the served tree differs from that of *sha*."""
