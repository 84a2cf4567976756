"""
What ends the tracking server's process, with a message for whoever reads the pod's log.

TrackingError
└── DatabaseAway   PostgreSQL did not answer, or refused, for as long as the start's patience
"""

from __future__ import annotations

__all__ = ["DatabaseAway", "TrackingError"]


class TrackingError(Exception):
    """Base of everything this package raises on purpose."""


class DatabaseAway(TrackingError):
    """PostgreSQL did not let us in; carries its last words."""
