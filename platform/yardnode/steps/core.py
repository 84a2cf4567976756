"""The core root, until the namespaces are there that everything else stands in."""

from __future__ import annotations

from yardnode import bootstrap, credentials, sealingkeys, secretobjects
from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["STEP", "missing_namespaces"]

WITHIN_S = 120.0


def missing_namespaces(yard: Yard) -> frozenset[str]:
    """Namespaces that Secrets go to, the sealing keys' own included, and that do not exist yet."""
    file = credentials.path(yard.paths.state)
    made = credentials.ensure(file, environments=bootstrap.environments(yard.gitops))
    there = {each["metadata"]["name"] for each in yard.cluster.list("namespaces")}
    return (secretobjects.namespaces(made) | {sealingkeys.NAMESPACE}) - there


def _do(yard: Yard) -> None:
    yard.cluster.apply(bootstrap.root(yard.gitops, bootstrap.ROOTS[0], url=yard.state.network.git_url))
    yard.cluster.wait(
        lambda: missing_namespaces(yard),
        ready=lambda missing: not missing,
        what="the environments' namespaces",
        within_s=WITHIN_S,
    )


STEP = Step(name="core", done=lambda yard: yard.state.current, do=_do)
