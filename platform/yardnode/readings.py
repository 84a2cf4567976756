"""The readings that preflight judges. ``read`` is the only door: it looks at the machine and judges nothing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yardnode.cgroups import Hierarchy, hierarchies
from yardnode.paths import Paths

__all__ = ["CGROUPS", "Disk", "Readings", "read"]

CGROUPS: Final = Path("/sys/fs/cgroup")

# A trial is one mount or one clone; where it hangs, the answer is no.
TRIAL_WITHIN_S: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class Disk:
    """The file system below a folder that we fill."""

    folder: str
    device: int
    free_bytes: int
    warm: bool
    """Whether an earlier run has filled the folder."""
    overlay: bool | None
    """Whether an overlay can be mounted there; None where it could not be tried."""


@dataclass(frozen=True, kw_only=True)
class Readings:
    """What was read of a machine; nothing is judged here."""

    system: str
    uid: int
    capabilities: int
    """The effective set, a bit a capability."""
    apt: bool
    cache: Disk
    state: Disk
    memory_bytes: int
    network_namespaces: bool | None
    """Whether one can be made; None where it could not be tried."""
    settings_writable: bool
    """Whether /proc/sys/net may be written, such as ip_forward of a namespace."""
    bridge_netfilter: bool
    """Whether br_netfilter is in the kernel."""
    trees: tuple[Hierarchy, ...]
    unified_controllers: frozenset[str]
    """Controllers of the unified tree."""
    cgroups_writable: bool


def read(paths: Paths, *, environment: Mapping[str, str]) -> Readings:
    """Take the readings of this machine; trials (a mount, a namespace) are undone before it returns."""
    if platform.system() != "Linux":
        return _elsewhere(paths)
    root = os.geteuid() == 0
    trees = hierarchies(Path("/proc/self/mountinfo").read_text(encoding="utf-8"))
    controllers = CGROUPS / "cgroup.controllers"
    return Readings(
        system="Linux",
        uid=os.geteuid(),
        capabilities=int(_field("/proc/self/status", "CapEff"), 16),
        apt=shutil.which("apt-get", path=environment.get("PATH")) is not None,
        cache=_disk(paths.cache, warm=any(paths.cache.glob("images/*/COMPLETE")), trial=root),
        state=_disk(paths.state, warm=(paths.state / "containerd").is_dir(), trial=root),
        memory_bytes=min(int(_field("/proc/meminfo", "MemTotal").split()[0]) * 1024, *_memory_limits()),
        network_namespaces=_succeeds(["unshare", "--net", "true"]) if root else None,
        settings_writable=os.access("/proc/sys/net/ipv4/ip_forward", os.W_OK),
        bridge_netfilter=_bridge_netfilter(),
        trees=trees,
        unified_controllers=frozenset(controllers.read_text(encoding="utf-8").split() if controllers.exists() else ()),
        cgroups_writable=all(os.access(tree.mount, os.W_OK) for tree in trees),
    )


def _elsewhere(paths: Paths) -> Readings:
    """Readings of a machine that has none of this."""

    def disk(folder: Path) -> Disk:
        return Disk(folder=str(folder), device=0, free_bytes=0, warm=False, overlay=None)

    return Readings(
        system=platform.system(),
        uid=-1,
        capabilities=0,
        apt=False,
        cache=disk(paths.cache),
        state=disk(paths.state),
        memory_bytes=0,
        network_namespaces=None,
        settings_writable=False,
        bridge_netfilter=False,
        trees=(),
        unified_controllers=frozenset(),
        cgroups_writable=False,
    )


def _disk(folder: Path, *, warm: bool, trial: bool) -> Disk:
    present = next(place for place in (folder, *folder.parents) if place.is_dir())
    return Disk(
        folder=str(folder),
        device=present.stat().st_dev,
        free_bytes=shutil.disk_usage(present).free,
        warm=warm,
        overlay=_overlay_works(present) if trial else None,
    )


def _overlay_works(folder: Path) -> bool:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".switchyard-trial-") as name:
        for part in ("lower", "upper", "work", "merged"):
            (Path(name) / part).mkdir()
        options = f"lowerdir={name}/lower,upperdir={name}/upper,workdir={name}/work"
        # In a mount namespace of its own: the mount is gone with the program, whatever happens.
        return _succeeds(
            ["unshare", "--mount", "mount", "-t", "overlay", "-o", options, "overlay", f"{name}/merged"],
        )


def _bridge_netfilter() -> bool:
    switch = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
    if not switch.exists() and shutil.which("modprobe") is not None:
        _succeeds(["modprobe", "br_netfilter"])
    return switch.exists()


def _memory_limits() -> Iterator[int]:
    """Limits that a container around us may set, in bytes."""
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        limit = CGROUPS / name
        if limit.exists() and (text := limit.read_text(encoding="utf-8").strip()).isdigit():
            yield int(text)


def _field(file: str, name: str) -> str:
    """The value of the line ``<name>: <value>`` of a file in /proc."""
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return value.strip()
    raise LookupError(f"wanted a line {name!r} in {file}, got none")


def _succeeds(words: Sequence[str]) -> bool:
    """Whether a trial worked; one that cannot be started or hangs did not."""
    try:
        done = subprocess.run(list(words), capture_output=True, timeout=TRIAL_WITHIN_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
