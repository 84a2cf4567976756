"""
Everything that can go wrong here, as one tree.

SwitchyardError                  something a person has to read; printed as one block, without a traceback
├── Misconfigured                yard.toml, an option or an environment variable is wrong
├── NoTarget                     no cluster was named, or the named one is not up
├── Unreadable                   the observation could not be made: never evidence of absence
│   ├── Unreachable              no answer from the API server at all
│   ├── TimedOut                 connected, but no answer in time
│   ├── Unauthorised             401: who are you
│   ├── Forbidden                403: you may not
│   ├── Gap                      410: the watch or the list lost its place; events in between are unknown
│   └── Refused                  any other error answer
├── NotFound                     404: an explicit answer, and evidence of absence
├── Conflict                     409: somebody else wrote first, or the precondition failed
├── Held                         somebody alive holds the lease
├── LeaseLost                    the lease was taken from us while we worked
├── Unmet                        a precondition of the toggle does not hold; nothing was written
├── NotAnswering                 a controller did not consume what was requested of it
├── Late                         a condition did not come true within its deadline
├── Stuck                        objects wait in Deleting; named with finalizers and the rescue
└── JobFailed                    a command inside the cluster ended without an exit code
"""

from __future__ import annotations

from collections.abc import Sequence

from yardfacts import facts
from yardfacts.verdict import Verdict

__all__ = [
    "Conflict",
    "Forbidden",
    "Gap",
    "Held",
    "JobFailed",
    "Late",
    "LeaseLost",
    "Misconfigured",
    "NoTarget",
    "NotAnswering",
    "NotFound",
    "Refused",
    "Stuck",
    "SwitchyardError",
    "TimedOut",
    "Unauthorised",
    "Unmet",
    "Unreachable",
    "Unreadable",
    "as_fact",
]

USAGE = 2
"""Exit code of a usage error, as click has it."""


class SwitchyardError(Exception):
    """Base of the tree; ``exit_code`` is what a command ends with when it cannot go on."""

    exit_code: int = Verdict.INCONCLUSIVE.exit_code


class Misconfigured(SwitchyardError):
    """A setting is wrong: which file and key, what was wanted, what is there."""

    exit_code = USAGE

    def __init__(self, *, where: str, key: str, wanted: str, got: object) -> None:
        self.where, self.key, self.wanted, self.got = where, key, wanted, got
        super().__init__(f"{where}: {key}: wanted {wanted}, got {got!r}")


class NoTarget(SwitchyardError):
    """There is no cluster to work on; the message says how to name or start one."""


class Unreadable(SwitchyardError):
    """An observation that could not be made. Whoever needed it knows nothing: INCONCLUSIVE."""


class Unreachable(Unreadable):
    """Nobody answers at the API server's address."""


class TimedOut(Unreadable):
    """The API server took the request and did not answer in time."""


class Unauthorised(Unreadable):
    """401: the credentials are missing, wrong or expired."""


class Forbidden(Unreadable):
    """403: the credentials are good, the right is missing."""


class Gap(Unreadable):
    """410: the version asked for is compacted. Relisting is possible; knowing what happened is not."""


class Refused(Unreadable):
    """Any other error answer of the API server; ``status`` is its HTTP status."""

    def __init__(self, message: str, *, status: int) -> None:
        self.status = status
        super().__init__(message)


class NotFound(SwitchyardError):
    """404: the API server says explicitly that it is not there."""


class Conflict(SwitchyardError):
    """409: another writer was first, it exists already, or a UID precondition failed."""


class Held(SwitchyardError):
    """Another process that is alive holds the lease; ``holder`` names it."""

    def __init__(self, message: str, *, holder: str) -> None:
        self.holder = holder
        super().__init__(message)


class LeaseLost(SwitchyardError):
    """The lease is no longer ours: stop before the next write."""


class Unmet(SwitchyardError):
    """A precondition of the toggle does not hold; nothing was written."""


class NotAnswering(SwitchyardError):
    """A controller did not consume a request within the deadline: its status cannot be believed."""


class Late(SwitchyardError):
    """A wait ended without its condition; the message carries the last observation."""

    exit_code = Verdict.DISPROVED.exit_code


class Stuck(SwitchyardError):
    """Objects that are being deleted and do not go; ``objects`` carry UID and finalizers."""

    exit_code = Verdict.DISPROVED.exit_code

    def __init__(self, message: str, *, objects: Sequence[facts.Obligation]) -> None:
        self.objects = tuple(objects)
        super().__init__(message)


def as_fact(what: str, error: SwitchyardError) -> facts.Unreadable:
    """The fact to record where *what* was to be observed and *error* came instead."""
    return facts.Unreadable(what=what, error=f"{type(error).__name__}: {error}")


class JobFailed(SwitchyardError):
    """A command inside the cluster ended without an exit code, so nobody knows what it has done."""
