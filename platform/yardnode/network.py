"""
The yard's own network: a namespace without a way out, and one cable to the host.

::

    host                                namespace switchyard-<id>
    sy-<id> 10.B.255.1/30 ───────────── eth0 10.B.255.2/30   API server, DNS, git source
      route 10.B.0.0/18   (pods)        cni0 10.B.0.1/18     pods
      route 10.B.128.0/18 (services)    lo   default route   service addresses have no other interface

Nothing inside reaches the host or what lies behind it: only answers to connections that the host opened may leave.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from yardnode import commands
from yardnode.errors import Problem, Refused

__all__ = ["FIRST_BLOCK", "LAST_BLOCK", "Network", "choose", "inside", "lay", "leftovers", "lower", "stands", "taken"]

FIRST_BLOCK, LAST_BLOCK = 100, 227  # of 10.B.0.0/16: away from 10.0 and 10.244, which other clusters like
CABLE = "sy-"  # before the yard's id: how interfaces of yards are called on the host
NAMESPACES = Path("/run/netns")  # where iproute2 keeps them, so that `ip netns` shows ours

# Per-namespace switches. Forwarding carries pod traffic; without bridge-nf-call-iptables a pod's call to a service
# that lands on the same bridge is answered from the wrong address.
SYSCTLS = ("net.ipv4.ip_forward=1", "net.bridge.bridge-nf-call-iptables=1")

# Pods may answer the host, never call it; `reject`, so that an attempt fails at once and says why.
# The first two lines make the text idempotent: create if absent, then start afresh.
TABLE = "table inet switchyard"
FIREWALL = """
table inet switchyard
delete table inet switchyard
table inet switchyard {
  chain forwarded { type filter hook forward priority filter; oifname "eth0" ct state new,untracked reject; }
  chain own { type filter hook output priority filter; oifname "eth0" ct state new,untracked reject; }
}
"""


@dataclass(frozen=True, kw_only=True)
class Network:
    """Addresses and names of one yard; everything follows from its id and its block."""

    yard_id: str
    block: int

    @property
    def namespace(self) -> str:
        """Name of the network namespace, as ``ip netns`` shows it."""
        return f"switchyard-{self.yard_id}"

    @property
    def namespace_path(self) -> Path:
        """The file that ``nsenter --net=`` takes."""
        return NAMESPACES / self.namespace

    @property
    def link(self) -> str:
        """Host end of the cable; interface names have 15 characters at most."""
        return f"{CABLE}{self.yard_id}"

    @property
    def whole(self) -> IPv4Network:
        """The block that holds all addresses of the yard."""
        return IPv4Network(f"10.{self.block}.0.0/16")

    @property
    def pods(self) -> IPv4Network:
        """Addresses of pods."""
        return IPv4Network(f"10.{self.block}.0.0/18")

    @property
    def services(self) -> IPv4Network:
        """Addresses of services."""
        return IPv4Network(f"10.{self.block}.128.0/18")

    @property
    def host_address(self) -> IPv4Address:
        """Our side of the cable."""
        return IPv4Address(f"10.{self.block}.255.1")

    @property
    def node_address(self) -> IPv4Address:
        """The node's side: API server, DNS and git source listen here."""
        return IPv4Address(f"10.{self.block}.255.2")

    @property
    def api_service(self) -> IPv4Address:
        """First service address; the API server claims it for ``kubernetes.default``."""
        return self.services[1]

    @property
    def git_url(self) -> str:
        """Where Argo CD reads the commit under test."""
        return f"git://{self.node_address}/switchyard.git"


def choose(yard_id: str, *, taken: Iterable[IPv4Network]) -> Network:
    """
    Pick the yard's block: the one its id points at, or the next that overlaps no route in *taken*.

    Args:
        yard_id: Eight hexadecimal digits.

    Raises:
        Refused: Every block overlaps a route.
    """
    routes = [route for route in taken if route.prefixlen > 0]  # a default route overlaps everything and means nothing
    count = LAST_BLOCK - FIRST_BLOCK + 1
    for step in range(count):
        network = Network(yard_id=yard_id, block=FIRST_BLOCK + (int(yard_id, 16) + step) % count)
        if not any(network.whole.overlaps(route) for route in routes):
            return network
    raise Refused(
        [
            Problem(
                name="network",
                wanted=f"one of 10.{FIRST_BLOCK}.0.0/16 to 10.{LAST_BLOCK}.0.0/16 without a route",
                got="a route into every one of them (`ip route show table all`)",
                remedy="Remove a route that is not needed, such as a VPN's.",
            )
        ]
    )


def taken() -> tuple[IPv4Network, ...]:
    """Destinations of all IPv4 routes of the host, local addresses included."""
    return tuple(destination for destination, _ in _routes())


def inside(network: Network) -> list[str]:
    """
    Words before a command that make it run inside the namespace.

    ``ip netns exec`` would also remount /sys and hide the cgroups from the kubelet.
    """
    return ["nsenter", f"--net={network.namespace_path}"]


def lay(network: Network) -> None:
    """
    Make namespace, cable, addresses, routes, switches and the firewall; what is half made is made again.

    Raises:
        CommandFailed: The kernel or a tool refused.
    """
    lower(network)
    name, link = network.namespace, network.link
    commands.output(["ip", "netns", "add", name])
    _batch(
        f"link add {link} type veth peer name eth0 netns {name}",
        f"address add {network.host_address}/30 dev {link}",
        f"link set {link} up",
    )
    _batch(
        "link set lo up",
        f"address add {network.node_address}/30 dev eth0",
        "link set eth0 up",
        "route add default dev lo",
        inside_of=name,
    )
    commands.output([*inside(network), "sysctl", "--quiet", "--write", *SYSCTLS])
    commands.output([*inside(network), "nft", "--file", "-"], stdin=FIREWALL)
    # Routes last: they are what `stands` looks for, so a namespace with routes has its firewall.
    for destination in (network.pods, network.services):
        commands.output(["ip", "route", "add", str(destination), "via", str(network.node_address), "dev", link])


def stands(network: Network) -> bool:
    """Tell whether the namespace, the cable and both routes are there."""
    if not network.namespace_path.exists() or network.link not in _links():
        return False
    known = taken()
    return network.pods in known and network.services in known


def lower(network: Network) -> None:
    """Remove what ``lay`` made; routes go with the cable. Nothing there is fine."""
    if network.link in _links():
        commands.output(["ip", "link", "delete", network.link])
    if network.namespace_path.exists():
        commands.output(["ip", "netns", "delete", network.namespace])


def leftovers(network: Network) -> list[str]:
    """What is still there of the yard's network, one sentence each."""
    left = []
    if network.namespace_path.exists():
        left.append(f"network namespace {network.namespace}")
    if network.link in _links():
        left.append(f"interface {network.link}")
    # A yard that was given up before it remembered its block has the one of its id, which may be a neighbour's by now.
    left += [
        f"route {destination}"
        for destination, device in _routes()
        if destination.subnet_of(network.whole) and (device == network.link or not device.startswith(CABLE))
    ]
    # Our rules belong into the namespace and go with it; on the host there must never be any.
    left += [table for table in commands.output(["nft", "list", "tables"]).splitlines() if table == TABLE]
    return left


def _routes() -> list[tuple[IPv4Network, str]]:
    """Destination and interface of every IPv4 route of the host but the default one, local addresses included."""
    routes = json.loads(commands.output(["ip", "-json", "-4", "route", "show", "table", "all"]) or "[]")
    return [
        (IPv4Network(route["dst"], strict=False), route.get("dev", "")) for route in routes if route["dst"] != "default"
    ]


def _links() -> set[str]:
    return {link["ifname"] for link in json.loads(commands.output(["ip", "-json", "link", "show"]))}


def _batch(*lines: str, inside_of: str = "") -> None:
    scope = ["-netns", inside_of] if inside_of else []
    commands.output(["ip", *scope, "-batch", "-"], stdin="\n".join(lines) + "\n")
