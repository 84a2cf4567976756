"""All images in the node's containerd."""

from __future__ import annotations

from yardnode.importing import missing
from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["STEP"]


def _do(yard: Yard) -> None:
    if yard.importing is None:
        raise LookupError("the images step, which begins to import, has not run")
    yard.importing.wait()


STEP = Step(name="images-import", done=lambda yard: not missing(yard.plan, yard.images), do=_do)
