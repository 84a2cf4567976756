"""
How a model gets into Triton's repository: built aside, made durable, shown by one rename.

Layout of the volume, all on one file system (a rename across mounts fails)::

    staging/<model>/<owner>/        being built; nobody reads it, its owner's next attempt throws it away
    manifests/<model>/<n>.json      what version n consists of; outside the model's folder, because any
                                    non-numeric entry there makes the next load restart every version
    manifests/<model>/<n>.golden.json   inputs, and the outputs that version n gives for them
    repository/<model>/             config.pbtxt and one folder a version; Triton reads this
    quarantine/<model>/             versions that failed, kept for whoever looks why

One writer a model at a time is the caller's duty; against a second one only the rename protects.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from models.durable import seal, sync, write
from models.errors import ModelForeign, RepositoryUnusable, VersionConflict

__all__ = ["Published", "Repository", "digest_of"]

CONFIG: Final = "config.pbtxt"
POLICY: Final = re.compile(r"version_policy: \{ specific: \{ versions: \[ ([0-9, ]+) \] \} \}")
"""Named versions only: under ``latest`` a new version would push out the one that callers are pinned to."""

SEED: Final = "seed"
KEPT: Final = 5
"""Versions that are kept whatever they are: the last ones, for whoever looks what changed."""


@dataclass(frozen=True)
class Published:
    """What ``Repository.publish`` did: the version now visible, its digest, and whether this call brought it."""

    model: str
    version: int
    digest: str
    outcome: Literal["published", "present", "collected"]


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


@dataclass(frozen=True)
class Repository:
    """The volume's root, and what is done to it."""

    root: Path

    def publish(
        self, model: str, *, version: int, config: Path, golden: Path, build_version: Callable[[Path], None]
    ) -> Published:
        """
        Make the first version of *model* visible, as a whole or not at all.

        Args:
            version: The number of the version folder.
            config: The ``config.pbtxt`` to copy.
            golden: The version's golden rows, which every later switch to it has to reproduce.
            build_version: Fills an empty folder with the version's files; equal input gives equal bytes.

        Returns:
            ``published`` when this call brought the version, ``present`` when the same content was there already,
            ``collected`` when it was, and later versions have taken its place.

        Raises:
            RepositoryUnusable: The volume cannot be written, or its folders lie on different file systems.
            VersionConflict: The version is there with another digest; nothing was changed.
            ModelForeign: The model's folder is there, and this version never was; nothing was changed.
        """
        staged = self._prepare(model, owner=SEED) / model
        version_folder = staged / str(version)
        digest = _built(version_folder, build_version)
        shutil.copyfile(config, staged / "config.pbtxt")
        seal(staged)
        visible = self.folder(model)
        outcome: Literal["published", "present"] = "present"
        if not visible.exists():
            self._describe(model, version=version, folder=version_folder, digest=digest, golden=golden.read_bytes())
            outcome = self._shown(staged, visible)
        if not visible.joinpath(str(version)).is_dir():
            self._check_collected(model, version=version, digest=digest)
            shutil.rmtree(staged.parent)
            return Published(model=model, version=version, digest=digest, outcome="collected")
        self._compare(model, version=version, digest=digest)
        if not self.golden(model, version).is_file():
            # Published by a release that kept no golden rows, or lost since: nobody could roll back to it.
            described = visible / str(version)
            self._describe(model, version=version, folder=described, digest=digest, golden=golden.read_bytes())
        shutil.rmtree(staged.parent)
        return Published(model=model, version=version, digest=digest, outcome=outcome)

    def add(
        self, model: str, *, version: int, owner: str, golden: bytes, build_version: Callable[[Path], None]
    ) -> Published:
        """
        Make another version of a published *model* visible beside the others. It is inert until it is arranged.

        Args:
            owner: Who builds it; the name of its staging folder.

        Raises:
            RepositoryUnusable, VersionConflict: As ``publish``.
            ModelForeign: The model has not been published.
        """
        visible = self.folder(model)
        if not visible.is_dir():
            raise ModelForeign(f"wanted {visible} to be there, got nothing: its first version comes with the seed")
        staged = self._prepare(model, owner=owner) / str(version)
        digest = _built(staged, build_version)
        seal(staged)
        outcome: Literal["published", "present"] = "present"
        if not visible.joinpath(str(version)).exists():
            self._describe(model, version=version, folder=staged, digest=digest, golden=golden)
            outcome = self._shown(staged, visible / str(version))
        self._compare(model, version=version, digest=digest)
        shutil.rmtree(staged.parent)
        return Published(model=model, version=version, digest=digest, outcome=outcome)

    def arrange(self, model: str, versions: Collection[int]) -> bool:
        """
        Let ``config.pbtxt`` name exactly *versions* as those to load; returns whether it had to be written.

        Raises:
            RepositoryUnusable: A version is not there, or the file has no such line.
        """
        missing = sorted(version for version in versions if not self.folder(model).joinpath(str(version)).is_dir())
        if missing or not versions:
            raise RepositoryUnusable(f"wanted published versions of {model}, got none with the numbers {missing}")
        path = self.folder(model) / CONFIG
        before = path.read_text(encoding="utf-8")
        after, lines = POLICY.subn(_policy(versions), before)
        if lines != 1:
            raise RepositoryUnusable(f"wanted one line {_policy(versions)!r} in {path}, got {lines}")
        if after == before:
            return False
        # Outside the model's folder, where any other entry would make the next load restart every version.
        write(self.root / "staging" / f"{model}.{CONFIG}", after.encode(), target=path)
        return True

    def arranged(self, model: str) -> frozenset[int]:
        """
        The versions that ``config.pbtxt`` names.

        Raises:
            RepositoryUnusable: It names none.
        """
        path = self.folder(model) / CONFIG
        found = POLICY.search(path.read_text(encoding="utf-8")) if path.is_file() else None
        if found is None:
            raise RepositoryUnusable(f"wanted a line {_policy([1])!r} in {path}, got none")
        return frozenset(int(number) for number in found.group(1).split(","))

    def versions(self, model: str) -> frozenset[int]:
        """The versions that are published."""
        return frozenset(int(path.name) for path in self.folder(model).glob("*") if path.name.isdigit())

    def digest(self, model: str, version: int) -> str:
        """The digest of the bytes that Triton reads."""
        return digest_of(self.folder(model) / str(version))

    def golden(self, model: str, version: int) -> Path:
        """Where the version's golden rows are, if it has any."""
        return self.root / "manifests" / model / f"{version}.golden.json"

    def quarantine(self, model: str, version: int) -> None:
        """Take a version that nobody may load out of Triton's sight, and keep it; again is no news."""
        folder = self.folder(model) / str(version)
        target = self.root / "quarantine" / model / str(version)
        if folder.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():  # the same version failed before, and was published again from the same bytes
                shutil.rmtree(target)
            folder.rename(target)
            sync(folder.parent)

    def collect(self, model: str, *, keep: Collection[int], last: int = KEPT) -> tuple[int, ...]:
        """Remove all versions but *keep* and the *last* ones by number; returns the removed. Half done, it goes on."""
        self._sweep(model)  # first: a version that was published again would find its own remains in the way
        published = sorted(self.versions(model))
        spared = {*keep, *published[-last:], *self.arranged(model)}
        removed = tuple(version for version in published if version not in spared)
        for version in removed:
            away = self.root / "staging" / f"{model}.{version}.removed"
            self.folder(model).joinpath(str(version)).rename(away)  # gone for Triton at once, whatever happens next
        self._sweep(model)
        return removed

    def _sweep(self, model: str) -> None:
        for away in self.root.joinpath("staging").glob(f"{model}.*.removed"):
            shutil.rmtree(away)

    def folder(self, model: str) -> Path:
        """What Triton reads of *model*."""
        return self.root / "repository" / model

    def _prepare(self, model: str, *, owner: str) -> Path:
        """Make the volume's folders where they are missing, and an empty staging folder for *owner*."""
        staging, repository = self.root / "staging", self.root / "repository"
        try:
            for folder in (staging / model, repository, self.root / "manifests" / model):
                folder.mkdir(parents=True, exist_ok=True)
            mine = staging / model / owner
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

    @staticmethod
    def _shown(staged: Path, visible: Path) -> Literal["published", "present"]:
        try:
            staged.rename(visible)
        except OSError as failure:
            # The kernel refuses to replace a folder that is not empty: somebody else was first.
            if failure.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            return "present"
        sync(visible.parent)
        return "published"

    def _compare(self, model: str, *, version: int, digest: str) -> None:
        published = self.digest(model, version)
        if published != digest:
            raise VersionConflict(
                f"wanted version {version} in {self.folder(model)} to have digest {digest}, got {published}; "
                "published versions never change: publish under a new number, or remove the folder by hand",
                published=published,
                offered=digest,
            )

    def _check_collected(self, model: str, *, version: int, digest: str) -> None:
        """That a version which is gone had been published: its manifest stays when its folder goes."""
        path = self._manifest(model, version)
        known = json.loads(path.read_text(encoding="utf-8"))["digest"] if path.is_file() else "no manifest"
        if known != digest:
            raise ModelForeign(
                f"wanted {self.folder(model)} to be absent or to hold version {version}, got a folder without it, and "
                f"{known} at {path} instead of {digest}; "
                "this publisher did not make it: look who did, and move it away"
            )

    def _manifest(self, model: str, version: int) -> Path:
        return self.root / "manifests" / model / f"{version}.json"

    def _describe(self, model: str, *, version: int, folder: Path, digest: str, golden: bytes) -> None:
        """Before the rename: a visible version always has its golden rows and its manifest."""
        files = [
            {
                "path": path.relative_to(folder).as_posix(),
                "size_bytes": path.stat().st_size,
                "sha256": _sha256(path),
            }
            for path in _files(folder)
        ]
        manifest = {"model": model, "version": version, "digest": digest, "files": files}
        for target, content in (
            (self.golden(model, version), golden),
            (
                self._manifest(model, version),
                (json.dumps(manifest, indent=1) + "\n").encode(),
            ),
        ):
            write(target.with_suffix(".draft"), content, target=target)


def _built(folder: Path, build_version: Callable[[Path], None]) -> str:
    folder.mkdir(parents=True)
    build_version(folder)
    return digest_of(folder)


def _policy(versions: Collection[int]) -> str:
    return f"version_policy: {{ specific: {{ versions: [ {', '.join(str(one) for one in sorted(versions))} ] }} }}"
