"""Prometheus: every monitor's targets are up, the rules are loaded, and a sample is as old as it may be."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from switchyard.kinds import Kind
from switchyard.kube import Kube
from switchyard.objects import Meta, dig

from .inquiry import Inquiry
from .rest import Rest

__all__ = ["Monitor", "Prometheus", "check_monitors", "check_rules", "check_sample", "monitors", "url"]

API: Final = "/api/v1"

SERVICE_MONITORS: Final = Kind("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors")
POD_MONITORS: Final = Kind("monitoring.coreos.com", "v1", "PodMonitor", "podmonitors")
RULES: Final = Kind("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules")

NODES: Final = Kind("", "v1", "Node", "nodes", namespaced=False)

MEMORY: Final = 'node_memory_MemTotal_bytes{job="node-exporter"}'
"""What the node exporter reads of a node, and the kubelet reports to the API server by itself."""
FRESH_S: Final = 75.0
"""Two scrapes of 30 s, and one that is under way."""
UP_S: Final = 60.0
"""A target that has just come is unknown until its first scrape."""


def url(environment: str) -> str:
    """Where Prometheus answers."""
    return f"http://monitoring-{environment}-kube-promet-prometheus.monitoring-{environment}:9090"


@dataclass(frozen=True)
class Monitor:
    """One ServiceMonitor or PodMonitor, and where it looks for targets."""

    kind: Kind
    namespace: str
    name: str
    looks_in: tuple[str, ...]
    """Namespaces; none are all, or its own."""
    endpoints: int

    @property
    def pools(self) -> tuple[str, ...]:
        """The pools that the operator makes of it, one an endpoint."""
        name = f"{self.kind.kind[0].lower()}{self.kind.kind[1:]}/{self.namespace}/{self.name}"
        return tuple(f"{name}/{number}" for number in range(self.endpoints))


def monitors(kube: Kube, *, environment: str) -> tuple[Monitor, ...]:
    """
    The monitors of an environment, in the order of their names.

    Raises:
        NotFound: The cluster does not know such kinds.
        Unreadable: They could not be listed.
    """
    found = (
        Monitor(
            kind,
            meta.namespace,
            meta.name,
            looks_in=tuple(dig(item, "spec", "namespaceSelector", "matchNames") or ()),
            endpoints=len(dig(item, "spec", endpoints) or ()),
        )
        for kind, endpoints in ((SERVICE_MONITORS, "endpoints"), (POD_MONITORS, "podMetricsEndpoints"))
        for item in kube.list(kind, namespace=f"monitoring-{environment}").items
        for meta in [Meta.of(kind, item)]
    )
    return tuple(sorted(found, key=lambda monitor: monitor.name))


@dataclass(frozen=True)
class Prometheus:
    """The door to one Prometheus; raises as ``Rest`` does."""

    rest: Rest

    def targets(self) -> tuple[dict[str, Any], ...]:
        """Every active target."""
        return tuple(self._data("/targets", {"state": "active"})["activeTargets"])

    def rules(self) -> dict[str, str]:
        """Health of every rule by group and name."""
        groups = self._data("/rules")["groups"]
        return {f"{group['name']}/{rule['name']}": str(rule["health"]) for group in groups for rule in group["rules"]}

    def alerts(self) -> tuple[dict[str, Any], ...]:
        """Every alert that is pending or firing."""
        return tuple(self._data("/alerts")["alerts"])

    def query(self, promql: str) -> tuple[dict[str, Any], ...]:
        """The answer to an instant query."""
        return tuple(self._data("/query", {"query": promql})["result"])

    def _data(self, path: str, query: dict[str, str] | None = None) -> Any:
        return self.rest.get(f"{API}{path}", query=query)["data"]


def check_monitors(prometheus: Prometheus, inquiry: Inquiry, *, kube: Kube, deserted: Collection[str]) -> None:
    """
    Ask, monitor by monitor, whether every endpoint of it has targets, and all of them are up.

    The monitors are those in the cluster; a claim knows which there have to be. One that looks only in namespaces that
    are *deserted*, because their layer is off, stays and has to find nobody.
    """
    for monitor in monitors(kube, environment=inquiry.environment):
        alone = bool(monitor.looks_in) and set(monitor.looks_in) <= set(deserted)
        inquiry.ask(
            f"targets of {monitor.name}",
            wanted="no target, for the layer is off" if alone else "all up",
            got=lambda monitor=monitor, alone=alone: _state(  # type: ignore[misc]
                [one for one in prometheus.targets() if one["scrapePool"] in monitor.pools],
                pools=monitor.pools,
                alone=alone,
            ),
            within_s=UP_S,
        )


def check_rules(prometheus: Prometheus, inquiry: Inquiry, *, kube: Kube) -> None:
    """Ask whether every rule of every PrometheusRule of the environment is loaded, and none fails."""

    def loaded() -> str:
        wanted = {
            f"{group['name']}/{rule.get('alert') or rule.get('record')}"
            for item in kube.list(RULES, namespace=f"monitoring-{inquiry.environment}").items
            for group in dig(item, "spec", "groups") or ()
            for rule in group["rules"]
        }
        found = prometheus.rules()
        missing = sorted(wanted - found.keys())
        failing = sorted(name for name, health in found.items() if health == "err")
        if missing or failing or not wanted:
            return f"{len(found)} loaded; missing: {_listed(missing)}; failing: {_listed(failing)}"
        return "every rule loaded, none failing"

    inquiry.ask("rules-loaded", wanted="every rule loaded, none failing", got=loaded, within_s=UP_S)


def check_sample(prometheus: Prometheus, inquiry: Inquiry, *, kube: Kube) -> None:
    """
    Ask for the newest samples of each node's memory, and hold them against what the nodes say of themselves.

    With a range selector, which gives samples and their times: an instant one would serve a dead value for minutes.
    """

    def sampled() -> str:
        newest = [one["values"][-1] for one in prometheus.query(f"{MEMORY}[5m]")]
        age_s = time.time() - min(float(at) for at, _ in newest)
        return _memory(int(float(value)) for _, value in newest) + _aged(age_s)

    def known() -> str:
        # The kubelet counts in KiB, as the kernel does.
        capacities = (str(dig(node, "status", "capacity", "memory")) for node in kube.list(NODES).items)
        return _memory(int(text.removesuffix("Ki")) * 1024 for text in capacities) + _aged(0.0)

    inquiry.ask("sample-fresh", wanted=known(), got=sampled)


def _memory(sizes_bytes: Iterable[int]) -> str:
    return ", ".join(str(size) for size in sorted(sizes_bytes)) + " bytes"


def _aged(age_s: float) -> str:
    return f", not older than {FRESH_S:g} s" if age_s <= FRESH_S else f", {age_s:.0f} s old"


def _state(targets: list[dict[str, Any]], *, pools: tuple[str, ...], alone: bool) -> str:
    down = [f"{one['scrapeUrl']}: {one['lastError'] or one['health']}" for one in targets if one["health"] != "up"]
    if not targets:
        return "no target, for the layer is off" if alone else "no target"
    empty = sorted(set(pools) - {str(one["scrapePool"]) for one in targets})
    if empty:
        return f"no target in {_listed(empty)}"
    return f"{len(down)} of {len(targets)} not up: {_listed(down)}" if down else "all up"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
