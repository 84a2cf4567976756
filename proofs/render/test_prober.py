"""Whom the prober reaches: what it watches, and nobody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from switchyard.probing import manifests
from switchyard.probing.questions import namespace
from switchyard.settings import load_yard
from switchyard.yard import HttpProbe

from .helm import Manifest
from .tree import Application

CHECKOUT: Final = Path(__file__).resolve().parents[2]
PEER: Final = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": manifests.NAMESPACE}},
    "podSelector": {"matchLabels": {"app.kubernetes.io/name": manifests.PROBER}},
}


def test_the_prober_is_let_in_where_it_asks(rendered: Mapping[Application, Sequence[Manifest]]) -> None:
    """Exactly the watched services' policies name it, in every profile; it gets in nowhere that a proof does not."""
    watched = [probe for probe in load_yard(CHECKOUT / "yard.toml").probes if probe.path]
    urls = {probe.url if isinstance(probe, HttpProbe) else f"http://{probe.endpoint}" for probe in watched}
    for profile in {application.profile for application in rendered}:
        let_in = [
            (manifest.namespace, rule)
            for application, every in rendered.items()
            for manifest in every
            if application.profile == profile and manifest.kind == "NetworkPolicy.networking.k8s.io"
            for rule in manifest.body["spec"].get("ingress", [])
            if PEER in rule.get("from", [])
        ]
        assert {home for home, _ in let_in} == {namespace(url) for url in urls}, profile
        assert len(let_in) == len(urls), profile
        assert all(_lets_proofs_in(rule) and rule["ports"] for _, rule in let_in), profile


def _lets_proofs_in(rule: Mapping[str, Any]) -> bool:
    return any("ipBlock" in peer for peer in rule["from"])
