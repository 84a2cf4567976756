"""
What the machine must offer, judged before anything is touched. All that is missing is told at once.

``readings.read`` looks, ``check`` judges what it is given and knows no machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from yardnode.cgroups import Hierarchy
from yardnode.errors import Problem, Refused
from yardnode.readings import CGROUPS, Readings

__all__ = ["Machine", "cgroup_layout", "check"]

GIB: Final = 2**30

# Cold: binaries, modules, layers and archives; unpacked images, etcd and models. Warm: room for one rebuild of each.
CACHE_COLD_BYTES: Final = 30 * GIB
STATE_COLD_BYTES: Final = 5 * GIB
WARM_BYTES: Final = 2 * GIB

# Idle with everything up it takes 6.3 GiB, and linking the log agent 5.2; decimal, because a machine sold as 12 GiB
# keeps some for itself.
MEMORY_BYTES: Final = 12_000_000_000

# Capabilities by number, as in capabilities(7); each with what fails without it.
NEEDED_CAPABILITIES: Final[Mapping[int, str]] = {
    12: "CAP_NET_ADMIN",  # links, routes, firewall
    18: "CAP_SYS_CHROOT",  # image builds
    21: "CAP_SYS_ADMIN",  # namespaces and mounts
    27: "CAP_MKNOD",  # devices of containers and root file systems
}
CAP_SYS_RESOURCE: Final = 24

# What the kubelet insists on where cgroups are of version 1.
V1_CONTROLLERS: Final = frozenset({"cpu", "cpuacct", "cpuset", "memory"})
V2_CONTROLLERS: Final = frozenset({"cpu", "cpuset", "memory", "pids"})

Layout = Literal["v1-hybrid", "v2"]


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What the bring-up has to know about a machine that passed."""

    cgroup: Layout
    oom_adjustable: bool
    """Whether oom_score_adj may be lowered; where not, containerd needs ``restrict_oom_score_adj``."""
    notes: tuple[str, ...]
    """What is unusual but works, for people."""


def check(readings: Readings) -> Machine:
    """
    Judge *readings*.

    Raises:
        Refused: With every problem that was found.
    """
    if readings.system != "Linux":
        # Nothing else can be judged elsewhere.
        raise Refused(
            [
                Problem(
                    name="system", wanted="Linux", got=readings.system, remedy="Use a Linux machine or a virtual one."
                )
            ]
        )
    layout = cgroup_layout(readings.trees, unified_controllers=readings.unified_controllers)
    problems = [*_rights(readings), *_resources(readings), *_kernel(readings), *_cgroups(readings, layout=layout)]
    if problems or layout is None:
        raise Refused(problems)
    adjustable = _has(readings.capabilities, CAP_SYS_RESOURCE)
    notes = () if adjustable else ("CAP_SYS_RESOURCE is missing: containers keep the caller's oom_score_adj",)
    return Machine(cgroup=layout, oom_adjustable=adjustable, notes=notes)


def cgroup_layout(trees: Sequence[Hierarchy], *, unified_controllers: frozenset[str]) -> Layout | None:
    """The layout as the kubelet will see it, or None where it lacks controllers that the kubelet insists on."""
    if any(tree.unified and tree.mount == CGROUPS for tree in trees):
        return "v2" if unified_controllers >= V2_CONTROLLERS else None
    controllers = frozenset[str]().union(*(tree.controllers for tree in trees))
    return "v1-hybrid" if controllers >= V1_CONTROLLERS else None


def _rights(readings: Readings) -> Iterator[Problem]:
    if readings.uid != 0:
        yield Problem(name="user", wanted="root", got=f"user {readings.uid}", remedy="Run the command with sudo.")
    else:
        missing = [name for number, name in NEEDED_CAPABILITIES.items() if not _has(readings.capabilities, number)]
        if missing:
            yield Problem(
                name="capabilities",
                wanted=", ".join(NEEDED_CAPABILITIES.values()),
                got=f"all but {', '.join(missing)}",
                remedy="In a container, run it with --privileged; better, use a machine or a virtual one.",
            )
    if not readings.apt:
        yield Problem(name="apt", wanted="apt-get on PATH", got="none", remedy="Use Debian or Ubuntu.")


def _resources(readings: Readings) -> Iterator[Problem]:
    wanted = {
        readings.cache: WARM_BYTES if readings.cache.warm else CACHE_COLD_BYTES,
        readings.state: WARM_BYTES if readings.state.warm else STATE_COLD_BYTES,
    }
    for device in sorted({disk.device for disk in wanted}):
        disks = [disk for disk in wanted if disk.device == device]
        wanted_bytes = sum(wanted[disk] for disk in disks)
        if disks[0].free_bytes < wanted_bytes:
            yield Problem(
                name="disk",
                wanted=f"{wanted_bytes / GIB:.0f} GiB free below {' and '.join(disk.folder for disk in disks)}",
                got=f"{disks[0].free_bytes / GIB:.1f} GiB",
                remedy="Free some, or set SWITCHYARD_CACHE and SWITCHYARD_STATE to folders on a larger disk.",
            )
    if readings.memory_bytes < MEMORY_BYTES:
        yield Problem(
            name="memory",
            wanted=f"{MEMORY_BYTES / 1e9:.0f} GB",
            got=f"{readings.memory_bytes / 1e9:.1f} GB",
            remedy="Give the machine (or the container's memory limit) more.",
        )


def _kernel(readings: Readings) -> Iterator[Problem]:
    for disk, variable in ((readings.cache, "SWITCHYARD_CACHE"), (readings.state, "SWITCHYARD_STATE")):
        if disk.overlay is False:
            yield Problem(
                name="overlayfs",
                wanted=f"an overlay mount below {disk.folder}",
                got="the kernel refuses it",
                remedy=f"Load the module overlay, or set {variable} to a folder on ext4 or xfs (an overlay cannot lie "
                "on an overlay, such as a container's own file system).",
            )
    if readings.network_namespaces is False:
        yield Problem(
            name="network namespaces",
            wanted="to make one",
            got="the kernel refuses it",
            remedy="Use a kernel with CONFIG_NET_NS; in a container, run it with --privileged.",
        )
    if readings.uid == 0 and not readings.settings_writable:
        yield Problem(
            name="ip_forward",
            wanted="/proc/sys/net/ipv4/ip_forward writable, for the node's own namespace",
            got="read-only",
            remedy="In a container, run it with --privileged.",
        )
    if readings.uid == 0 and not readings.bridge_netfilter:
        yield Problem(
            name="br_netfilter",
            wanted="the module loaded or loadable",
            got="neither",
            remedy="Run `modprobe br_netfilter`; in a container, on the machine around it.",
        )


def _cgroups(readings: Readings, *, layout: Layout | None) -> Iterator[Problem]:
    if layout is None:
        yield Problem(
            name="cgroups",
            wanted=f"version 2 at {CGROUPS} with {', '.join(sorted(V2_CONTROLLERS))}, or version 1 with "
            f"{', '.join(sorted(V1_CONTROLLERS))}",
            got="; ".join(
                f"{tree.mount} ({', '.join(sorted(tree.controllers)) or 'unified'})" for tree in readings.trees
            )
            or "no cgroup mount",
            remedy="Mount them, as systemd does; in a container, run it with --privileged and the host's cgroups.",
        )
    elif readings.uid == 0 and not readings.cgroups_writable:
        yield Problem(
            name="cgroups",
            wanted=f"{CGROUPS} writable",
            got="read-only",
            remedy="In a container, run it with --privileged.",
        )


def _has(capabilities: int, number: int) -> bool:
    return bool(capabilities >> number & 1)
