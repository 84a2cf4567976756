"""A yard's addresses follow from its id, and never overlap a route that is there."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yardnode.errors import Refused
from yardnode.network import FIRST_BLOCK, LAST_BLOCK, Network, choose

IDS = st.from_regex(r"[0-9a-f]{8}", fullmatch=True)


def test_the_same_yard_gets_the_same_block() -> None:
    """Nothing but the id decides while all blocks are free."""
    assert choose("deadbeef", taken=()) == choose("deadbeef", taken=())


@given(IDS)
def test_every_yard_stays_inside_the_blocks_it_may_take(yard_id: str) -> None:
    """Blocks other clusters like are left alone."""
    assert FIRST_BLOCK <= choose(yard_id, taken=()).block <= LAST_BLOCK


@given(IDS)
def test_a_taken_block_is_passed_over(yard_id: str) -> None:
    """A second yard, or a VPN, on the wanted block sends the yard to the next one."""
    wanted = choose(yard_id, taken=())
    assert not choose(yard_id, taken=[wanted.whole]).whole.overlaps(wanted.whole)


def test_a_route_into_the_middle_of_a_block_takes_it() -> None:
    """One host route is enough to make a block somebody else's."""
    wanted = choose("00000000", taken=())
    route = IPv4Network(f"{wanted.pods[77]}/32")
    assert choose("00000000", taken=[route]).block != wanted.block


def test_a_default_route_takes_nothing() -> None:
    """Every machine with an uplink has one."""
    assert choose("00000000", taken=[IPv4Network("0.0.0.0/0")]) == choose("00000000", taken=())


def test_without_a_free_block_the_yard_is_refused() -> None:
    """The message names the range and what to do."""
    with pytest.raises(Refused, match=r"10\.100\.0\.0/16 to 10\.227\.0\.0/16"):
        choose("00000000", taken=[IPv4Network("10.0.0.0/8")])


@given(IDS)
def test_pods_services_and_the_cable_do_not_overlap(yard_id: str) -> None:
    """All of them lie inside the block."""
    network = choose(yard_id, taken=())
    cable = IPv4Network(f"{network.host_address}/30", strict=False)
    parts = [network.pods, network.services, cable]
    assert all(part.subnet_of(network.whole) for part in parts)
    assert not any(one.overlaps(other) for one in parts for other in parts if one is not other)
    assert network.node_address in cable


def test_names_fit_what_the_kernel_allows() -> None:
    """An interface name has at most 15 characters."""
    network = Network(yard_id="deadbeef", block=100)
    assert len(network.link) <= 15
    assert network.namespace == "switchyard-deadbeef"
    assert network.api_service == IPv4Address("10.100.128.1")
