"""Bytes to keep somewhere: those that only one proof has, and how they are told apart without showing them."""

from __future__ import annotations

import hashlib
from typing import Final

__all__ = ["summary", "unique"]

FILE_BYTES: Final = 70_000
"""More than one buffer of anybody's on the way, less than anybody's limit."""


def unique(name: str) -> bytes:
    """Bytes that only *name* has, and that no text codec leaves as they are."""
    block = hashlib.sha256(name.encode()).digest()
    return (block * (FILE_BYTES // len(block) + 1))[:FILE_BYTES]


def summary(content: bytes) -> str:
    """Size and digest."""
    return f"{len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}"
