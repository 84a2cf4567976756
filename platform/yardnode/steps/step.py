"""A step of the bring-up, and the walk along a list of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from yardnode.errors import StepFailed, WaitEnded
from yardnode.paths import Paths
from yardnode.yard import Yard

__all__ = ["Step", "Timing", "walk", "walk_back"]


def nothing(_: Paths) -> None:
    """The undoing of a step that leaves nothing, or whose traces go with those of an earlier step."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One part of the bring-up."""

    name: str
    done: Callable[[Yard], bool]
    """Looks at the live yard; free of side effects."""
    do: Callable[[Yard], None]
    undo: Callable[[Paths], None] = nothing
    """Takes away what ``do`` made; what is not there is fine."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """What one step took."""

    step: str
    took_s: float
    already_done: bool


def walk(yard: Yard, steps: Sequence[Step], *, record: Callable[[Timing], None]) -> None:
    """
    Do what is not done yet, in order.

    Args:
        record: Called after each step.

    Raises:
        StepFailed: A wait inside a step ended badly; other errors of the package pass unchanged.
    """
    for step in steps:
        start_s = yard.progress.now_s()
        try:
            already = step.done(yard)
            if not already:
                step.do(yard)
        except WaitEnded as exc:
            raise StepFailed(
                step.name,
                wanted=exc.what,
                got=str(exc),
                remedy=f"Logs are in {yard.paths.state}/logs; the same command goes on where this one stopped.",
            ) from exc
        took_s = yard.progress.now_s() - start_s
        yard.progress.say(step.name, "as it should be" if already else f"done in {took_s:.1f} s")
        record(Timing(step=step.name, took_s=took_s, already_done=already))


def walk_back(paths: Paths, steps: Sequence[Step]) -> None:
    """Undo all steps, last first."""
    for step in reversed(steps):
        step.undo(paths)
