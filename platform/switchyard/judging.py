"""
How a verdict leaves a test: three exceptions, which reports show as failed, broken and broken.

BaseException
└── Exception
    ├── AssertionError
    │   └── Disproved    the evidence shows the opposite of a claim: the report says failed
    ├── Inconclusive     the evidence cannot tell: the report says broken
    └── Defective        a negative control was not noticed as declared: the suite is broken
"""

from __future__ import annotations

from typing import Final

from switchyard.errors import SwitchyardError
from yardfacts.verdict import Finding, Verdict

__all__ = ["Defective", "Disproved", "Inconclusive", "outcome_of", "raise_for", "verdict_of"]

BLOCKED_BY: Final = "blocked by "
"""How the reason of a blocked test begins."""


class Disproved(AssertionError):
    """The evidence shows the opposite of what is claimed."""


class Inconclusive(Exception):
    """The evidence is missing, malformed or too thin to tell."""


class Defective(Exception):
    """The suite did not say what it had to say; no verdict of it can be believed."""


def raise_for(finding: Finding, *, about: str) -> None:
    """
    Return for PROVED.

    Raises:
        Disproved: The finding is DISPROVED.
        Inconclusive: The finding is INCONCLUSIVE.
    """
    if finding.verdict is Verdict.DISPROVED:
        raise Disproved(f"{about}: {finding}")
    if finding.verdict is Verdict.INCONCLUSIVE:
        raise Inconclusive(f"{about}: {finding}")


def verdict_of(error: SwitchyardError) -> Disproved | Inconclusive:
    """The exception with which an act of the engine that went wrong leaves a test."""
    kind = Disproved if error.exit_code == Verdict.DISPROVED.exit_code else Inconclusive
    return kind(f"{type(error).__name__}: {error}")


def outcome_of(error: BaseException | None) -> tuple[str, str]:
    """
    Outcome of a test that ended with *error*, and its detail.

    ``passed``, ``disproved``, ``inconclusive`` or ``defective``. Tests act and record while claims judge, so an
    ``assert`` that fails in a test is a mistake of the suite.
    """
    if error is None:
        return "passed", ""
    if isinstance(error, SwitchyardError):
        error = verdict_of(error)
    if isinstance(error, Disproved):
        return "disproved", str(error)
    if isinstance(error, Defective | AssertionError):
        return "defective", f"{type(error).__name__}: {error}"
    return "inconclusive", str(error) if isinstance(error, Inconclusive) else f"{type(error).__name__}: {error}"
