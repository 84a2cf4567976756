"""
The three verdicts, their order, and the process exit codes that carry them.

Source: the lattice false > unknown > true of Jepsen's checkers; "unknown is never fine" is ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

__all__ = ["DEFECTIVE", "UNRESTORED", "Finding", "Verdict", "disproved", "inconclusive", "merge", "proved"]

DEFECTIVE = 12
"""Exit code: the suite itself is defective (a claim without evidence, a mutant that survived)."""

UNRESTORED = 13
"""Exit code: the state found at the start could not be restored."""


class Verdict(IntEnum):
    """What the evidence says; the worse verdict is the greater number, so ``max`` merges."""

    PROVED = 0
    INCONCLUSIVE = 1
    DISPROVED = 2

    @property
    def exit_code(self) -> int:
        """Process exit code: 0, 11 or 10; pytest keeps its own 1 to 5."""
        return {Verdict.PROVED: 0, Verdict.INCONCLUSIVE: 11, Verdict.DISPROVED: 10}[self]


@dataclass(frozen=True)
class Finding:
    """One judge's answer: the verdict, a stable *reason* code, and a sentence for a person."""

    verdict: Verdict
    reason: str
    detail: str

    def __str__(self) -> str:
        return f"{self.verdict.name} ({self.reason}): {self.detail}"


def proved(detail: str) -> Finding:
    """The evidence is complete and shows the claim."""
    return Finding(Verdict.PROVED, "holds", detail)


def disproved(reason: str, detail: str) -> Finding:
    """The evidence shows the opposite of the claim."""
    return Finding(Verdict.DISPROVED, reason, detail)


def inconclusive(reason: str, detail: str) -> Finding:
    """The evidence is missing, malformed or too thin to tell."""
    return Finding(Verdict.INCONCLUSIVE, reason, detail)


def merge(findings: Iterable[Finding]) -> Finding:
    """
    Return the worst finding; details of all equally bad ones are joined.

    No finding at all is INCONCLUSIVE (``nothing_judged``): emptiness proves nothing.
    """
    found = tuple(findings)
    if not found:
        return inconclusive("nothing_judged", "no finding was made")
    worst = max(found, key=lambda finding: finding.verdict)
    if worst.verdict is Verdict.PROVED:
        return proved("; ".join(finding.detail for finding in found))
    peers = [finding for finding in found if finding.verdict is worst.verdict]
    return Finding(worst.verdict, peers[0].reason, "; ".join(finding.detail for finding in peers))
