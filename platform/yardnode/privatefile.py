"""Files that hold keys and passwords: never readable by others, and never half written."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["create", "write"]

PRIVATE = 0o600


def write(path: Path, content: bytes, *, mode: int = PRIVATE) -> None:
    """
    Write under a temporary name and rename: nobody reads half a file, and at no moment is it readable by others.

    Args:
        mode: Of the file; the folder above is made 0700 where it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(path.suffix + ".part")
    part.unlink(missing_ok=True)
    create(part, content, mode=mode)
    part.rename(path)


def create(path: Path, content: bytes, *, mode: int = PRIVATE) -> None:
    """
    Write a file that must not be there yet.

    Raises:
        FileExistsError: It is.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        stream.write(content)
