"""Values that nothing reads, and differences that are none: found by rendering, not by guessing at templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

from .errors import RenderFailed
from .helm import Helm
from .tree import Application, Tree, documents

__all__ = ["Idle", "idle_keys", "no_differences", "unread_files", "values_files"]

Key = tuple[str, ...]


@dataclass(frozen=True, order=True)
class Idle:
    """A key that changes nothing."""

    file: str
    key: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}"


def idle_keys(tree: Tree, helm: Helm, scratch: Path, *, files: Sequence[Path] | None = None) -> list[Idle]:
    """
    Return every key of every values file (or of *files*) that no template reads.

    Each leaf is changed in turn, above all other values; a key is read where the output of at least one Application
    of its chart changes or Helm refuses the new value. A key of a sample such as ``node.yaml``, which charts share, has
    to be read by one of them.
    """
    return [
        Idle(str(path.relative_to(tree.root)), ".".join(key))
        for path, readers in _readers(tree).items()
        if files is None or path in files
        for key, value in _leaves(_values(tree, path))
        if not _is_read(helm, readers, scratch / "probe.yaml", key, value)
    ]


def no_differences(tree: Tree) -> list[Idle]:
    """Return every key of an environment or profile whose value is the chart's default anyway."""
    found = set()
    for application in tree.applications():
        defaults = dict(_leaves(_load(application.chart / "values.yaml")))
        for path in application.value_files:
            if path.exists():
                found |= {
                    Idle(str(path.relative_to(tree.root)), ".".join(key))
                    for key, value in _leaves(_load(path))
                    if key in defaults and defaults[key] == value
                }
    return sorted(found)


def values_files(tree: Tree) -> Mapping[Path, Mapping[str, Any]]:
    """
    Return what every values file of the tree says, generated ones left out.

    Raises:
        BadSyntax: One is no YAML.
    """
    return {path: _load(path) for path in _readers(tree) if path.exists()}


def unread_files(tree: Tree) -> list[Path]:
    """Return every file of an environment or profile that no Application lists among its value files."""
    listed = {path for application in tree.applications() for path in application.value_files}
    there = [*(tree.root / "envs").rglob("*"), *(tree.root / "profiles").rglob("*")]
    return sorted(path for path in there if path.is_file() and path.name != "README.md" and path not in listed)


def _readers(tree: Tree) -> Mapping[Path, Sequence[Application]]:
    """Return every values file, samples of generated ones included, with the Applications that it reaches."""
    reached: dict[Path, list[Application]] = {}
    for application in tree.applications():
        for path in (application.chart / "values.yaml", *application.value_files):
            if path.exists() or tree.sample(path) is not None:
                reached.setdefault(path, []).append(application)
    return {path: _one_of_each_chart_first(readers) for path, readers in reached.items()}


def _one_of_each_chart_first(applications: Sequence[Application]) -> Sequence[Application]:
    """Order *applications* so that the first render that shows a reader comes early."""
    by_chart = [list(group) for _, group in groupby(sorted(applications, key=_chart), key=_chart)]
    return [group.pop(0) for group in by_chart] + [application for group in by_chart for application in group]


def _chart(application: Application) -> Path:
    return application.chart


def _values(tree: Tree, path: Path) -> Mapping[str, Any]:
    sample = tree.sample(path)
    return _load(path) if sample is None else sample


def _load(path: Path) -> Mapping[str, Any]:
    (values,) = documents(path) or [{}] if path.exists() else [{}]
    return dict(values)


def _leaves(values: Mapping[str, Any], above: Key = ()) -> Iterator[tuple[Key, Any]]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*above, key))
        else:
            yield (*above, key), value


def _is_read(helm: Helm, readers: Sequence[Application], probe: Path, key: Key, value: Any) -> bool:
    changed: Any = _changed(value)
    for name in reversed(key):
        changed = {name: changed}
    probe.write_text(yaml.safe_dump(changed))
    return any(_differs(helm, application, probe) for application in readers)


def _differs(helm: Helm, application: Application, probe: Path) -> bool:
    try:
        return helm.template(application, overrides=[probe]) != helm.template(application)
    except RenderFailed:
        return True


def _changed(value: Any) -> Any:
    """Return another value of the type of *value*."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"{value}-probe"
        case list():
            return [*value, "probe"]
        case dict():
            return {"probe": "probe"}
        case _:
            return "probe"
