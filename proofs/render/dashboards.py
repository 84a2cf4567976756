"""Dashboards: plain JSON files that Grafana reads; here is what it would find, and what it would only show as empty."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import BadSyntax

__all__ = ["Query", "faults", "queries", "read_dashboard"]


@dataclass(frozen=True)
class Query:
    """One expression of a panel, and the line where it stands."""

    path: Path
    line: int
    datasource: str
    expression: str


def read_dashboard(path: Path) -> Mapping[str, Any]:
    """
    Return the dashboard in *path*.

    Raises:
        BadSyntax: It is not JSON, or not an object.
    """
    text = path.read_text()
    try:
        found = json.loads(text)
    except json.JSONDecodeError as exc:
        line = (text.splitlines() or [""])[min(exc.lineno, len(text.splitlines())) - 1]
        raise BadSyntax(path, exc.lineno, exc.colno, f"JSON: {exc.msg}", line.strip()) from exc
    if not isinstance(found, dict):
        raise BadSyntax(path, 1, 1, "a JSON object", type(found).__name__)
    return found


def faults(dashboard: Mapping[str, Any], *, datasources: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with *dashboard*; *datasources* are the types of those there are, by their identifier."""
    yield from (f"has a {key}" for key in ("uid", "title") if not dashboard.get(key))
    numbers = [panel.get("id") for panel in dashboard.get("panels", [])]
    if not numbers or len(set(numbers)) != len(numbers):
        yield f"has panels, each with a number of its own: {numbers}"
    variables = dashboard.get("templating", {}).get("list", [])
    for part in (*dashboard.get("panels", []), *variables):
        name = part.get("title") or part.get("name") or "(no title)"
        source = part.get("datasource", {})
        if datasources.get(source.get("uid", "")) != source.get("type", "(none)"):
            yield f"{name}: asks a data source that there is, not {source}"
    for panel in dashboard.get("panels", []):
        targets = panel.get("targets", [])
        if not panel.get("title") or not targets:
            yield f"panel {panel.get('id')}: has a title and something to show"
        for target in targets:
            blank = [key for key in ("refId", "expr") if not target.get(key, "").strip()]
            blank += ["legendFormat"] if target.get("legendFormat", "x").strip() == "" else []
            yield from (f"{panel.get('title')}: {key} of a target is filled" for key in blank)


def queries(path: Path) -> Iterator[Query]:
    """Yield every expression of the dashboard in *path*; raises as :func:`read_dashboard` does."""
    lines = path.read_text().splitlines()
    for panel in read_dashboard(path)["panels"]:
        for target in panel["targets"]:
            written = json.dumps(target["expr"], ensure_ascii=False)
            line = next(number for number, text in enumerate(lines, start=1) if written in text)
            yield Query(path, line, panel["datasource"]["uid"], target["expr"])
