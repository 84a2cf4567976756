"""
The yard's images, built without Docker from the Dockerfiles in ``platform/images``, tagged and kept by content.

An image is a folder with a ``Dockerfile`` and, where it copies something, a file ``context``: one path a line, relative
to the repository's root, or ``bin:<family>/<path>`` for something that the toolchain built; it appears in the build as
``bin/<path>``. Lines that begin with ``#`` are comments.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from yardnode.buildah import Buildah, Site
from yardnode.errors import BuildFailed, CommandFailed
from yardnode.families import FAMILIES
from yardnode.progress import Estimates, Progress, Task
from yardnode.rootfs import DEBIAN_PARTS, make_rootfs
from yardnode.store import Store, digest_bytes, digest_of

__all__ = ["Context", "Image", "ImageSet", "names_below", "read_context"]

REGISTRY: Final = "switchyard.local"
BASE: Final = "base"

# Seconds on two cores with a fast link; only shown to people until this machine has its own figures.
ESTIMATES_S: Final[Mapping[str, float]] = MappingProxyType({"base": 90, "argocd": 15, "redis": 10, "minio": 10})

# Files that come and go beside sources and decide nothing.
IGNORED: Final = frozenset({"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"})


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image as the node gets it: a full reference, and a Docker archive that carries the same reference."""

    name: str
    ref: str
    archive: Path


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a Dockerfile may copy: paths below the repository's root, and ``<family>/<path>`` of binaries."""

    paths: tuple[str, ...] = ()
    binaries: tuple[str, ...] = ()


def names_below(folder: Path) -> tuple[str, ...]:
    """
    All images in the order to build them: the base, those that need no binary, then as binaries become ready.

    The toolchain works meanwhile, in the order of ``FAMILIES``.
    """
    names = sorted(path.parent.name for path in folder.glob("*/Dockerfile"))
    return tuple(sorted(names, key=lambda name: (name != BASE, _turn(read_context(folder / name)), name)))


def _turn(context: Context) -> int:
    """When the last family that an image needs is ready: its place among all of them; -1 where it needs none."""
    return max((FAMILIES.index(_family_of(binary)) for binary in context.binaries), default=-1)


def read_context(folder: Path) -> Context:
    """
    Read an image's ``context`` file; without one the Dockerfile copies nothing.

    Raises:
        BuildFailed: A line leaves the repository.
    """
    file = folder / "context"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for line in lines:
        if line.startswith("/") or ".." in Path(line).parts:
            raise BuildFailed(
                f"Image {folder.name}",
                cause=f"Wanted a path below the repository's root in {file}, got {line!r}.",
                remedy="Name the path as git shows it.",
            )
    return Context(
        paths=tuple(line for line in lines if not line.startswith("bin:")),
        binaries=tuple(line.removeprefix("bin:") for line in lines if line.startswith("bin:")),
    )


class ImageSet:
    """Images of one checkout; what is built is shared by all checkouts with the same content."""

    def __init__(
        self,
        *,
        checkout: Path,
        cache: Path,
        family: Callable[[str], Path],
        progress: Progress,
        environment: Mapping[str, str],
        stop: threading.Event | None = None,
    ) -> None:
        """
        Args:
            family: Gives a family's folder of binaries; may wait until it is built.
            environment: The process environment; proxies and package indexes in it hold for builds, not for images.
            stop: Once set, what is being built is ended, and nothing else begins.
        """
        self._checkout = checkout
        self._folder = checkout / "platform" / "images"
        self._logs = cache / "logs"
        self._family = family
        self._progress = progress
        self._environment = environment
        self._stop = stop or threading.Event()
        self._store = Store(cache / "images", stop=self._stop)
        self._buildah = Buildah(cache / "buildah", environment=environment, stop=self._stop)
        self._estimates = Estimates(cache / "measured" / "images", defaults_s=ESTIMATES_S)

    def build(self, names: Sequence[str] | None = None) -> dict[str, Image]:
        """
        Build what is missing of *names* (default: all there are) and return them by name.

        Raises:
            BuildFailed: An image, or a binary that it needs, does not build; earlier images stay built.
        """
        order = names_below(self._folder)
        unknown = sorted(set(names or ()) - set(order))
        if unknown:
            raise BuildFailed(
                f"Image {unknown[0]}",
                cause=f"Wanted one of {', '.join(order)}.",
                remedy=f"Add {self._folder}/{unknown[0]}/Dockerfile.",
            )
        return {name: self._image(name) for name in order if names is None or name in names}

    def ref(self, name: str) -> str:
        """
        The full reference that *name* has or will have, without building it; may wait for binaries' keys.

        Raises:
            BuildFailed: Its context names something that is not there, or a binary does not build.
        """
        context = read_context(self._folder / name)
        key = digest_of(
            {
                "Dockerfile": digest_bytes(self._folder / name / "Dockerfile"),
                "files": self._digests(name, context=context),
                # A family's key stands for its binaries.
                "binaries": {binary: self._family(_family_of(binary)).name for binary in context.binaries},
                "from": DEBIAN_PARTS if name == BASE else self.ref(BASE),
            }
        )
        return f"{REGISTRY}/{name}:{key}"

    def _image(self, name: str) -> Image:
        base = None if name == BASE else self._image(BASE)
        ref = self.ref(name)
        entry = self._store.obtain(
            name,
            key=ref.rpartition(":")[2],
            make=lambda staging, lock: self._make(name, ref=ref, base=base, staging=staging, lock=lock),
            waiting=lambda: self._progress.say("images", f"{name}: another run builds images; waiting"),
            lock_name="images",
        )
        return Image(name=name, ref=ref, archive=entry / "image.tar")

    def _make(self, name: str, *, ref: str, base: Image | None, staging: Path, lock: int) -> None:
        with self._progress.task(
            "images", name, doing="building", done="built", estimate_s=self._estimates.of(name)
        ) as task:
            try:
                self._buildah.prepare()
                if base is None:
                    arguments = {"DEBIAN": self._debian(staging, task=task, lock=lock)}
                else:
                    arguments = {"BASE": base.ref}
                    if not self._buildah.has(base.ref):
                        log = self._logs / "image-load.log"
                        self._buildah.load(base.archive, log=log, tick=task.tick, lock=lock)
                self._assemble(name, target=staging / "context")
                self._buildah.build(
                    ref,
                    context=staging / "context",
                    dockerfile=self._folder / name / "Dockerfile",
                    arguments=arguments,
                    # The base installs the certificates and must keep its own.
                    site=Site.from_environment(self._environment) if base else None,
                    log=self._logs / f"image-{name}.log",
                    tick=task.tick,
                    lock=lock,
                )
                log = self._logs / f"image-{name}-save.log"
                self._buildah.save(ref, archive=staging / "image.tar", log=log, tick=task.tick, lock=lock)
                self._buildah.forget_older(ref)
            except CommandFailed as exc:
                raise BuildFailed(
                    f"Image {name}",
                    cause=str(exc),
                    remedy="Where a download failed, check the network and the package index; then run the same "
                    "command again.",
                ) from exc
            shutil.rmtree(staging / "context")
            self._estimates.remember(name, elapsed_s=task.elapsed_s)

    def _debian(self, staging: Path, *, task: Task, lock: int) -> str:
        """Make plain Debian as an image and return its reference."""
        ref = f"{REGISTRY}/debian:{digest_of(DEBIAN_PARTS)}"
        if self._buildah.has(ref):
            return ref
        context = staging / "debian"
        context.mkdir()
        log = self._logs / "image-debian.log"
        make_rootfs(
            context / "rootfs.tar",
            log=log,
            environment=self._environment,
            tick=task.tick,
            stop=self._stop,
            lock=lock,
        )
        (context / "Dockerfile").write_text("FROM scratch\nADD rootfs.tar /\n", encoding="utf-8")
        self._buildah.build(
            ref,
            context=context,
            dockerfile=context / "Dockerfile",
            arguments={},
            site=None,
            log=log,
            tick=task.tick,
            lock=lock,
        )
        shutil.rmtree(context)
        return ref

    def _digests(self, name: str, *, context: Context) -> dict[str, str]:
        """Relative path -> content digest and executable bit, of everything the image may copy."""
        return {
            str(path.relative_to(self._checkout)): f"{digest_bytes(path)} {os.access(path, os.X_OK)}"
            for path in self._files(name, context=context)
        }

    def _files(self, name: str, *, context: Context) -> Iterator[Path]:
        for wanted in context.paths:
            root = self._checkout / wanted
            if not root.exists():
                raise BuildFailed(
                    f"Image {name}",
                    cause=f"Wanted {wanted} below {self._checkout}, got nothing there.",
                    remedy=f"Correct {self._folder / name / 'context'}.",
                )
            for path in sorted(root.rglob("*")) if root.is_dir() else (root,):
                if path.is_file() and not IGNORED.intersection(path.parts):
                    yield path

    def _assemble(self, name: str, *, target: Path) -> None:
        """Lay out the build's files: the repository's where they are, binaries below ``bin/``."""
        target.mkdir()
        context = read_context(self._folder / name)
        for path in self._files(name, context=context):
            place = target / path.relative_to(self._checkout)
            place.parent.mkdir(parents=True, exist_ok=True)
            # With its time, which buildah's layer cache looks at; without the mode that this checkout's umask gave it.
            shutil.copy2(path, place)
            place.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
        for binary in context.binaries:
            family, _, rest = binary.partition("/")
            place = target / "bin" / rest
            place.parent.mkdir(parents=True, exist_ok=True)
            # A link, because binaries are large and the cache is one file system.
            os.link(self._family(family) / rest, place)


def _family_of(binary: str) -> str:
    return binary.partition("/")[0]
