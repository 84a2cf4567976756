"""What could not be observed."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Unreadable"]


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """An observation that could not be made. Its presence alone makes a claim that needed it INCONCLUSIVE."""

    what: str
    error: str
