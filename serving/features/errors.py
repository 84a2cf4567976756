"""
What ends the feature server's process, with a message for whoever reads the pod's log.

FeaturesError
├── OnlineUnknown     Redis did not answer: nobody knows what the online store holds
├── NeighbourAway     the object store or Redis did not answer within the start's patience
└── OfflineUnusable   the offline store answered, but refused or holds what cannot be read
"""

from __future__ import annotations

__all__ = ["FeaturesError", "NeighbourAway", "OfflineUnusable", "OnlineUnknown"]


class FeaturesError(Exception):
    """Base of everything this package raises on purpose."""


class OnlineUnknown(FeaturesError):
    """Redis did not answer. That is not an empty store."""


class NeighbourAway(FeaturesError):
    """A neighbour did not answer in time; carries its last words as the cause."""


class OfflineUnusable(FeaturesError):
    """The offline store refused."""
