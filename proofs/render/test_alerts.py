"""Rules and dashboards: Prometheus and Grafana can read them, and the alerts fire when they should, and only then."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from .dashboards import faults, queries, read_dashboard
from .errors import BadSyntax
from .helm import Manifest
from .promtool import Promtool
from .tree import Application, Tree

EXTRA: Final = Path("baseline/charts/monitoring-extra")
SCENARIOS: Final = Path(__file__).with_name("scenarios.yaml")
LIFECYCLE: Final = ("LedgerUnreadable", "GenerationsDiffer", "GenerationUncommitted", "ShadowDisagrees")


@pytest.fixture(name="rules")
def _rules(tree: Tree) -> list[Path]:
    return sorted((tree.root / EXTRA / "rules").glob("*.yaml"))


@pytest.fixture(name="dashboards")
def _dashboards(tree: Tree) -> list[Path]:
    return sorted((tree.root / EXTRA / "dashboards").glob("*.json"))


@pytest.fixture(name="datasources", scope="module")
def _datasources(rendered: Mapping[Application, tuple[Manifest, ...]]) -> Mapping[str, str]:
    """The types of Grafana's data sources by their identifier, as they are provisioned."""
    text = next(
        manifest.body["data"]["datasources.yaml"]
        for manifests in rendered.values()
        for manifest in manifests
        if manifest.kind == "ConfigMap" and "datasources.yaml" in manifest.body["data"]
    )
    return {source["uid"]: source["type"] for source in yaml.safe_load(text)["datasources"]}


def test_prometheus_reads_the_rules(promtool: Promtool, rules: list[Path]) -> None:
    """Every rule file is one that Prometheus loads; a mistake is named with its file and line."""
    assert rules
    assert promtool.check(rules) == []


def test_alerts_are_told_apart(rules: list[Path]) -> None:
    """An alert has a name of its own, a severity that routes know, and a sentence for whoever gets it."""
    alerts = [rule for path in rules for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]
    names = [alert["alert"] for alert in alerts]
    assert len(set(names)) == len(names)
    for alert in alerts:
        assert alert["labels"]["severity"] in {"none", "warning", "critical"}, alert["alert"]
        assert alert["annotations"]["summary"], alert["alert"]


def test_a_runbook_has_the_place_that_an_alert_names(tree: Tree, rules: list[Path]) -> None:
    """Whoever gets an alert of the life cycle is told what to do, by a heading that is there."""
    alerts = [rule for path in rules for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]
    named = {alert["alert"]: alert["annotations"].get("runbook", "") for alert in alerts}
    assert all(named[alert] for alert in LIFECYCLE)
    for alert, place in named.items():
        file, _, anchor = place.partition("#")
        assert not place or anchor in _anchors(tree.root.parent / file), f"{alert}: {place}"


def _anchors(page: Path) -> set[str]:
    """Headings of a page as a link names them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_alerts_fire_when_they_should(promtool: Promtool) -> None:
    """A target that is down fires, a layer that was detached does not, and so on: the scenarios of scenarios.yaml."""
    assert promtool.test(SCENARIOS) == []


def test_the_operator_is_told_the_version_that_runs(tree: Tree) -> None:
    """The operator writes a configuration for the Prometheus that is built: module v0.313.1 is Prometheus 3.13.1."""
    stated = yaml.safe_load((tree.root / "baseline/charts/monitoring/values.yaml").read_text())["prometheus"]["version"]
    modules = (path.read_text() for path in (tree.root.parent / "platform/toolchain").glob("*/go.mod"))
    (built,) = (text for text in modules if "github.com/prometheus/prometheus/cmd/prometheus" in text)
    found = re.search(r"github\.com/prometheus/prometheus v0\.(\d)(\d\d)\.(\d+)", built)
    assert found is not None
    assert stated == f"v{found[1]}.{int(found[2])}.{found[3]}"


def test_grafana_reads_the_dashboards(dashboards: list[Path], datasources: Mapping[str, str]) -> None:
    """Every panel asks a data source that there is, and asks something."""
    found = {path: list(faults(read_dashboard(path), datasources=datasources)) for path in dashboards}
    assert found == {path: [] for path in dashboards}
    identifiers = [read_dashboard(path)["uid"] for path in dashboards]
    assert len(set(identifiers)) == len(identifiers) > 0


def test_prometheus_reads_the_panels(promtool: Promtool, dashboards: list[Path], tmp_path: Path) -> None:
    """Every expression that a panel asks Prometheus parses; a mistake is named with its file and line."""
    assert promtool.check([_recorded(dashboards, tmp_path)]) == []


def _recorded(dashboards: list[Path], folder: Path) -> Path:
    """Write a rule file that asks what the panels ask, so that promtool reads it; a group is a file, a rule a line."""
    groups = [
        {
            "name": path.name,
            "rules": [
                {"record": f"line:{query.line}", "expr": query.expression}
                for query in queries(path)
                if query.datasource == "prometheus"
            ],
        }
        for path in dashboards
    ]
    recorded = folder / "panels.yaml"
    recorded.write_text(yaml.safe_dump({"groups": groups}))
    return recorded


@pytest.mark.parametrize(
    ("break_it", "line"),
    [
        (lambda text: text.replace("expr: up == 0", "expr: up == "), 14),
        (lambda text: text.replace("rules:", "rules: ["), 5),
        (lambda text: text.replace("expr: up", "exprs: up"), 14),
    ],
    ids=["expression", "YAML", "unknown key"],
)
def test_a_broken_rule_is_found(
    promtool: Promtool, rules: list[Path], tmp_path: Path, *, break_it: Callable[[str], str], line: int
) -> None:
    """A mistake in a rule is found, with the file and about the line."""
    source = next(path for path in rules if path.name == "platform.yaml")
    broken = tmp_path / source.name
    broken.write_text(break_it(source.read_text()))
    said = " ".join(promtool.check([broken]))
    assert str(broken) in said
    assert any(f"{near}" in said for near in range(line - 2, line + 3)), said


def test_a_broken_expression_of_a_panel_is_found(promtool: Promtool, dashboards: list[Path], tmp_path: Path) -> None:
    """A mistake in a panel's expression is found, with the file and the line."""
    broken = tmp_path / "broken.json"
    broken.write_text(dashboards[-1].read_text().replace("max(yardgate", "max((yardgate"))
    said = " ".join(promtool.check([_recorded([broken], tmp_path)]))
    assert "broken.json" in said
    number = next(i for i, text in enumerate(broken.read_text().splitlines(), 1) if "max((yardgate" in text)
    assert f"line:{number}" in said


def test_a_broken_dashboard_is_found(dashboards: list[Path], tmp_path: Path) -> None:
    """A missing comma is found, with the file, the line and the column."""
    broken = tmp_path / "broken.json"
    broken.write_text(dashboards[0].read_text().replace('"panels": [', '"panels" ['))
    number = next(i for i, text in enumerate(broken.read_text().splitlines(), 1) if '"panels" [' in text)
    with pytest.raises(BadSyntax, match=rf"broken\.json:{number}:\d+: wanted JSON"):
        read_dashboard(broken)


PANEL: Final[Mapping[str, Any]] = {
    "id": 1,
    "title": "t",
    "datasource": {"type": "loki", "uid": "loki"},
    "targets": [{"refId": "A", "expr": '{a=~".+"}'}],
}


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ({"datasource": {"type": "loki", "uid": "lokki"}}, "asks a data source that there is"),
        ({"datasource": {"type": "prometheus", "uid": "loki"}}, "asks a data source that there is"),
        ({"targets": []}, "has a title and something to show"),
        ({"targets": [{"refId": "A", "expr": " "}]}, "expr of a target is filled"),
    ],
)
def test_an_empty_panel_is_found(broken: Mapping[str, Any], fault: str) -> None:
    """What Grafana would only show as empty is found."""
    whole = {"uid": "u", "title": "t", "panels": [PANEL]}
    assert list(faults(whole, datasources={"loki": "loki"})) == []
    assert any(
        fault in said for said in faults({**whole, "panels": [{**PANEL, **broken}]}, datasources={"loki": "loki"})
    )
