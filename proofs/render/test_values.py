"""Values: each is read by a template, each difference is one, and the checks would notice otherwise."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from .binary import Binary
from .errors import BadSyntax, NoBinary, RenderFailed, Unreadable
from .helm import HELM, Helm
from .promtool import PROMTOOL
from .tree import NODE_FILE, Tree
from .values import Idle, idle_keys, no_differences, unread_files, values_files


@pytest.fixture(name="copy")
def _copy(tree: Tree, tmp_path: Path) -> Tree:
    """A copy of the tree, to break."""
    shutil.copytree(tree.root, tmp_path / "gitops", symlinks=True)
    return Tree(tmp_path / "gitops")


def test_every_values_file_is_understood(tree: Tree) -> None:
    """A values file is YAML; what is not is named with its line, before Helm says less about it."""
    assert all(isinstance(values, dict) for values in values_files(tree).values())


def test_every_values_key_is_read(tree: Tree, helm: Helm, tmp_path: Path) -> None:
    """A values key that no template reads is an error, with its file and key."""
    assert idle_keys(tree, helm, tmp_path) == []


def test_every_difference_differs(tree: Tree) -> None:
    """An environment or profile states only what differs from the chart's default."""
    assert no_differences(tree) == []


def test_every_values_file_is_listed(tree: Tree) -> None:
    """A file below envs/ or profiles/ is among the value files of some Application."""
    assert unread_files(tree) == []


@pytest.mark.parametrize(
    ("file", "planted", "key"),
    [
        ("core/charts/triton/values.yaml", "replica: 2", "replica"),
        ("core/charts/triton/values.yaml", "gpu: {count: 1}", "gpu.count"),
        ("envs/prod/minio.yaml", "sise: 1Gi", "sise"),
    ],
)
def test_a_planted_unread_key_is_found(
    copy: Tree, helm: Helm, tmp_path: Path, *, file: str, planted: str, key: str
) -> None:
    """A mistyped key is found wherever it stands."""
    path = copy.root / file
    with path.open("a") as values:
        values.write(f"\n{planted}\n")
    assert idle_keys(copy, helm, tmp_path, files=[path]) == [Idle(file, key)]


def test_a_planted_equal_value_is_found(copy: Tree) -> None:
    """An overlay that repeats the default is found."""
    (copy.root / "envs" / "prod" / "triton.yaml").write_text("model: wine\n")
    assert no_differences(copy) == [Idle("envs/prod/triton.yaml", "model")]


def test_a_planted_stray_file_is_found(copy: Tree) -> None:
    """An overlay with a mistyped name is found."""
    stray = copy.root / "envs" / "prod" / "tritn.yaml"
    stray.write_text("replicas: 2\n")
    assert unread_files(copy) == [stray]


@pytest.mark.parametrize(
    ("file", "planted"),
    [
        ("core/charts/triton/values.yaml", "replicas: 2: 3"),
        ("envs/prod/minio.yaml", "resources: [1"),
        ("profiles/cluster/triton.yaml", "\tgpu: 1"),
        ("core/applicationsets/services.yaml", "more: than: one"),
    ],
)
def test_a_syntax_error_is_found(copy: Tree, *, file: str, planted: str) -> None:
    """A values file or an ApplicationSet that is no YAML is named, with the line and the column."""
    path = copy.root / file
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, planted, "after: 1", ""]))
    said = rf"{re.escape(file)}:({len(lines) + 1}|{len(lines) + 2}):\d+: wanted YAML"
    with pytest.raises(BadSyntax, match=said):
        # In the order of the tier: whichever of them reads the file first.
        [*copy.applicationsets(), *values_files(copy)]


@pytest.mark.parametrize(
    "break_it",
    [
        lambda text: text.replace("{{ .env }}", "{{ .environment }}"),
        lambda text: text.replace("{{ .env }}", "{{ .env | upper }}"),
        lambda text: text.replace("- list:", "- git:"),
    ],
    ids=["unknown key", "unknown function", "unknown generator"],
)
def test_an_applicationset_that_is_not_understood_is_refused(copy: Tree, break_it: Callable[[str], str]) -> None:
    """What this tier cannot expand as Argo CD does, it refuses to guess."""
    path = copy.root / "core" / "applicationsets" / "services.yaml"
    path.write_text(break_it(path.read_text()))
    with pytest.raises(Unreadable, match=r"services\.yaml"):
        copy.applications()


def test_a_missing_image_fails_the_render(copy: Tree, helm: Helm, tmp_path: Path) -> None:
    """A chart without its image's reference does not render, and says where the reference belongs."""
    empty = Helm(binary=helm.binary, samples=tmp_path)
    for profile in copy.profiles():
        sample = {"storage": {"hostRoot": "/x"}, "prober": {"cidr": "10.0.0.0/30"}}
        empty.write_sample(profile, NODE_FILE, sample)
    triton = next(application for application in copy.applications() if application.name == "triton-dev")
    with pytest.raises(RenderFailed, match=r"images\.triton.*node\.yaml"):
        empty.render(triton)


@pytest.mark.parametrize("binary", [HELM, PROMTOOL], ids=lambda binary: binary.name)
def test_a_missing_program_is_named(tmp_path: Path, binary: Binary) -> None:
    """Without helm or promtool the tier fails with the remedy; it is never skipped."""
    with pytest.raises(NoBinary, match=f"SWITCHYARD_{binary.name.upper()}.*switchyard toolchain {binary.family}"):
        binary.find({"SWITCHYARD_CACHE": str(tmp_path), "PATH": str(tmp_path)})


def test_a_program_is_the_one_that_is_named_or_the_newest(tmp_path: Path) -> None:
    """A variable wins over what was built here, of that the newest, and both over what is installed."""
    made = [tmp_path / where / "helm" for where in ("bin/control-0", "bin/control-1", "installed", "mine")]
    for age, path in enumerate(made):
        path.parent.mkdir(parents=True)
        path.touch(mode=0o755)
        os.utime(path, (-age, -age))
    where = {"SWITCHYARD_CACHE": str(tmp_path), "PATH": str(tmp_path / "installed")}
    assert HELM.find({**where, "SWITCHYARD_HELM": str(made[3])}) == made[3]
    assert HELM.find(where) == made[0]
    assert HELM.find({**where, "SWITCHYARD_CACHE": str(tmp_path / "empty")}) == made[2]
