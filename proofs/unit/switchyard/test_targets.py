"""Which cluster a command works on, and what it says when there is none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from switchyard.errors import NoTarget
from switchyard.holder import Holder, is_dead
from switchyard.targets import Provider, find_target
from yardfacts.target import Target


def _provider(name: str, *, up: bool) -> Provider:
    target = Target(
        name=name,
        kubeconfig=Path("kubeconfig"),
        context=name,
        git_dir=None,
        git_branch="yard",
        commit="a" * 40,
        dirty=False,
        secrets_file=None,
    )
    return lambda checkout: target if up else None


def test_the_only_cluster_that_is_up_is_taken(tmp_path: Path) -> None:
    """Nobody has to name what there is one of."""
    providers = {"one": _provider("one", up=False), "two": _provider("two", up=True)}
    assert find_target(checkout=tmp_path, providers=providers).name == "two"


def test_several_clusters_have_to_be_named(tmp_path: Path) -> None:
    """Which one would be a guess."""
    providers = {"one": _provider("one", up=True), "two": _provider("two", up=True)}
    with pytest.raises(NoTarget, match="one, two"):
        find_target(checkout=tmp_path, providers=providers)
    assert find_target(checkout=tmp_path, name="one", providers=providers).name == "one"


def test_no_cluster_says_how_to_get_one(tmp_path: Path) -> None:
    """Start the embedded one, or name yours."""
    with pytest.raises(NoTarget, match=r"switchyard up.*--context"):
        find_target(checkout=tmp_path, providers={})
    with pytest.raises(NoTarget, match="no target is called three"):
        find_target(checkout=tmp_path, name="three", providers={"one": _provider("one", up=True)})


def test_a_context_goes_before_every_provider(tmp_path: Path) -> None:
    """Who names a cluster means it; the commit under test is the checkout's."""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    providers = {"one": _provider("one", up=True)}
    target = find_target(checkout=tmp_path, context="mine", kubeconfig=tmp_path / "k", providers=providers)
    assert (target.context, target.kubeconfig) == ("mine", tmp_path / "k")
    assert len(target.commit) == 40
    assert not target.dirty
    (tmp_path / "new").write_text("")
    assert find_target(checkout=tmp_path, context="mine", providers=providers).dirty


def test_a_folder_without_git_has_no_commit_under_test(tmp_path: Path) -> None:
    """Empty, and claims about it are not proved."""
    assert find_target(checkout=tmp_path, context="mine", providers={}).commit == ""


def test_a_process_that_ended_is_dead() -> None:
    """Its number is free, or belongs to a process that began at another time."""
    here = Holder.here(run_id="r")
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert is_dead(str(Holder(here.host, here.place, ended.pid, here.start, "r")))
    assert is_dead(str(Holder(here.host, here.place, 1, "other start", "r")))


def test_a_process_that_runs_is_alive() -> None:
    """The same number with the same start."""
    running = subprocess.Popen(["sleep", "60"])
    try:
        stat = Path(f"/proc/{running.pid}/stat").read_text()
        start = stat.rpartition(")")[2].split()[19]
        here = Holder.here(run_id="r")
        assert is_dead(str(Holder(here.host, here.place, running.pid, start, "r"))) is False
    finally:
        running.kill()
        running.wait()


def test_a_holder_elsewhere_cannot_be_told() -> None:
    """Another boot, another PID namespace, another program's name for itself."""
    here = Holder.here(run_id="r")
    assert is_dead(str(Holder("h", "other-boot", here.pid, here.start, "r"))) is None
    assert is_dead("controller-7f9c") is None


def test_a_holders_name_can_be_read_back() -> None:
    """What is written into the Lease is all that the next process knows."""
    here = Holder.here(run_id="r")
    assert Holder.parse(str(here)) == here
