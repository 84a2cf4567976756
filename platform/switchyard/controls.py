"""Which negative controls a run takes: all, or a few that the commit decides: the same in every run of it."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import pytest

__all__ = ["left_out"]


def left_out(items: Sequence[pytest.Item], *, count: int, sha: str) -> list[pytest.Item]:
    """
    Negative controls among *items* that a run with *count* of them leaves out.

    Tests with the same ``control`` mark are one: what one breaks, the next sees healed. Neighbours in the order of
    running are taken, from a place that the commit decides, round and round.

    Args:
        count: How many are taken; 0 takes all.

        sha: Names the commit.
    """
    names = list(dict.fromkeys(_name(item) for item in items if _is_control(item)))
    if not count or count >= len(names):
        return []
    first = crc32(sha.encode()) % len(names)
    taken = {names[(first + step) % len(names)] for step in range(count)}
    return [item for item in items if _is_control(item) and _name(item) not in taken]


def _is_control(item: pytest.Item) -> bool:
    return item.get_closest_marker("negative") is not None


def _name(item: pytest.Item) -> str:
    mark = item.get_closest_marker("control")
    return str(mark.args[0]) if mark is not None else item.nodeid
