"""`.ci/run`: which proof is made once more, with a `make` in the place of the real one that ends as a test says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
RUNS = "docs/proof/runs"
MAKE = """#!/usr/bin/env bash
# Pops the first line of `script`: a verdict to write, or none, and the exit code.
echo "$1" >> asked
[[ "$1" == proof ]] || exit 0
read -r verdict code < script
sed -i 1d script
folder=docs/proof/runs/$(wc -l < asked)
if [[ "$verdict" != none ]]; then
    mkdir -p "$folder"
    printf '{"verdict": "%s"}' "$verdict" > "$folder/verdict.json"
fi
exit "$code"
"""

Pipeline = Callable[..., tuple[int, Sequence[str]]]
"""Runs `.ci/run` with proofs that end so, one after the other; its exit code and what it asked `make` for."""


@pytest.fixture(name="pipeline")
def _pipeline(tmp_path: Path) -> Pipeline:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci/run")
    make = tmp_path / "bin/make"
    make.parent.mkdir()
    make.write_text(MAKE)
    make.chmod(0o755)

    def run(*proofs: str, found: str | None = None) -> tuple[int, Sequence[str]]:
        if found is not None:
            earlier = tmp_path / RUNS / "0/verdict.json"
            earlier.parent.mkdir(parents=True)
            earlier.write_text(json.dumps({"verdict": found}))
        (tmp_path / "script").write_text("".join(f"{one}\n" for one in proofs))
        ended = subprocess.run(
            [str(tmp_path / ".ci/run")],
            env={**os.environ, "PATH": f"{make.parent}:{os.environ['PATH']}"},
            check=False,
            capture_output=True,
        )
        return ended.returncode, (tmp_path / "asked").read_text().split()

    return run


def test_what_is_proved_is_proved_once(pipeline: Pipeline) -> None:
    """The README's two commands, each once."""
    assert pipeline("PROVED 0") == (0, ["test", "proof"])


def test_what_could_not_be_found_out_is_asked_once_more(pipeline: Pipeline) -> None:
    """The second answer is the pipeline's."""
    assert pipeline("INCONCLUSIVE 11", "PROVED 0") == (0, ["test", "proof", "proof"])


def test_it_is_asked_no_third_time(pipeline: Pipeline) -> None:
    """A fault that makes every proof inconclusive is red."""
    code, asked = pipeline("INCONCLUSIVE 11", "INCONCLUSIVE 11", "PROVED 0")
    assert code != 0
    assert asked == ["test", "proof", "proof"]


@pytest.mark.parametrize("ended", ["DISPROVED 10", "DEFECTIVE 12", "none 1"])
def test_nothing_else_is_asked_again(pipeline: Pipeline, ended: str) -> None:
    """What is disproved stays so; a yard that does not come up has no verdict."""
    code, asked = pipeline(ended, "PROVED 0")
    assert code != 0
    assert asked == ["test", "proof"]


def test_a_verdict_of_before_is_nobodys(pipeline: Pipeline) -> None:
    """A tree that holds an older run that was inconclusive, and a proof that comes to no verdict."""
    code, asked = pipeline("none 1", "PROVED 0", found="INCONCLUSIVE")
    assert code != 0
    assert asked == ["test", "proof"]
