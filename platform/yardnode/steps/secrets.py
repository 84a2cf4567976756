"""Generated passwords and tokens, as Secrets."""

from __future__ import annotations

from yardnode import bootstrap, credentials
from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["STEP"]


def _do(yard: Yard) -> None:
    made = credentials.ensure(yard.paths.state, environments=bootstrap.environments(yard.gitops))
    yard.cluster.apply(credentials.objects(made))


STEP = Step(name="secrets", done=lambda yard: yard.state.current, do=_do)
