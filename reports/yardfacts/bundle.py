"""
The bundle: one folder a run, the only thing that is sealed. Views and pages are rendered from it.

``MANIFEST.sha256`` names every file with its digest, the envelope in ``attest/`` speaks of the manifest, and
``COMPLETE`` is written last, with the digests of both: a folder without it is a run that did not end well, whatever
else it holds.
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

__all__ = [
    "COMPLETE",
    "ENVELOPE",
    "JOURNAL",
    "MANIFEST",
    "UNLISTED",
    "Bundle",
    "Damaged",
    "damages",
    "digest",
    "json_text",
    "run_name",
    "sealed_as",
    "switch",
    "verify",
]

MANIFEST: Final = "MANIFEST.sha256"
COMPLETE: Final = "COMPLETE"
JOURNAL: Final = "journal.jsonl"
ENVELOPE: Final = "attest/test-result.dsse.json"
"""The signed statement about the manifest."""

UNLISTED: Final = (MANIFEST, ENVELOPE, COMPLETE)
"""What is written after the manifest; ``COMPLETE`` carries the digests of the other two."""

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
        return self.text(name, json_text(value, redactor=self.redactor))

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

    def manifest(self) -> str:
        """Write the manifest, and return its digest. Only the envelope and ``COMPLETE`` are written after it."""
        lines = [f"{digest(path)}  {name}\n" for name, path in _files(self.folder)]
        _write(self.folder / MANIFEST, "".join(lines).encode())
        return digest(self.folder / MANIFEST)

    def envelope(self, content: bytes) -> None:
        """Write the signed statement as it is: redacting would break its signature, and it is made of evidence."""
        path = self.folder / ENVELOPE
        path.parent.mkdir(exist_ok=True)
        _write(path, content)

    def complete(self, content: str) -> None:
        """Write ``COMPLETE``. Nothing is written after it."""
        _write(self.folder / COMPLETE, content.encode())
        _sync(self.folder)


def json_text(value: Mapping[str, Any], *, redactor: Redactor) -> str:
    """How plain data is written into a bundle; the same for the same."""
    return redactor.text(json.dumps(redactor.value(value), indent=2, ensure_ascii=False) + "\n")


def damages(folder: Path) -> Iterator[str]:
    """
    Yield whatever makes a folder another one than was sealed, each with the file's name: changed, missing, added.

    Whether the seal itself was made anew, by somebody else, is not seen from here: that is what the signature is for.
    """
    if not (folder / COMPLETE).is_file():
        yield f"no {COMPLETE}: the run was not sealed"
        return
    sealed = sealed_as(folder)
    for name, key in ((MANIFEST, "manifest_sha256"), (ENVELOPE, "envelope_sha256")):
        if not (folder / name).is_file():
            yield f"{name} is missing"
        elif sealed.get(key) != digest(folder / name):
            yield f"{name} is not the one that was sealed"
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            yield f"{path.relative_to(folder).as_posix()} is a link or no file: a bundle holds files only"
    manifest = (folder / MANIFEST).read_bytes() if (folder / MANIFEST).is_file() else b""
    lines = (line.partition("  ") for line in manifest.decode(errors="replace").splitlines())
    listed = {name: sha for sha, _, name in lines}
    present = dict(_files(folder))
    for name in sorted(listed.keys() | present.keys()):
        if name not in present:
            yield f"{name} is missing"
        elif name not in listed:
            yield f"{name} is not in the manifest"
        elif digest(present[name]) != listed[name]:
            yield f"{name} was changed"


def verify(folder: Path) -> None:
    """
    Check that a bundle is complete and is what its manifest says: no file changed, missing or added.

    Raises:
        Damaged: It is not; names the first file that differs.
    """
    for damage in damages(folder):
        raise Damaged(f"{folder}: {damage}")


def sealed_as(folder: Path) -> Mapping[str, Any]:
    """What ``COMPLETE`` says; nothing where it is missing or says nothing, so that every digest differs."""
    try:
        plain = json.loads((folder / COMPLETE).read_bytes())
    except (OSError, ValueError):
        return {}
    return plain if isinstance(plain, dict) else {}


def switch(link: Path, target: Path) -> None:
    """Point the symbolic link *link* at *target*, atomically: a reader sees the old one or the new one."""
    waiting = link.with_name(f".{link.name}.{os.getpid()}")
    waiting.unlink(missing_ok=True)
    waiting.symlink_to(os.path.relpath(target, link.parent), target_is_directory=True)
    os.replace(waiting, link)


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    paths = (path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    for name, path in sorted((path.relative_to(folder).as_posix(), path) for path in paths):
        if name not in UNLISTED:
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
