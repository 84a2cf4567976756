"""AppProjects, and the cluster with its profile."""

from __future__ import annotations

from yardnode import bootstrap
from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["STEP"]


def _do(yard: Yard) -> None:
    yard.cluster.apply(bootstrap.cluster_and_projects(yard.gitops, url=yard.state.network.git_url))


STEP = Step(name="projects", done=lambda yard: yard.state.current, do=_do)
