"""
Our label and annotation keys, mirrored once from the charts, and Argo CD's that the engine reads and writes.

``proofs/unit/switchyard`` holds the mirror against the gitops tree.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "APPLICATION_SET_REFRESH",
    "COMPARED_REFRESH",
    "ENVIRONMENT",
    "INSTANCE",
    "LAYER",
    "MANAGED_BY",
    "NAME",
    "PART_OF",
    "RUN_ID",
    "TRACKING_ID",
]

NAME: Final = "app.kubernetes.io/name"
INSTANCE: Final = "app.kubernetes.io/instance"
PART_OF: Final = "app.kubernetes.io/part-of"
MANAGED_BY: Final = "app.kubernetes.io/managed-by"

LAYER: Final = "switchyard.mlops/layer"
"""``core``, ``baseline`` or ``optional``; on Applications, ApplicationSets and everything they make."""
ENVIRONMENT: Final = "switchyard.mlops/env"
"""``dev`` or ``prod``."""
RUN_ID: Final = "switchyard.mlops/run-id"
"""On everything that a proof creates."""

TRACKING_ID: Final = "argocd.argoproj.io/tracking-id"
"""``<application>:<group>/<kind>:<namespace>/<name>``, written by Argo CD on every object it manages."""
COMPARED_REFRESH: Final = "argocd.argoproj.io/refresh"
"""Asks the application controller for a comparison; removed when one was made."""
APPLICATION_SET_REFRESH: Final = "argocd.argoproj.io/application-set-refresh"
"""Asks the ApplicationSet controller for a reconciliation; removed at its end."""
