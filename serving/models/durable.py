"""Files that are there after a power cut: flushed leaves first, shown by a rename, readable for other users."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["seal", "sync", "write"]


def sync(path: Path) -> None:
    """Flush a file's content, or the names in a folder, to the disk."""
    # A folder is opened like a file: its own fsync makes the names in it durable.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def seal(folder: Path) -> None:
    """Make everything below readable for Triton's user, whatever the umask was, and durable, leaves first."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.chmod(0o755 if path.is_dir() else 0o644)
        sync(path)
    folder.chmod(0o755)
    sync(folder)


def write(draft: Path, content: bytes, *, target: Path) -> None:
    """Write *draft* and show it as *target*, whole or not at all; both on one file system."""
    draft.write_bytes(content)
    draft.chmod(0o644)
    sync(draft)
    draft.rename(target)
    sync(target.parent)
