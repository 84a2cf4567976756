"""Lists that claims say a second time are the lists that are rendered: neither is read from the other."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from proofs.claims.core_settled import EXPECTED
from proofs.claims.targets_up import MONITORS

from .helm import Manifest
from .tree import Application, Tree

PROFILE = "embedded"
"""Where proofs run every day; a cluster may have more."""


def test_every_application_is_expected(tree: Tree) -> None:
    """Every Application of Core and Baseline, and every root of theirs."""
    children = {one.name for one in tree.applications() if one.profile == PROFILE and one.layer != "optional"}
    roots = {path.stem for path in (tree.root / "bootstrap").glob("root-*.yaml") if path.stem != "root-optional"}
    assert sorted(EXPECTED) == sorted(children | roots)


@pytest.mark.parametrize("env", ["dev", "prod"])
def test_every_monitor_is_expected(rendered: Mapping[Application, tuple[Manifest, ...]], env: str) -> None:
    """Every ServiceMonitor and PodMonitor of an environment."""
    found = {
        item.name
        for application, manifests in rendered.items()
        for item in manifests
        if (application.profile, application.env) == (PROFILE, env)
        and item.kind.partition(".")[0] in ("ServiceMonitor", "PodMonitor")
    }
    assert sorted(MONITORS) == sorted(found)
