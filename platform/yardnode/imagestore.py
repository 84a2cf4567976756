"""
Images as containerd keeps them, unpacked once a cache instead of once a bring-up.

Unpacking the yard's images takes longer than everything else together. So a containerd that runs for this alone fills a
folder of the cache, and a new node's containerd starts on a copy of that folder made of hard links. Committed snapshots
and blobs are never written to, only unlinked, so copies may share them; databases are really copied.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from yardnode import commands, mounts
from yardnode.images import Image
from yardnode.progress import Progress
from yardnode.store import digest_of
from yardnode.waiting import wait_until

__all__ = ["ImageStore", "import_images", "link_tree", "one_file_system", "present"]

CONTAINERD_WITHIN_S = 30.0
IMPORT_WITHIN_S = 900.0
COPY_WITHIN_S = 300.0
KEPT_BEFORE = 1  # another checkout, or the commit before; what they share takes no room twice
NAMESPACE = "k8s.io"  # where the kubelet's images are


class ImageStore:
    """Filled folders, one for each set of images."""

    def __init__(self, cache: Path, *, programs: Mapping[str, Path], progress: Progress) -> None:
        self._root = cache / "unpacked"
        self._programs = programs
        self._progress = progress

    def ensure(self, images: Sequence[Image]) -> Path:
        """
        Return a containerd root with all *images*, filled if there is none.

        What an older one has in common is linked from it, so that one changed image costs one image.

        Raises:
            CommandFailed: containerd refused an image.
            TimedOut: containerd did not start.
        """
        key = digest_of([sorted(image.ref for image in images), str(self._programs["containerd"])])
        entry = self._root / key
        if entry.is_dir():
            os.utime(entry)  # the time of last use decides which ones stay
            return entry
        self._root.mkdir(parents=True, exist_ok=True)
        with self._alone():
            if not entry.is_dir():
                self._fill(entry, images)
        return entry

    def filled(self) -> list[Path]:
        """The folders that were filled to their end, the one that was used last at the end."""
        # What a fill works in begins with a dot: who linked from that would unpack every image again.
        entries = (path for path in self._root.iterdir() if path.is_dir() and not path.name.startswith("."))
        return sorted(entries, key=lambda path: path.stat().st_mtime)

    def _fill(self, entry: Path, images: Sequence[Image]) -> None:
        staging = self._root / ".staging"
        if staging.exists():
            shutil.rmtree(staging)  # of a killed run; the lock is ours
        older = self.filled()
        if older:
            link_tree(older[-1], staging)
        else:
            staging.mkdir()
        with (
            self._progress.task("images", "containerd", doing="unpacking", done="unpacked"),
            self._containerd(staging) as socket,
        ):
            ctr = self._programs["ctr"]
            had = present(ctr, socket=socket)
            import_images(ctr, socket=socket, archives=[each.archive for each in images if each.ref not in had])
            surplus = sorted(had - {image.ref for image in images})
            if surplus:
                commands.output([*_images(ctr, socket=socket), "rm", "--sync", *surplus], within_s=IMPORT_WITHIN_S)
        os.sync()  # the rename must not reach the disk before the files
        staging.rename(entry)
        for each in older[:-KEPT_BEFORE]:
            shutil.rmtree(each)

    @contextmanager
    def _containerd(self, root: Path) -> Iterator[Path]:
        run = self._root / ".run"
        if run.exists():
            shutil.rmtree(run)
        run.mkdir()
        config, socket = run / "containerd.toml", run / "containerd.sock"
        config.write_text(_toml(root, run=run))
        with (run / "containerd.log").open("wb") as log:
            # In a mount view of its own: whatever it mounts goes with it.
            words = [*mounts.entering(), str(self._programs["containerd"]), f"--config={config}"]
            containerd = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_until(
                lambda: (containerd.poll(), socket.exists()),
                ready=lambda seen: seen[1],
                failed=lambda seen: seen[0] is not None,
                what=f"containerd to start (log {run}/containerd.log)",
                within_s=CONTAINERD_WITHIN_S,
            )
            yield socket
        finally:
            containerd.terminate()
            containerd.wait(CONTAINERD_WITHIN_S)
        shutil.rmtree(run)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        descriptor = os.open(self._root / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # another checkout's run fills it; minutes at most
            yield
        finally:
            os.close(descriptor)


def link_tree(source: Path, target: Path) -> None:
    """
    Copy a containerd root by hard links; databases, which change, are copied.

    Raises:
        CommandFailed: The two are not on one file system.
    """
    part = target.with_name(f"{target.name}.part")
    if part.exists():
        shutil.rmtree(part)
    commands.output(["cp", "--archive", "--link", "--no-target-directory", source, part], within_s=COPY_WITHIN_S)
    for database in part.rglob("io.containerd.*/*.db"):
        copy = database.with_suffix(".copy")
        shutil.copy2(database, copy)
        copy.rename(database)
    part.rename(target)


def one_file_system(first: Path, second: Path) -> bool:
    """Whether hard links between two folders are possible; where not, a node imports its images itself."""
    return first.stat().st_dev == second.stat().st_dev


def present(ctr: Path, *, socket: Path) -> set[str]:
    """References of all images that a containerd has."""
    return set(commands.output([*_images(ctr, socket=socket), "ls", "--quiet"]).split())


def import_images(ctr: Path, *, socket: Path, archives: Sequence[Path]) -> None:
    """
    Import archives one after the other.

    Raises:
        CommandFailed: containerd refused one.
    """
    for archive in archives:
        commands.output([*_images(ctr, socket=socket), "import", "--local=false", archive], within_s=IMPORT_WITHIN_S)


def _images(ctr: Path, *, socket: Path) -> list[str | Path]:
    return [ctr, f"--address={socket}", f"--namespace={NAMESPACE}", "images"]


def _toml(root: Path, *, run: Path) -> str:
    return f"""\
version = 3
root = "{root}"
state = "{run}/state"
imports = []
# Only images: nothing runs in this containerd.
disabled_plugins = ["io.containerd.cri.v1.runtime", "io.containerd.grpc.v1.cri", "io.containerd.nri.v1.nri",
  "io.containerd.internal.v1.opt"]

[grpc]
  address = "{run}/containerd.sock"

[ttrpc]
  address = "{run}/containerd.ttrpc"

[plugins.'io.containerd.metadata.v1.bolt']
  no_sync = true  # made again if the machine stops meanwhile
"""
