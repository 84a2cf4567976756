"""
The gitops tree as data: its ApplicationSets expanded as Argo CD expands them, once a profile.

Nothing here repeats what the tree says: applications, charts, value files and environments come from the
ApplicationSets, profiles from the folders under ``profiles/``, and samples of what bring-up generates there
(``node.yaml``, ``secrets.yaml``) from the profile's README.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from .errors import BadSyntax, Unreadable

__all__ = ["Application", "Tree", "document", "documents"]

LAYERS: Final = ("core", "baseline", "optional")
NODE_FILE: Final = "node.yaml"  # written by whoever brings the cluster up; never in git

_FIELD = re.compile(r"\{\{ *(.*?) *\}\}")
_PATH = re.compile(r"(?:\.\w+)+")
_INDEX = re.compile(r'index ((?:\.\w+)+) "([^"]+)"')
_FENCE = re.compile(r"^```yaml$", re.MULTILINE)
_SAMPLE = re.compile(r"^## `([\w-]+\.yaml)`(?:(?!^## ).)*?^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Application:
    """One Application that an ApplicationSet generates in one profile."""

    name: str
    applicationset: str
    project: str
    namespace: str
    profile: str
    labels: tuple[tuple[str, str], ...]
    chart: Path
    value_files: tuple[Path, ...]
    """In the order in which Argo CD hands them to Helm, after the chart's own ``values.yaml``; some may not exist."""
    parameters: tuple[tuple[str, str], ...]

    @property
    def env(self) -> str:
        """The environment, as the chart is told."""
        return dict(self.parameters)["env"]

    @property
    def layer(self) -> str:
        """The layer, as the chart is told."""
        return dict(self.parameters)["layer"]

    def __str__(self) -> str:
        return f"{self.name}@{self.profile}"


@dataclass(frozen=True)
class Tree:
    """The folder ``gitops/``, or a copy of it in which something was broken on purpose."""

    root: Path

    def documents(self, *folders: str) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        """Yield every YAML file directly in *folders* with its one document, by name."""
        for folder in folders:
            for path in sorted((self.root / folder).glob("*.yaml")):
                yield path, document(path)

    def applicationsets(self) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        """Yield every ApplicationSet of every layer with the file it stands in."""
        return self.documents(*(f"{layer}/applicationsets" for layer in LAYERS))

    def profiles(self) -> tuple[str, ...]:
        """Return the names of the profiles."""
        return tuple(sorted(folder.name for folder in (self.root / "profiles").iterdir() if folder.is_dir()))

    def samples(self, profile: str) -> Mapping[str, Mapping[str, Any]]:
        """
        Return what *profile*'s README documents of generated files: name -> values.

        Raises:
            Unreadable: A YAML block stands below no heading that names its file, or ``node.yaml`` has none.
        """
        readme = self.root / "profiles" / profile / "README.md"
        text = readme.read_text()
        found = dict(_SAMPLE.findall(text))
        if NODE_FILE not in found or len(found) != len(_FENCE.findall(text)):
            raise Unreadable(
                readme, f"one YAML block below each heading of a file, {NODE_FILE} among them", sorted(found)
            )
        return {name: yaml.safe_load(block) for name, block in found.items()}

    def sample(self, path: Path) -> Mapping[str, Any] | None:
        """Return the documented sample of the values file *path*; None where it is not a generated one."""
        if path.parent.parent != (self.root / "profiles").resolve():
            return None
        return self.samples(path.parent.name).get(path.name)

    def applications(self) -> tuple[Application, ...]:
        """Return every Application of every ApplicationSet in every profile."""
        secret = document(self.root / "bootstrap" / "cluster.yaml")
        return tuple(
            application
            for profile in self.profiles()
            for path, body in self.applicationsets()
            for application in self._expand(path, body, _cluster(secret, profile))
        )

    def _expand(self, path: Path, body: Mapping[str, Any], cluster: Mapping[str, Any]) -> Iterator[Application]:
        for parameters in _generated(path, body["spec"]["generators"], cluster):
            template = _filled(path, body["spec"]["template"], parameters)
            spec = template["spec"]
            chart = self.root.parent / spec["source"]["path"]
            yield Application(
                name=template["metadata"]["name"],
                applicationset=body["metadata"]["name"],
                project=spec["project"],
                namespace=spec["destination"]["namespace"],
                profile=parameters["values"]["profile"],
                labels=tuple(template["metadata"]["labels"].items()),
                chart=chart,
                value_files=tuple((chart / name).resolve() for name in spec["source"]["helm"]["valueFiles"]),
                parameters=tuple((item["name"], item["value"]) for item in spec["source"]["helm"]["parameters"]),
            )


def documents(path: Path) -> list[Any]:
    """
    Return every YAML document in *path* that is not empty.

    Raises:
        BadSyntax: It is no YAML; says where.
    """
    try:
        return [item for item in yaml.safe_load_all(path.read_text()) if item is not None]
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise BadSyntax(path, line, column, "YAML", str(exc.problem)) from exc


def document(path: Path) -> Mapping[str, Any]:
    """
    Return the one YAML document in *path*.

    Raises:
        BadSyntax: It is no YAML.
        Unreadable: There is not exactly one, or it is not a mapping.
    """
    found = documents(path)
    if len(found) != 1 or not isinstance(found[0], dict):
        raise Unreadable(path, "one YAML mapping", [type(item).__name__ for item in found])
    body: Mapping[str, Any] = found[0]
    return body


def _cluster(secret: Mapping[str, Any], profile: str) -> Mapping[str, Any]:
    """Return what the cluster generator knows about the cluster of *secret*, were it of *profile*."""
    labels = {**secret["metadata"]["labels"], "switchyard.mlops/profile": profile}
    return {
        "name": secret["stringData"]["name"],
        "server": secret["stringData"]["server"],
        "metadata": {"labels": labels, "annotations": secret["metadata"]["annotations"]},
    }


def _generated(path: Path, generators: list[Any], cluster: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the parameter sets of *generators*: lists, the one cluster, and products of two."""
    produced: list[Mapping[str, Any]] = []
    for generator in generators:
        match generator:
            case {"list": {"elements": list(elements)}}:
                produced.extend(elements)
            case {"clusters": {"values": dict(values)}}:
                produced.append({**cluster, "values": _filled(path, values, cluster)})
            case {"matrix": {"generators": [first, second]}}:
                produced.extend(
                    {**left, **right}
                    for left in _generated(path, [first], cluster)
                    for right in _generated(path, [second], cluster)
                )
            case _:
                raise Unreadable(path, "a list, clusters or matrix generator", generator)
    return produced


def _filled(path: Path, value: Any, parameters: Mapping[str, Any]) -> Any:
    """Return *value* with every template field replaced; a missing key is an error, as with ``missingkey=error``."""
    if isinstance(value, dict):
        return {key: _filled(path, item, parameters) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(path, item, parameters) for item in value]
    if isinstance(value, str):
        return _FIELD.sub(lambda field: _looked_up(path, field[1], parameters), value)
    return value


def _looked_up(path: Path, expression: str, parameters: Mapping[str, Any]) -> str:
    indexed = _INDEX.fullmatch(expression)
    dotted = indexed[1] if indexed else expression
    if not _PATH.fullmatch(dotted):
        raise Unreadable(path, "a field path such as .values.profile, or an index into one", expression)
    keys = [*dotted.strip(".").split("."), *([indexed[2]] if indexed else [])]
    found: Any = parameters
    for key in keys:
        if key not in found:
            raise Unreadable(path, f"a generator that gives {expression}", sorted(found))
        found = found[key]
    return str(found)
