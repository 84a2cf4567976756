"""Folders of unpacked images: which of them the next one is made of."""

from __future__ import annotations

import os
from pathlib import Path

from yardnode.imagestore import ImageStore
from yardnode.progress import Progress


def test_the_next_one_is_made_of_the_one_that_was_used_last(tmp_path: Path) -> None:
    """Not of what a containerd runs in, nor of half of one that was killed: each image would be unpacked again."""
    for age_s, name in enumerate((".staging", ".run", "used-last", "used-before")):
        folder = tmp_path / "unpacked" / name
        folder.mkdir(parents=True)
        os.utime(folder, (1e9 - age_s, 1e9 - age_s))
    (tmp_path / "unpacked/.lock").touch()
    store = ImageStore(tmp_path, programs={}, progress=Progress())
    assert [path.name for path in store.filled()] == ["used-before", "used-last"]
