"""What a machine lacks is told at once, with the remedy, before anything is touched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from yardnode.cgroups import Hierarchy
from yardnode.errors import Refused
from yardnode.preflight import GIB, check
from yardnode.readings import CGROUPS, Disk, Readings

EVERY_CAPABILITY = 2**41 - 1
SYS_RESOURCE = 1 << 24

V1 = tuple(
    Hierarchy(mount=CGROUPS / name, unified=False, controllers=frozenset({name}))
    for name in ("cpu", "cpuacct", "cpuset", "memory", "pids")
)
HYBRID = (*V1, Hierarchy(mount=CGROUPS / "unified", unified=True, controllers=frozenset()))
V2 = (Hierarchy(mount=CGROUPS, unified=True, controllers=frozenset()),)

CACHE = Disk(folder="/cache", device=1, free_bytes=100 * GIB, warm=False, overlay=True)
STATE = Disk(folder="/state", device=2, free_bytes=100 * GIB, warm=False, overlay=True)

GOOD = Readings(
    system="Linux",
    uid=0,
    capabilities=EVERY_CAPABILITY,
    apt=True,
    cache=CACHE,
    state=STATE,
    memory_bytes=16 * GIB,
    network_namespaces=True,
    settings_writable=True,
    bridge_netfilter=True,
    trees=V2,
    unified_controllers=frozenset({"cpu", "cpuset", "io", "memory", "pids"}),
    cgroups_writable=True,
)


def refusals(readings: Readings) -> dict[str, str]:
    """Name of each problem -> its whole line."""
    with pytest.raises(Refused) as raised:
        check(readings)
    return {problem.name: str(problem) for problem in raised.value.problems}


def test_a_good_machine_passes_without_a_note() -> None:
    """Root on a Linux with everything is enough."""
    machine = check(GOOD)
    assert (machine.cgroup, machine.oom_adjustable, machine.notes) == ("v2", True, ())


def test_another_system_is_the_only_problem_told() -> None:
    """Nothing else can be judged where there is no Linux."""
    assert list(refusals(replace(GOOD, system="Darwin", uid=501, apt=False, memory_bytes=0))) == ["system"]


@pytest.mark.parametrize(
    ("readings", "name", "told"),
    [
        (replace(GOOD, uid=1000), "user", "wanted root, got user 1000. Run the command with sudo"),
        (replace(GOOD, capabilities=EVERY_CAPABILITY & ~(1 << 21)), "capabilities", "got all but CAP_SYS_ADMIN"),
        (replace(GOOD, capabilities=EVERY_CAPABILITY & ~(1 << 12)), "capabilities", "got all but CAP_NET_ADMIN"),
        (replace(GOOD, apt=False), "apt", "Use Debian or Ubuntu"),
        (replace(GOOD, memory_bytes=4 * GIB), "memory", "wanted 12 GB, got 4.3 GB"),
        (replace(GOOD, cache=replace(CACHE, overlay=False)), "overlayfs", "SWITCHYARD_CACHE"),
        (replace(GOOD, state=replace(STATE, overlay=False)), "overlayfs", "SWITCHYARD_STATE"),
        (replace(GOOD, network_namespaces=False), "network namespaces", "CONFIG_NET_NS"),
        (replace(GOOD, settings_writable=False), "ip_forward", "got read-only"),
        (replace(GOOD, bridge_netfilter=False), "br_netfilter", "modprobe br_netfilter"),
        (replace(GOOD, trees=()), "cgroups", "got no cgroup mount"),
        (replace(GOOD, unified_controllers=frozenset({"pids"})), "cgroups", "version 2 at /sys/fs/cgroup with cpu"),
        (replace(GOOD, trees=V1[1:]), "cgroups", "/sys/fs/cgroup/cpuacct (cpuacct)"),
        (replace(GOOD, cgroups_writable=False), "cgroups", "got read-only"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_a_lack_is_refused_with_its_name_and_remedy(readings: Readings, name: str, told: str) -> None:
    """Each thing that a machine may lack is named, with what was wanted, what came and what to do."""
    problems = refusals(readings)
    assert list(problems) == [name]
    assert told in problems[name]


def test_all_lacks_are_told_at_once() -> None:
    """Nobody fixes one thing after the other, run by run."""
    readings = replace(GOOD, apt=False, memory_bytes=GIB, network_namespaces=False)
    assert list(refusals(readings)) == ["apt", "memory", "network namespaces"]


def test_without_root_what_needs_root_is_not_blamed() -> None:
    """A user without rights is told about rights, not about trials that could not be made."""
    untried = replace(
        GOOD,
        uid=1000,
        capabilities=0,
        cache=replace(CACHE, overlay=None),
        state=replace(STATE, overlay=None),
        network_namespaces=None,
        settings_writable=False,
        bridge_netfilter=False,
        cgroups_writable=False,
    )
    assert list(refusals(untried)) == ["user"]


def test_folders_on_one_disk_share_its_room() -> None:
    """Cache and state on one file system need their sum."""
    together = replace(
        GOOD, cache=replace(CACHE, free_bytes=12 * GIB), state=replace(STATE, device=1, free_bytes=12 * GIB)
    )
    assert "wanted 35 GiB free below /cache and /state, got 12.0 GiB" in refusals(together)["disk"]


def test_folders_on_two_disks_are_looked_at_alone() -> None:
    """Room on one file system does not help the other."""
    apart = replace(GOOD, cache=replace(CACHE, free_bytes=40 * GIB), state=replace(STATE, free_bytes=4 * GIB))
    assert "wanted 5 GiB free below /state, got 4.0 GiB" in refusals(apart)["disk"]


def test_what_an_earlier_run_filled_is_not_wanted_again() -> None:
    """A second run is not refused for the room that the first one took."""
    warm = replace(
        GOOD,
        cache=replace(CACHE, free_bytes=5 * GIB, warm=True),
        state=replace(STATE, device=1, free_bytes=5 * GIB, warm=True),
    )
    assert check(warm).cgroup == "v2"


@pytest.mark.parametrize("trees", [V1, HYBRID], ids=["version 1", "hybrid"])
def test_version_1_cgroups_pass_and_are_named(trees: tuple[Hierarchy, ...]) -> None:
    """The bring-up is told, because the kubelet must be told."""
    assert check(replace(GOOD, trees=trees, unified_controllers=frozenset())).cgroup == "v1-hybrid"


def test_a_missing_resource_capability_is_only_a_note() -> None:
    """Without CAP_SYS_RESOURCE the node runs, and containerd is told."""
    machine = check(replace(GOOD, capabilities=EVERY_CAPABILITY & ~SYS_RESOURCE))
    assert not machine.oom_adjustable
    assert "CAP_SYS_RESOURCE" in machine.notes[0]


def test_a_refusal_says_that_nothing_was_touched() -> None:
    """The message begins with what the reader wants to know first."""
    with pytest.raises(Refused, match=r"^Refused, and nothing was touched:"):
        check(replace(GOOD, trees=(Hierarchy(mount=Path("/elsewhere"), unified=True, controllers=frozenset()),)))
