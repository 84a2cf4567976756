"""Debian packages that the machine needs, each with its reason. Only what is missing is installed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from yardnode import commands, programs
from yardnode.errors import BuildFailed, CommandFailed
from yardnode.progress import Progress

__all__ = ["PACKAGES", "ensure", "missing"]

PACKAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        # Making binaries and images.
        "buildah": "builds images from Dockerfiles without a daemon",
        "ca-certificates": "verifies module proxies, package indexes and archives",
        "catatonit": "the static init that becomes the pause image",
        "debian-archive-keyring": "verifies the Debian archive where the machine is Ubuntu",
        "gcc": "runc and Alloy need cgo",
        "git": "serves the commit under test",
        "libc6-dev": "runc and Alloy need cgo; headers and the static library",
        "libseccomp-dev": "runc filters system calls",
        "mmdebstrap": "makes the Debian that images start from",
        "pkg-config": "tells cgo where libseccomp is",
        # Running the node.
        "conntrack": "kube-proxy forgets connections to dead endpoints with it",
        "ipset": "kube-router keeps the addresses of a policy in sets",
        "iproute2": "network namespaces, links and routes",
        "iptables": "kube-router writes its policies with it",
        "kmod": "loads overlay and br_netfilter",
        "mount": "the yard's own view of the file system",
        "nftables": "kube-proxy writes its services with it, and the yard its firewall",
        "procps": "sysctl, for the switches of the yard's network namespace",
        "util-linux": "nsenter and unshare",
    }
)

# Another apt may be at work, such as the machine's own upgrades after boot.
APT_LOCK_S: Final = 600
INSTALL_WITHIN_S: Final = 1800.0
INSTALL_ESTIMATE_S: Final = 45.0


def missing(answer: str, *, wanted: Collection[str] = tuple(PACKAGES)) -> tuple[str, ...]:
    """
    Those of *wanted* that are not installed.

    Args:
        answer: What ``dpkg-query --show`` said, a line a package: name and status, divided by a tab.
    """
    lines = [line.partition("\t") for line in answer.splitlines()]
    # A multiarch package may have several lines; one installed architecture is enough.
    installed = {name for name, _, status in lines if status == "installed"}
    return tuple(sorted(name for name in wanted if name not in installed))


def ensure(*, cache: Path, progress: Progress, environment: Mapping[str, str]) -> tuple[str, ...]:
    """
    Install what is missing of ``PACKAGES`` and return its names.

    Raises:
        BuildFailed: There is no apt, or it failed; its whole output is in ``<cache>/logs``.
    """
    if shutil.which("apt-get", path=environment.get("PATH")) is None:
        raise BuildFailed(
            "The machine's packages",
            cause="Wanted apt-get on PATH, got none.",
            remedy="Use Debian or Ubuntu.",
        )
    absent = missing(_ask_dpkg())
    if not absent:
        progress.say("packages", "all installed")
        return ()
    with progress.task(
        "packages", " ".join(absent), doing="installing", done="installed", estimate_s=INSTALL_ESTIMATE_S
    ) as task:
        for words in (["update"], ["install", "--yes", "--no-install-recommends", *absent]):
            _apt(words, cache=cache, environment=environment, tick=task.tick)
    return absent


def _ask_dpkg() -> str:
    # All packages, not ours by name: dpkg-query ends with status 1 when it does not know one of the names.
    return commands.output(["dpkg-query", "--show", "--showformat", "${Package}\\t${db:Status-Status}\\n"])


def _apt(words: Sequence[str], *, cache: Path, environment: Mapping[str, str], tick: Callable[[], None]) -> None:
    try:
        programs.run(
            ["apt-get", "--option", f"DPkg::Lock::Timeout={APT_LOCK_S}", *words],
            what=f"apt-get {words[0]}",
            within_s=INSTALL_WITHIN_S,
            log=cache / "logs" / f"apt-{words[0]}.log",
            environment={**environment, "DEBIAN_FRONTEND": "noninteractive"},
            tick=tick,
        )
    except CommandFailed as exc:
        raise BuildFailed(
            "The machine's packages",
            cause=str(exc),
            remedy="Make `apt-get update` and `apt-get install` work (network, sources, a half-installed package), "
            "then run the same command again.",
        ) from exc
