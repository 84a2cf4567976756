"""
The bundle: one folder a run, the only thing that is sealed. Views and pages are rendered from it.

``MANIFEST.sha256`` names every file with its digest, ``COMPLETE`` is written last: a folder without it is a run that
did not end well, whatever else it holds.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from yardfacts.redact import Redactor

__all__ = ["COMPLETE", "JOURNAL", "MANIFEST", "Bundle", "Damaged", "digest", "run_name", "switch", "verify"]

MANIFEST: Final = "MANIFEST.sha256"
COMPLETE: Final = "COMPLETE"
JOURNAL: Final = "journal.jsonl"
UNSEALED: Final = (MANIFEST, COMPLETE)

TEXTS: Final = (".json", ".jsonl", ".xml", ".html", ".txt", ".md", ".properties", ".csv", ".svg")
"""What third parties write into a bundle and is scrubbed before sealing; the rest is refused."""


class Damaged(RuntimeError):
    """A bundle is not what its manifest says."""


def run_name(*, at: datetime, sha: str, run_id: str) -> str:
    """``<UTC>_<short sha>_<run id>``; sorts by time."""
    return f"{at:%Y%m%dT%H%M%SZ}_{sha[:8] or 'nocommit'}_{run_id}"


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Bundle:
    """The folder of one run while it is being filled."""

    def __init__(self, folder: Path, *, redactor: Redactor) -> None:
        """Make the folder; everything written through this object is redacted."""
        self.folder, self.redactor = folder, redactor
        (folder / "report").mkdir(parents=True, exist_ok=True)

    @property
    def journal(self) -> Path:
        """Where the journal is."""
        return self.folder / JOURNAL

    def text(self, name: str, text: str) -> Path:
        """Write one text file, flushed to the disk."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, self.redactor.text(text).encode())
        return path

    def json(self, name: str, value: Mapping[str, Any]) -> Path:
        """Write one JSON file."""
        return self.text(name, json.dumps(self.redactor.value(value), indent=2, ensure_ascii=False) + "\n")

    def scrub(self) -> None:
        """
        Redact what others wrote: junit, pytest-html, Allure's results.

        Raises:
            Damaged: A file that is no text got into the bundle; nobody could have redacted it.
        """
        for name, path in _files(self.folder):
            if path == self.journal:
                continue
            if path.suffix not in TEXTS:
                raise Damaged(f"{name}: a bundle holds text only ({', '.join(TEXTS)})")
            before = path.read_bytes()
            after = self.redactor.text(before.decode()).encode()
            if after != before:
                _write(path, after)

    def seal(self, **summary: Any) -> None:
        """Write the manifest, then ``COMPLETE`` with the manifest's digest and *summary*. Nothing is written after."""
        lines = [f"{digest(path)}  {name}\n" for name, path in _files(self.folder)]
        _write(self.folder / MANIFEST, "".join(lines).encode())
        self.json(COMPLETE, {"manifest_sha256": digest(self.folder / MANIFEST), **summary})
        _sync(self.folder)


def verify(folder: Path) -> None:
    """
    Check that a bundle is complete and is what its manifest says: no file changed, missing or added.

    Raises:
        Damaged: It is not; names the first file that differs.
    """
    complete = folder / COMPLETE
    if not complete.is_file():
        raise Damaged(f"{folder}: no {COMPLETE}: the run was not sealed")
    if json.loads(complete.read_text()).get("manifest_sha256") != digest(folder / MANIFEST):
        raise Damaged(f"{folder}: {MANIFEST} is not the one that was sealed")
    lines = (line.partition("  ") for line in (folder / MANIFEST).read_text().splitlines())
    listed = {name: sha for sha, _, name in lines}
    present = dict(_files(folder))
    for name in sorted(listed.keys() ^ present.keys()):
        raise Damaged(f"{folder}: {name} is {'missing' if name in listed else 'not in the manifest'}")
    for name, path in present.items():
        if digest(path) != listed[name]:
            raise Damaged(f"{folder}: {name} was changed")


def switch(link: Path, target: Path) -> None:
    """Point the symbolic link *link* at *target*, atomically: a reader sees the old one or the new one."""
    waiting = link.with_name(f".{link.name}.{os.getpid()}")
    waiting.unlink(missing_ok=True)
    waiting.symlink_to(os.path.relpath(target, link.parent), target_is_directory=True)
    os.replace(waiting, link)


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    paths = (path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    for name, path in sorted((path.relative_to(folder).as_posix(), path) for path in paths):
        if name not in UNSEALED:
            yield name, path


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Flush the folder's own entries: a file that is on the disk without its name is lost all the same."""
    entry = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(entry)
    finally:
        os.close(entry)
