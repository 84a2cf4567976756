"""Where DAGs come from: Airflow's own reader of git, over the source that proofs commit to and put back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from switchyard.gitsource import GitSource

FILE = "dags/flow.py"

Bundle = Callable[..., Any]
"""Gives an initialized bundle of Airflow's: of the branch, or of a version."""


@pytest.fixture(name="source")
def _source(tmp_path: Path) -> GitSource:
    """A bare repository whose branch ``yard`` holds one DAG file."""
    work, bare = tmp_path / "work", tmp_path / "served.git"
    author = ("-c", "user.name=somebody", "-c", "user.email=somebody@localhost")
    (work / "dags").mkdir(parents=True)
    (work / FILE).write_text("first\n")
    for words in (
        ("init", "--quiet", "--initial-branch=yard", "."),
        ("add", "."),
        (*author, "commit", "--quiet", "--message=first"),
        ("clone", "--quiet", "--bare", ".", str(bare)),
    ):
        subprocess.run(["git", *words], cwd=work, check=True, capture_output=True)
    return GitSource(bare, "yard")


@pytest.fixture(name="bundle")
def _bundle(home: Path, source: GitSource, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    """The bundle of the platform, read from *source*, as each part of Airflow makes it for itself."""
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH", str(home / "bundles"))
    monkeypatch.setenv("AIRFLOW_CONN_GIT_DEFAULT", json.dumps({"conn_type": "git"}))

    def make(version: str | None = None) -> Any:
        made = import_module("airflow.providers.git.bundles.git").GitDagBundle(
            name="served",
            repo_url=source.git_dir.as_uri(),
            tracking_ref=source.branch,
            subdir="dags",
            sparse_dirs=["dags"],
            git_conn_id="git_default",
            version=version,
        )
        made.initialize()
        return made

    return make


def test_a_run_goes_on_with_a_commit_that_was_put_back(source: GitSource, bundle: Bundle) -> None:
    """A task of a run that began at it starts later, in a process that has never read it."""
    original = source.head()
    began_at = source.commit({FILE: "second\n"}, message="scratch")
    source.reset(original)
    assert (bundle().path / "flow.py").read_text() == "first\n"
    assert (bundle(began_at).path / "flow.py").read_text() == "second\n"
