"""
What can go wrong on the node, as one tree. Every message says what was wanted, what came, where, and what to do next.

    YardError
    ├── Refused          the machine or the settings do not allow it; carries every problem found, nothing was touched
    ├── CommandFailed    a foreign program ended badly or overran its time; carries its last lines
    ├── BuildFailed      a binary or an image could not be made
    ├── Stopped          somebody asked for the end (Ctrl-C, or a failure elsewhere) while work was under way
    ├── StepFailed       a step of the bring-up did not reach its end
    ├── LeftBehind       something of the yard is still there after `down`
    ├── ComponentDied    a supervised process of the node ended by itself
    └── WaitEnded        a wait did not end as wanted
        ├── TimedOut     its time ran out; carries the last observation
        │   └── Unsettled    Applications are not where they should be; names what is not ready
        └── Violated     the observation can never become ready; carries it
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import shorten

__all__ = [
    "BuildFailed",
    "CommandFailed",
    "ComponentDied",
    "LeftBehind",
    "Problem",
    "Refused",
    "StepFailed",
    "Stopped",
    "TimedOut",
    "Unsettled",
    "Violated",
    "WaitEnded",
    "YardError",
]

# Enough to see a compiler's or an installer's complaint, little enough to stay readable in a terminal.
LAST_LINES = 20

# The program and its verb; whole option lists of a build hide what follows them.
COMMAND_CHARACTERS = 120


class YardError(Exception):
    """Anything that stops the node; the command line prints its message and no traceback."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One reason to refuse: what was looked at, what it must be, what it is, and how to get there."""

    name: str
    wanted: str
    got: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.name}: wanted {self.wanted}, got {self.got}. {self.remedy}"


class Refused(YardError):
    """Preflight found problems; all of them are told at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("Refused, and nothing was touched:\n" + "\n".join(f"  - {problem}" for problem in problems))


class CommandFailed(YardError):
    """A foreign program did not end with status 0 in its time."""

    def __init__(self, argv: Sequence[str], *, what: str, outcome: str, tail: Sequence[str], where: str) -> None:
        self.argv = tuple(argv)
        self.what = what
        self.outcome = outcome
        self.tail = tuple(tail[-LAST_LINES:])
        self.where = where
        lines = "".join(f"\n    {line}" for line in self.tail) or "\n    (it printed nothing)"
        command = shorten(" ".join(argv), width=COMMAND_CHARACTERS, placeholder=" ...")
        super().__init__(f"{what}: `{command}` {outcome}; whole output in {where}, its end:{lines}")


class BuildFailed(YardError):
    """A binary or an image could not be made; nothing half-built was published."""

    def __init__(self, what: str, *, cause: str, remedy: str) -> None:
        self.what = what
        self.cause = cause
        self.remedy = remedy
        super().__init__(f"{what} could not be built. {cause}\n{remedy}")


class Stopped(YardError):
    """Somebody asked for the end while work was under way; what was half-done is removed."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"Stopped while {what}; the same command goes on from there.")


class StepFailed(YardError):
    """A step of the bring-up did not reach its end; what it made is still there, and the same command resumes."""

    def __init__(self, step: str, *, wanted: str, got: str, remedy: str) -> None:
        self.step = step
        self.wanted = wanted
        self.got = got
        self.remedy = remedy
        super().__init__(f"Step {step} failed: wanted {wanted}, got {got}. {remedy}")


class LeftBehind(YardError):
    """``down`` ended, and something of the yard is still there."""

    def __init__(self, left: Sequence[str]) -> None:
        self.left = tuple(left)
        lines = "".join(f"\n  - {each}" for each in self.left)
        super().__init__(f"Wanted nothing of the yard to be left, got:{lines}\nRun `switchyard down` again.")


class ComponentDied(YardError):
    """A supervised process ended by itself."""

    def __init__(self, component: str, *, outcome: str, tail: Sequence[str], where: str) -> None:
        self.component = component
        self.outcome = outcome
        self.tail = tuple(tail[-LAST_LINES:])
        self.where = where
        lines = "".join(f"\n    {line}" for line in self.tail) or "\n    (it logged nothing)"
        super().__init__(f"{component} died: {outcome}; log in {where}, its end:{lines}")


class WaitEnded(YardError):
    """A wait did not end as wanted; carries what was seen last."""

    def __init__(self, message: str, *, what: str, last: object) -> None:
        self.what = what
        self.last = last
        super().__init__(message)


class TimedOut(WaitEnded):
    """The time ran out before the condition held."""

    def __init__(self, what: str, *, within_s: float, last: object) -> None:
        self.within_s = within_s
        super().__init__(f"Waited {within_s:g} s for {what}; last seen: {last!r}", what=what, last=last)


class Unsettled(TimedOut):
    """Applications did not settle; says which, and what of their workloads, pods and volumes is not well."""

    def __init__(self, late: TimedOut, *, waiting: Sequence[str], troubles: Sequence[str]) -> None:
        super().__init__(late.what, within_s=late.within_s, last=late.last)
        lines = "".join(f"\n    {line}" for line in (*waiting, *troubles))
        self.args = (
            f"Waited {late.within_s:g} s for {late.what}. Not well now:{lines}\n"
            "`switchyard status` says it again; put right what is wrong, and `switchyard up` goes on from here.",
        )


class Violated(WaitEnded):
    """The observation shows that the condition will never hold."""

    def __init__(self, what: str, *, after_s: float, last: object) -> None:
        self.after_s = after_s
        super().__init__(f"Gave up on {what} after {after_s:.1f} s; it is: {last!r}", what=what, last=last)
