"""The embedded node as a person beside it has it: its commands, the folders behind its volumes, its mounts."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from switchyard.judging import Inconclusive
from switchyard.kinds import VOLUME_CLAIMS, VOLUMES
from switchyard.kube import Kube
from switchyard.objects import dig
from yardfacts.target import Target
from yardnode.processes import read_board
from yardnode.troubles import FULL_BYTES

__all__ = ["Said", "Small", "command", "folder_behind", "shut"]

ROOM_BYTES: Final = FULL_BYTES + (64 << 20)
"""Four segments of a database's log more than what counts as full: it starts, and works until somebody fills it."""
TAIL_CHARS: Final = 600
"""Of what a command said instead of what it had to name."""


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    text: str
    succeeded: bool

    def naming(self, *things: str) -> str:
        """Which of *things* it names, and how it ended, in words that an answer can be held against."""
        named = [thing for thing in things if thing in self.text]
        missing = [f"{thing} not named" for thing in things if thing not in named]
        tail = [f"it ends with {self.text[-TAIL_CHARS:]!r}"] if missing else []
        parts = [*(f"{thing} named" for thing in named), *missing, *tail]
        return f"{', '.join(parts) or 'nothing'}; {'success' if self.succeeded else 'failure'}"


def command(target: Target, *words: str, within_s: float) -> Said:
    """
    Run a command of ``switchyard`` as a person types it.

    Raises:
        Inconclusive: *target* was not brought up here, so no command knows it.
        TimeoutExpired: It does not end.
    """
    if target.git_dir is None:
        raise Inconclusive(f"target {target.name} was not brought up here: no command of its node can be asked")
    program = Path(sys.executable).with_name("switchyard")
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=within_s, check=False)
    return Said(done.stdout + done.stderr, succeeded=done.returncode == 0)


def folder_behind(kube: Kube, claim: str, *, namespace: str) -> Path:
    """
    The folder of this machine that stands behind a volume claim.

    Raises:
        Inconclusive: It is no folder of this machine.
    """
    volume = str(dig(kube.get(VOLUME_CLAIMS, claim, namespace=namespace), "spec", "volumeName"))
    place = dig(kube.get(VOLUMES, volume), "spec", "hostPath", "path")
    if not place or not Path(str(place)).is_dir():
        raise Inconclusive(f"{namespace}/{claim}: volume {volume} is no folder of this machine")
    return Path(str(place))


@contextmanager
def shut(folder: Path) -> Iterator[None]:
    """
    Nobody but root may look into what *folder* holds until the block ends; who has it open already goes on.

    Not the folder itself: that, a bring-up puts right without a word.
    """
    held = {path: path.stat() for path in folder.iterdir() if path.is_dir()}
    if not held:
        raise Inconclusive(f"{folder} holds nothing that could be shut")
    for path in held:
        os.chown(path, 0, 0)
        path.chmod(0)
    try:
        yield
    finally:
        for path, was in held.items():
            os.chown(path, was.st_uid, was.st_gid)
            path.chmod(stat.S_IMODE(was.st_mode))


@dataclass(frozen=True)
class Small:
    """
    A volume that is moved onto a file system of its own size, and back with everything that was written meanwhile.

    Only while nobody has the folder open. The file system is mounted where the node's processes see it and nobody else.
    """

    folder: Path

    def move_in(self) -> None:
        """
        Mount a file system with little room over the folder, with what the folder holds.

        Raises:
            CalledProcessError: The kernel refused.
        """
        waiting = self._beside("waiting")
        subprocess.run(["cp", "--archive", self.folder, waiting], check=True)
        used = int(subprocess.check_output(["du", "--summarize", "--bytes", waiting], text=True).split()[0])
        options = f"size={used + ROOM_BYTES},mode={stat.S_IMODE(self.folder.stat().st_mode):o}"
        self._inside("mount", "-t", "tmpfs", "-o", options, "proof", self.folder)
        self._inside("cp", "--archive", "--no-target-directory", waiting, self.folder)
        shutil.rmtree(waiting)

    def fill(self) -> None:
        """Take all the room that is left."""
        # Ends with "no space left on device", which is what it is for.
        script = 'dd if=/dev/zero of="$0" bs=64k 2>/dev/null; test -s "$0"'
        self._inside("sh", "-c", script, self.folder / FILLER)

    def empty(self) -> None:
        """Give it back."""
        self._inside("rm", self.folder / FILLER)

    def move_out(self) -> None:
        """
        Put what the small file system holds into the folder itself, and take the file system away.

        Raises:
            CalledProcessError: The kernel refused; the file system stays, with the data.
        """
        kept, old = self._beside("kept"), self._beside("old")
        self._inside("rm", "--force", self.folder / FILLER)
        self._inside("cp", "--archive", self.folder, kept)
        self._inside("umount", self.folder)
        self.folder.rename(old)
        kept.rename(self.folder)
        shutil.rmtree(old)

    def _beside(self, what: str) -> Path:
        return self.folder.with_name(f".{self.folder.name}.{what}")

    def _inside(self, *words: str | Path) -> None:
        """Run a command in the mount namespace that all processes of the node share."""
        board = read_board(self.folder.parents[1])
        running = [entry.process for entry in board.entries if entry.process is not None] if board else []
        if not running:
            raise Inconclusive(f"no process of the node stands in {self.folder.parents[1]}")
        subprocess.run(["nsenter", f"--mount=/proc/{running[0].pid}/ns/mnt", *words], check=True, timeout=MOUNT_S)


FILLER: Final = "filler-of-a-proof"
MOUNT_S: Final = 60.0
"""A copy of a hundred megabytes takes a second."""
