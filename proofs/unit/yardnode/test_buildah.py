"""A build that is ended leaves nothing running and nothing mounted. Needs root and buildah, as every build does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from yardnode import mounts
from yardnode.buildah import Buildah
from yardnode.commands import output
from yardnode.errors import Stopped
from yardnode.waiting import wait_until

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("buildah") is None, reason="image builds need root and buildah"
)

PROGRAM = Path("/usr/bin/sleep")
FOREVER_S = 7777
"""How the build's program is told from any other; nobody waits for it."""

STARTED_WITHIN_S = 30.0


@dataclass(frozen=True)
class Build:
    """One image whose build does not end by itself."""

    buildah: Buildah
    root: Path
    context: Path
    stop: threading.Event

    def run(self) -> None:
        """Build until somebody asks for the end."""
        with self.context.joinpath("lock").open("w") as lock:
            self.buildah.build(
                "localhost/endless:1",
                context=self.context,
                dockerfile=self.context / "Dockerfile",
                arguments={},
                site=None,
                log=self.root / "build.log",
                tick=lambda: None,
                lock=lock.fileno(),
            )

    def programs(self) -> list[tuple[str, ...]]:
        """Command lines of everything that runs for the build: buildah's name the context, the image's the number."""
        lines = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = tuple(path.read_text().split("\0"))
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended while we looked
            if str(FOREVER_S) in words or str(self.context) in words:
                lines.append(words)
        return lines

    def under_way(self) -> bool:
        """Whether the image's own program runs, and the working container is mounted."""
        return (str(PROGRAM), str(FOREVER_S), "") in self.programs() and bool(mounts.below(self.root))


@pytest.fixture(name="build")
def _build(tmp_path: Path) -> Iterator[Build]:
    """An image of one program with its libraries; it begins and then sleeps."""
    context = tmp_path / "context"
    needed = re.findall(r"(/\S+)", subprocess.run(["ldd", PROGRAM], check=True, capture_output=True, text=True).stdout)
    for file in (PROGRAM, *map(Path, needed)):
        place = context / "files" / file.relative_to("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place)
    (context / "Dockerfile").write_text(f'FROM scratch\nCOPY files /\nRUN ["{PROGRAM}", "{FOREVER_S}"]\n')
    root, stop = tmp_path / "buildah", threading.Event()
    build = Build(
        Buildah(root, environment={"PATH": os.environ["PATH"], "HOME": str(tmp_path)}, stop=stop), root, context, stop
    )
    build.buildah.prepare()
    yield build
    for point in mounts.below(tmp_path):
        output(["umount", point])


def test_an_ended_build_leaves_no_process_and_no_mount(build: Build) -> None:
    """Ctrl-C sets *stop*: the program of a RUN, buildah and its mounts are gone when the call returns."""
    ended: list[BaseException] = []

    def work() -> None:
        try:
            build.run()
        except Stopped as stopped:
            ended.append(stopped)

    thread = threading.Thread(target=work)
    thread.start()
    wait_until(
        build.under_way,
        ready=bool,
        failed=lambda _: not thread.is_alive(),
        what="the build to run its program",
        within_s=STARTED_WITHIN_S,
    )
    build.stop.set()
    thread.join()

    assert [str(stopped) for stopped in ended] == [str(Stopped("building localhost/endless:1"))]
    assert build.programs() == []
    assert mounts.below(build.root) == []
