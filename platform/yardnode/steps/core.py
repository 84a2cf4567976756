"""The core root, until the namespaces are there that everything else stands in."""

from __future__ import annotations

from yardnode import bootstrap, credentials
from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["STEP", "missing_namespaces"]

WITHIN_S = 120.0


def missing_namespaces(yard: Yard) -> frozenset[str]:
    """Namespaces that generated Secrets go to and that do not exist yet."""
    made = credentials.ensure(yard.paths.state, environments=bootstrap.environments(yard.gitops))
    return bootstrap.namespaces(made) - {each["metadata"]["name"] for each in yard.cluster.list("namespaces")}


def _do(yard: Yard) -> None:
    yard.cluster.apply(bootstrap.root(yard.gitops, bootstrap.ROOTS[0], url=yard.state.network.git_url))
    yard.cluster.wait(
        lambda: missing_namespaces(yard),
        ready=lambda missing: not missing,
        what="the environments' namespaces",
        within_s=WITHIN_S,
    )


STEP = Step(name="core", done=lambda yard: yard.state.current, do=_do)
