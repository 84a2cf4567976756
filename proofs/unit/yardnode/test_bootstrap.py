"""What the bring-up reads from the gitops tree."""

from __future__ import annotations

import shutil
from pathlib import Path

from yardnode.bootstrap import environments


def test_an_environment_without_differences_is_one_all_the_same(checkout: Path, tmp_path: Path) -> None:
    """A clean clone has no folder for an environment that differs in nothing; it still gets volumes and secrets."""
    gitops = tmp_path / "gitops"
    shutil.copytree(checkout / "gitops", gitops, symlinks=True)
    shutil.rmtree(gitops / "envs")

    assert environments(gitops) == ("dev", "prod")
