"""
The yard's own view of the file system.

All processes of a yard share one mount namespace. Places whose names are fixed in other people's code (the kubelet's
device plugins, containerd's shim sockets, the CNI cache, container logs) are bound to folders below the state, so two
yards never meet there and every mount is gone with the last process. The same trick shows the kubelet the kernel
settings that it insists on, so that it leaves those of the host alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from yardnode import commands

__all__ = ["PLACES", "below", "entering", "prepare", "remove_places"]

PLACES = {  # place as the node's programs know it -> folder below the state
    Path("/var/lib/kubelet"): "kubelet",
    Path("/var/lib/cni"): "cni",
    Path("/var/log/pods"): "pod-logs",
    Path("/var/log/containers"): "container-logs",
    Path("/run/containerd"): "run/containerd",
}

KERNEL = {  # what the kubelet wants to find; it writes where it finds something else
    Path("/proc/sys/vm/overcommit_memory"): "1",
    Path("/proc/sys/vm/panic_on_oom"): "0",
    Path("/proc/sys/kernel/panic"): "10",
    Path("/proc/sys/kernel/panic_on_oops"): "1",
    Path("/proc/sys/kernel/keys/root_maxkeys"): "1000000",
    Path("/proc/sys/kernel/keys/root_maxbytes"): "25000000",
}


def entering() -> list[str]:
    """Words before a command that give it a new mount namespace; host mounts still arrive, ours do not leave."""
    return ["unshare", "--mount", "--propagation", "slave"]


def prepare(state: Path) -> None:
    """
    Bind all places; runs inside the new mount namespace, once.

    Raises:
        CommandFailed: A mount was refused.
    """
    commands.output(["mount", "--make-rshared", "/"])  # volumes with mount propagation need shared parents
    for place, folder in PLACES.items():
        (state / folder).mkdir(parents=True, exist_ok=True)
        place.mkdir(parents=True, exist_ok=True)
        commands.output(["mount", "--bind", state / folder, place])
    shown = state / "kernel"
    shown.mkdir(exist_ok=True)
    for place, value in KERNEL.items():
        if not place.exists():
            continue  # a kernel without the setting; the kubelet says so itself where it matters
        copy = shown / place.name
        copy.write_text(f"{value}\n")
        commands.output(["mount", "--bind", copy, place])


def below(state: Path) -> list[Path]:
    """Mount points below *state* that the caller's own mount namespace has, deepest first."""
    points = [Path(_unescaped(line.split()[4])) for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return sorted((point for point in points if point.is_relative_to(state)), key=lambda p: len(p.parts), reverse=True)


def remove_places(*, others: Iterable[str]) -> None:
    """
    Remove the empty folders that ``prepare`` made on the host, unless other yards may be standing on them.

    A folder with something in it belongs to somebody else and stays.
    """
    if list(others):
        return
    for place in PLACES:
        if place.is_dir() and not os.listdir(place):
            place.rmdir()


def _unescaped(field: str) -> str:
    return field.encode().decode("unicode_escape")
