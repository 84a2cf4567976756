"""
What the sink answers when it cannot keep what was sent. Each error knows its status.

SinkError
├── LengthMissing    411 a body whose end nobody announced
├── TooLarge         413 over the limit
├── Malformed        400 no JSON object, or a question that is none
├── NotAllowed       405 the path is there, for another method
└── Unknown          404 no such inbox

SettingMalformed stands beside the tree: the process does not start.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

__all__ = ["LengthMissing", "Malformed", "NotAllowed", "SettingMalformed", "SinkError", "TooLarge", "Unknown"]


class SettingMalformed(Exception):
    """A variable of the environment is not what it must be."""


class SinkError(Exception):
    """Base of the tree; its text goes to the caller."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    headers: Mapping[str, str] = MappingProxyType({})
    """What the answer says beside its text."""


class LengthMissing(SinkError):
    """Only a body of announced length is read."""

    status = HTTPStatus.LENGTH_REQUIRED


class TooLarge(SinkError):
    """The body is over the limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class Malformed(SinkError):
    """Not what the inbox takes, or not a question that it answers."""

    status = HTTPStatus.BAD_REQUEST


class NotAllowed(SinkError):
    """There is such a path, but not for this method; the answer names those that it has."""

    status = HTTPStatus.METHOD_NOT_ALLOWED

    def __init__(self, message: str, *, allow: str) -> None:
        super().__init__(message)
        self.headers = {"Allow": allow}


class Unknown(SinkError):
    """There is no inbox of this name."""

    status = HTTPStatus.NOT_FOUND
