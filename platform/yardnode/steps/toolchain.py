"""Binaries of the node, from the cache or built from source."""

from __future__ import annotations

from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["STEP"]


def _do(yard: Yard) -> None:
    yard.programs = yard.making.binaries().programs


STEP = Step(name="toolchain", done=lambda _: False, do=_do)  # the cache itself knows what is built
