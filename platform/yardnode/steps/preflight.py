"""What the machine must offer, judged before anything is touched."""

from __future__ import annotations

from yardnode import preflight, readings
from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["STEP"]


def _do(yard: Yard) -> None:
    yard.machine = preflight.check(readings.read(yard.paths, environment=yard.environment))
    for note in yard.machine.notes:
        yard.progress.say("preflight", note)


STEP = Step(name="preflight", done=lambda _: False, do=_do)  # a machine may have changed since
