"""The yard's branch of the cgroup tree."""

from __future__ import annotations

import os
from pathlib import Path

from yardnode.cgroups import Branch, Hierarchy


def test_a_yard_weighs_as_much_as_a_machine_of_its_own(tmp_path: Path) -> None:
    """On version 1, all pods together have for each processor what one ordinary process has."""
    trees = tuple(
        Hierarchy(mount=tmp_path / name, unified=False, controllers=frozenset({name})) for name in ("cpu", "pids")
    )
    for tree in trees:
        tree.mount.mkdir()

    Branch("4711", trees).grow()

    shares = tmp_path / "cpu" / "switchyard-4711" / "cpu.shares"
    assert shares.read_text() == str(1024 * (os.cpu_count() or 1))
    assert (tmp_path / "pids" / "switchyard-4711" / "node").is_dir()
    assert not (tmp_path / "pids" / "switchyard-4711" / "cpu.shares").exists()
