"""Scratch commits by plumbing: on top of what is served, and gone after a reset."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from switchyard.errors import Refused
from switchyard.gitsource import GitSource, short_sha
from yardfacts.target import Target


def _git(*arguments: str, folder: Path) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b.invalid", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.fixture(name="source")
def _source(tmp_path: Path) -> GitSource:
    """A bare repository whose branch ``yard`` holds two files."""
    work = tmp_path / "work"
    work.mkdir()
    _git("init", "--quiet", "--initial-branch=yard", ".", folder=work)
    for name in ("kept.yaml", "removed.yaml"):
        (work / name).write_text(f"name: {name}\n")
    _git("add", ".", folder=work)
    _git("commit", "--quiet", "--message=start", folder=work)
    _git("clone", "--quiet", "--bare", str(work), str(tmp_path / "bare.git"), folder=tmp_path)
    return GitSource(tmp_path / "bare.git", "yard")


def _target(source: GitSource, *, commit: str) -> Target:
    return Target(
        name="t",
        kubeconfig=Path("k"),
        context="c",
        git_dir=source.git_dir,
        git_branch=source.branch,
        commit=commit,
        dirty=False,
        secrets_file=None,
    )


def test_a_commit_adds_changes_and_removes(source: GitSource) -> None:
    """The branch moves to a commit on top, which differs in exactly the paths given."""
    start = source.head()
    made = source.commit({"new/file.yaml": "ä: 1\n", "removed.yaml": None}, message="Änderung")
    assert made == source.head()
    served = source.served(_target(source, commit=start))
    assert (served.sha, served.served, served.on_top) == (start, made, ("new/file.yaml", "removed.yaml"))
    assert _git("show", "yard:new/file.yaml", folder=source.git_dir) == "ä: 1\n"


def test_a_reset_serves_the_old_commit_again(source: GitSource) -> None:
    """Afterwards nothing differs."""
    start = source.head()
    source.commit({"kept.yaml": "other\n"}, message="scratch")
    source.reset(start)
    assert source.served(_target(source, commit=start)).on_top == ()


def test_what_was_served_can_still_be_fetched(source: GitSource, tmp_path: Path) -> None:
    """Somebody has read it and works with it: a run of a DAG fetches the commit that it began at, until it ends."""
    start = source.head()
    made = source.commit({"kept.yaml": "other\n"}, message="scratch")
    source.reset(start)
    _git("clone", "--quiet", str(source.git_dir.as_uri()), str(tmp_path / "reader"), folder=tmp_path)
    assert _git("show", f"{made}:kept.yaml", folder=tmp_path / "reader") == "other\n"


def test_a_commit_that_is_not_there_is_an_error(source: GitSource) -> None:
    """What cannot be compared is not said to be the same."""
    with pytest.raises(Refused, match="git diff"):
        source.served(_target(source, commit="0" * 40))


def test_a_folder_without_a_commit_has_no_name(tmp_path: Path) -> None:
    """An unpacked archive can be proven too; the bundle's name says that no commit is known."""
    assert short_sha(tmp_path) == "nocommit"
