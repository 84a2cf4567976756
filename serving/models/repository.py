"""
How a model gets into Triton's repository: built aside, made durable, shown by one rename.

Layout of the volume, all on one file system (a rename across mounts fails)::

    staging/<model>/                being built; nobody reads it, the next run throws it away
    manifests/<model>/<n>.json      what version n consists of; outside the model's folder, because any
                                    non-numeric entry there makes the next load restart every version
    repository/<model>/             config.pbtxt and one folder a version; Triton reads this

One writer a volume at a time is the caller's duty (the seed is one Job); against a second one only the rename protects.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from models.errors import ModelForeign, RepositoryUnusable, VersionConflict

__all__ = ["Published", "Repository", "digest_of"]


@dataclass(frozen=True)
class Published:
    """What ``Repository.publish`` did: the version now visible, its digest, and whether this call brought it."""

    model: str
    version: int
    digest: str
    outcome: Literal["published", "present"]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest_of(version_folder: Path) -> str:
    """
    The sha256 hex digest of a version folder: of each file's relative path and content, in the order of paths.

    ``__pycache__`` is left out: an interpreter may write it where the folder is not read-only.
    """
    digest = hashlib.sha256()
    for path in _files(version_folder):
        relative = path.relative_to(version_folder)
        if "__pycache__" not in relative.parts:
            digest.update(f"{_sha256(path)}  {relative.as_posix()}\n".encode())
    return digest.hexdigest()


def _sync(path: Path) -> None:
    # A folder is opened like a file: its own fsync makes the names in it durable.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _seal(folder: Path) -> None:
    """Make everything below readable for Triton's user, whatever the umask was, and durable, leaves first."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.chmod(0o755 if path.is_dir() else 0o644)
        _sync(path)
    folder.chmod(0o755)
    _sync(folder)


@dataclass(frozen=True)
class Repository:
    """The volume's root, and the one operation on it."""

    root: Path

    def publish(self, model: str, *, version: int, config: Path, build_version: Callable[[Path], None]) -> Published:
        """
        Make the first version of *model* visible, as a whole or not at all.

        Args:
            version: The number of the version folder.
            config: The ``config.pbtxt`` to copy.
            build_version: Fills an empty folder with the version's files; equal input gives equal bytes.

        Returns:
            ``published`` when this call brought the version, ``present`` when the same content was there already.

        Raises:
            RepositoryUnusable: The volume cannot be written, or its folders lie on different file systems.
            VersionConflict: The version is there with another digest; nothing was changed.
            ModelForeign: The model's folder is there without this version; nothing was changed.
        """
        staged = self._prepare(model) / model
        version_folder = staged / str(version)
        version_folder.mkdir(parents=True)
        build_version(version_folder)
        shutil.copyfile(config, staged / "config.pbtxt")
        digest = digest_of(version_folder)
        _seal(staged)
        outcome = self._show(model, version=version, staged=staged, digest=digest)
        shutil.rmtree(staged.parent)
        return Published(model=model, version=version, digest=digest, outcome=outcome)

    def _prepare(self, model: str) -> Path:
        """Make the volume's folders where they are missing, and an empty staging folder for *model*."""
        staging, repository = self.root / "staging", self.root / "repository"
        try:
            for folder in (staging, repository, self.root / "manifests" / model):
                folder.mkdir(parents=True, exist_ok=True)
            mine = staging / model
            if mine.exists():  # left by a publisher that was killed: unfinished, and seen by nobody
                shutil.rmtree(mine)
            mine.mkdir()
        except OSError as failure:
            raise RepositoryUnusable(
                f"wanted a writable volume at {self.root}, got {failure}; "
                f"mount its parent once and let user {os.getuid()} write to it"
            ) from failure
        if staging.stat().st_dev != repository.stat().st_dev:
            raise RepositoryUnusable(
                f"wanted {staging} and {repository} on one file system, got two; mount their parent, once"
            )
        return mine

    def _show(self, model: str, *, version: int, staged: Path, digest: str) -> Literal["published", "present"]:
        visible = self.root / "repository" / model
        if not visible.exists():
            # Before the rename: a visible version always has its manifest.
            self._write_manifest(model, version=version, staged=staged, digest=digest)
            try:
                staged.rename(visible)
            except OSError as failure:
                # The kernel refuses to replace a folder that is not empty: somebody else was first.
                if failure.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
            else:
                _sync(visible.parent)
                return "published"
        self._compare(visible, version=version, digest=digest)
        return "present"

    def _compare(self, visible: Path, *, version: int, digest: str) -> None:
        published_folder = visible / str(version)
        if not published_folder.is_dir():
            raise ModelForeign(
                f"wanted {visible} to be absent or to hold version {version}, got a folder without it; "
                "this publisher did not make it: look who did, and move it away"
            )
        published = digest_of(published_folder)
        if published != digest:
            raise VersionConflict(
                f"wanted version {version} in {visible} to have digest {digest}, got {published}; "
                "published versions never change: publish under a new number, or remove the folder by hand",
                published=published,
                offered=digest,
            )

    def _write_manifest(self, model: str, *, version: int, staged: Path, digest: str) -> None:
        version_folder = staged / str(version)
        manifest = {
            "model": model,
            "version": version,
            "digest": digest,
            "files": [
                {
                    "path": path.relative_to(version_folder).as_posix(),
                    "size_bytes": path.stat().st_size,
                    "sha256": _sha256(path),
                }
                for path in _files(version_folder)
            ],
        }
        target = self.root / "manifests" / model / f"{version}.json"
        draft = target.with_suffix(".draft")
        draft.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        draft.chmod(0o644)
        _sync(draft)
        draft.rename(target)
        _sync(target.parent)
