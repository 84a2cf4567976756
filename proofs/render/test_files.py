"""Files: one kind a file, a reason beside each exception, the placeholders and nothing else, waves from one table."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest
import yaml

from .helm import Manifest
from .tree import Application, Tree

PLACEHOLDER_URL: Final = "https://git.switchyard.invalid/switchyard.git"
BRANCH: Final = "yard"
IN_CLUSTER: Final = "https://kubernetes.default.svc"

# What makes an object an exception to how everything else is treated.
EXCEPTION: Final = re.compile(
    r"Prune=false|Delete=false|ignoreDifferences|ServerSideApply|Replace=true|Force=true|Recreate|OnDelete"
    r"|preserveResourcesOnDeletion|terminationGracePeriodSeconds|protected-mode"
)
# A URL of this cluster names an environment: as Helm fills it in, or the program that reads the file.
OWN: Final = re.compile(r"-(?:\{\{ \.Values\.env \}\}|\$\{SWITCHYARD_ENV\})")
WAVE: Final = "argocd.argoproj.io/sync-wave"
ROW: Final = re.compile(r"^\| `(\w+) ([\w-]+)` \| (\d+) \|", re.MULTILINE)


def _files(tree: Tree, ending: str, *, below: str = "") -> Iterator[Path]:
    """Yield the files with *ending* that lie in a folder named *below* somewhere; links are not followed."""
    for folder, _, names in os.walk(tree.root):
        if not below or below in Path(folder).relative_to(tree.root).parts:
            yield from (Path(folder) / name for name in sorted(names) if name.endswith(ending))


def unreasoned(text: str) -> list[str]:
    """Return the lines of *text* that make an exception without a comment on them or right above."""
    lines = text.splitlines()
    return [
        line.strip()
        for above, line in zip(["", *lines], lines, strict=False)
        if EXCEPTION.search(line) and not line.lstrip().startswith("#")
        if " # " not in line and not above.lstrip().startswith("#")
    ]


def nesting(text: str) -> int:
    """Return how deep the conditions and loops of a template are nested."""
    deepest = 0
    opened: list[str] = []
    for keyword in re.findall(r"\{\{-? *(if|range|with|define|end)\b", text):
        if keyword == "end":
            opened.pop()
        else:
            opened.append(keyword)
        deepest = max(deepest, sum(1 for word in opened if word != "define"))
    return deepest


def test_a_template_holds_one_kind_and_has_its_name(tree: Tree) -> None:
    """A template is named after the one kind that it holds."""
    for path in _files(tree, ".yaml", below="templates"):
        kinds = re.findall(r"^kind: (\w+)$", path.read_text(), re.MULTILINE)
        assert [kind.lower() for kind in kinds] == [path.stem], path


def test_templates_are_flat(tree: Tree) -> None:
    """A template nests conditions and loops one level deep at most."""
    for ending in (".yaml", ".tpl"):
        for path in _files(tree, ending, below="templates"):
            assert nesting(path.read_text()) <= 1, path


def test_every_exception_has_its_reason(tree: Tree) -> None:
    """Whatever exempts an object from pruning, deletion, comparison or the usual rollout says why."""
    assert {path: lines for path in _files(tree, ".yaml") if (lines := unreasoned(path.read_text()))} == {}


def test_only_placeholders_are_named(tree: Tree) -> None:
    """Git sources name the placeholder URL and the branch yard; nothing else in the tree is a URL but the cluster."""
    for path in _files(tree, ".yaml"):
        text = path.read_text()
        urls = set(re.findall(r"\b(?:https?|git|ssh|oci)://(?:\{\{.*?\}\}|\$\{\w+\}|[^\s'\"{},])+", text))
        services = {url for url in urls if OWN.search(url)}
        assert urls - services <= {PLACEHOLDER_URL, IN_CLUSTER}, path
        assert set(re.findall(r"targetRevision: ([\w./-]+)", text)) <= {BRANCH}, path


def test_waves_come_from_the_table(tree: Tree, rendered: Mapping[Application, tuple[Manifest, ...]]) -> None:
    """Every sync wave is a row of the table in gitops/README.md, and every row is a sync wave."""
    table = {(kind, name): wave for kind, name, wave in ROW.findall((tree.root / "README.md").read_text())}
    waves = {}
    for _, body in tree.applicationsets():
        waves[body["kind"], body["metadata"]["name"]] = body["metadata"]["annotations"][WAVE]
    for manifests in rendered.values():
        for manifest in manifests:
            metadata = manifest.body["metadata"]
            part = metadata["labels"]["app.kubernetes.io/name"]
            if WAVE in metadata.get("annotations", {}):
                waves[manifest.body["kind"], part] = metadata["annotations"][WAVE]
    assert waves == table


def test_charts_reach_the_traits_by_a_link(tree: Tree) -> None:
    """Every chart links the one library of traits; there is no copy, and no dependency that Helm would download."""
    for chart in _files(tree, "Chart.yaml", below="charts"):
        link = chart.parent / "charts" / "traits"
        assert link.is_symlink(), chart
        assert link.resolve() == tree.root / "traits", chart
        assert "dependencies" not in yaml.safe_load(chart.read_text()), chart


def test_rendered_objects_have_no_empty_values(rendered: Mapping[Application, tuple[Manifest, ...]]) -> None:
    """No value renders to nothing: a field that is there is filled."""
    for application, manifests in rendered.items():
        for manifest in manifests:
            assert "<no value>" not in str(manifest.body), f"{application} {manifest}"
            assert list(_nulls(manifest.body)) == [], f"{application} {manifest}"


def _nulls(value: object, at: str = "") -> Iterator[str]:
    if value is None:
        yield at
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _nulls(item, f"{at}/{key}")
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nulls(item, f"{at}/{index}")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: Prune=false", ["a: Prune=false"]),
        ("# because\na: Prune=false", []),
        ("a: Prune=false  # because", []),
        ("# because\nb: 1\nignoreDifferences: []", ["ignoreDifferences: []"]),
    ],
)
def test_a_missing_reason_is_found(text: str, found: list[str]) -> None:
    """An exception without a reason beside it is found."""
    assert unreasoned(text) == found


def test_deep_nesting_is_found() -> None:
    """A loop in a condition is two levels; a definition is none."""
    assert nesting('{{- define "a" }}{{ if .a }}{{ end }}{{ range .b }}{{ end }}{{ end }}') == 1
    assert nesting("{{ if .a }}{{- range .b }}{{ end }}{{ end }}") == 2
