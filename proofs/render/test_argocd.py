"""Argo CD's own workloads, which its manifests bring and nobody renders: what our patches say of them."""

from __future__ import annotations

import pytest

from .tree import Tree, document

ANSWER_S = 5
"""docs/adr/0020-a-standstill-is-no-outage.md."""


@pytest.mark.parametrize("name", ["application-controller", "repo-server"])
def test_a_busy_node_takes_nothing_off_its_service(tree: Tree, name: str) -> None:
    """Argo CD's manifests leave a second for the answer, and a pod that flickers is a change without a cause."""
    patch = document(tree.root / f"bootstrap/argocd/{name}.yaml")
    probes = [one["readinessProbe"] for one in patch["spec"]["template"]["spec"]["containers"]]
    assert [one["timeoutSeconds"] for one in probes] == [ANSWER_S]
