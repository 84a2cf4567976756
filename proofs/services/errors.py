"""
What a service of the platform can do instead of answering.

ServiceError
├── Unanswered    nobody there, refused or timed out
└── Declined      an HTTP status that was not asked for
"""

from __future__ import annotations

__all__ = ["Declined", "ServiceError", "Unanswered"]


class ServiceError(Exception):
    """A service did not do what it was asked for; the message never carries a credential."""


class Unanswered(ServiceError):
    """No answer came."""


class Declined(ServiceError):
    """Another HTTP status than that of success; ``status`` is it."""

    def __init__(self, message: str, *, status: int) -> None:
        self.status = status
        super().__init__(message)
