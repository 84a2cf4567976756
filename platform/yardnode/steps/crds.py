"""Custom resource definitions of the platform's operators, from the modules that their binaries were built from."""

from __future__ import annotations

from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["STEP"]


def _do(yard: Yard) -> None:
    yard.cluster.apply_text("\n---\n".join(file.read_text() for file in yard.making.binaries().crds))


STEP = Step(name="crds", done=lambda yard: yard.state.current, do=_do)
