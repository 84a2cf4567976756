"""
What the sink answers when it cannot keep what was sent. Each error knows its status.

SinkError
├── LengthMissing    411 a body whose end nobody announced
├── TooLarge         413 over the limit
├── Malformed        400 no JSON object, or a question that is none
└── Unknown          404 no such inbox

SettingMalformed stands beside the tree: the process does not start.
"""

from __future__ import annotations

from http import HTTPStatus

__all__ = ["LengthMissing", "Malformed", "SettingMalformed", "SinkError", "TooLarge", "Unknown"]


class SettingMalformed(Exception):
    """A variable of the environment is not what it must be."""


class SinkError(Exception):
    """Base of the tree; its text goes to the caller."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR


class LengthMissing(SinkError):
    """Only a body of announced length is read."""

    status = HTTPStatus.LENGTH_REQUIRED


class TooLarge(SinkError):
    """The body is over the limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class Malformed(SinkError):
    """Not what the inbox takes, or not a question that it answers."""

    status = HTTPStatus.BAD_REQUEST


class Unknown(SinkError):
    """There is no inbox of this name."""

    status = HTTPStatus.NOT_FOUND
