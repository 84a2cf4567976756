"""Packages of the machine; binaries begin to be built meanwhile."""

from __future__ import annotations

from yardnode import debs
from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["STEP"]


def _do(yard: Yard) -> None:
    yard.making.begin()
    debs.ensure(cache=yard.paths.cache, progress=yard.progress, environment=yard.environment)
    yard.making.packages_are_ready()


STEP = Step(name="packages", done=lambda _: False, do=_do)  # `debs` itself looks at what is installed
