"""
Which model version stands behind an alias: an immutable snapshot, replaced as a whole by one reference assignment.

A request holds the snapshot that it started with, so an answer never mixes two of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import yaml

from yardgate.errors import AliasUnknown, RoutesMalformed

__all__ = ["Route", "Routing", "Switch", "parse_routes", "read_routes"]

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
"""Aliases and models: they stand in paths, headers and metric labels."""


@dataclass(frozen=True)
class Route:
    """An alias, and what stands behind it. The bytes that every request needs are made once."""

    alias: str
    model: str
    version: int
    path: bytes = field(init=False, repr=False, compare=False)
    headers: tuple[tuple[bytes, bytes], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Always with the version: Triton's default version changes by itself when another one is loaded.
        path = f"/v2/models/{self.model}/versions/{self.version}/infer".encode()
        headers = (
            (b"x-switchyard-alias", self.alias.encode()),
            (b"x-switchyard-model", self.model.encode()),
            (b"x-switchyard-version", str(self.version).encode()),
        )
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "headers", headers)

    def document(self) -> dict[str, object]:
        """As the control routes show it."""
        return {"model": self.model, "version": self.version}


@dataclass(frozen=True)
class Routing:
    """One state of all aliases. ``generation`` grows by one with each change in this process, from 1."""

    generation: int
    routes: Mapping[str, Route]

    def route(self, alias: str) -> Route:
        """
        The route of *alias*.

        Raises:
            AliasUnknown: There is none; there is no default alias either.
        """
        route = self.routes.get(alias)
        if route is None:
            raise AliasUnknown(alias, known=sorted(self.routes))
        return route

    def document(self) -> dict[str, object]:
        """As the control routes show it."""
        aliases = {alias: route.document() for alias, route in sorted(self.routes.items())}
        return {"generation": self.generation, "aliases": aliases}


class Switch:
    """Holds the current snapshot; ``current`` is read once a request."""

    def __init__(self, routes: Mapping[str, Route]) -> None:
        self.current = Routing(generation=1, routes=routes)

    def throw(self, routes: Mapping[str, Route]) -> Routing:
        """Let every request from now on see *routes*; returns the snapshot that they see."""
        self.current = Routing(generation=self.current.generation + 1, routes=routes)
        return self.current


def _route(alias: object, entry: object, *, where: str) -> Route:
    if not (isinstance(alias, str) and NAME.fullmatch(alias)):
        raise RoutesMalformed(f"wanted an alias like 'champion', got {alias!r} in {where}")
    if not isinstance(entry, dict) or entry.keys() != {"model", "version"}:
        raise RoutesMalformed(f"wanted exactly model and version for alias {alias}, got {entry!r} in {where}")
    model, version = entry["model"], entry["version"]
    if not (isinstance(model, str) and NAME.fullmatch(model)):
        raise RoutesMalformed(f"wanted a model's name for alias {alias}, got {model!r} in {where}")
    if type(version) is not int or version < 1:  # a YAML "true" is an int to isinstance
        raise RoutesMalformed(f"wanted a version number from 1 for alias {alias}, got {version!r} in {where}")
    return Route(alias=alias, model=model, version=version)


def parse_routes(text: str, *, where: str) -> Mapping[str, Route]:
    """
    Read routes from YAML: a mapping of alias to ``{model: name, version: number}``.

    Raises:
        RoutesMalformed: Not YAML, empty, or an entry is no route; the message names it and *where*.
    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as failure:
        raise RoutesMalformed(f"wanted YAML, got what cannot be parsed in {where}: {failure}") from failure
    if not isinstance(document, dict) or not document:
        raise RoutesMalformed(f"wanted at least one alias, got {type(document).__name__} in {where}")
    return MappingProxyType({alias: _route(alias, entry, where=where) for alias, entry in document.items()})


def read_routes(path: Path) -> Mapping[str, Route]:
    """
    Read the routes file.

    Raises:
        RoutesMalformed: It cannot be read, or see ``parse_routes``.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        raise RoutesMalformed(f"wanted a readable routes file, got {failure}; mount it at {path}") from failure
    return parse_routes(text, where=str(path))
