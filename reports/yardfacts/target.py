"""Where a cluster is and which commit it serves: the one record that the node hands to the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from yardfacts.facts import Timing, Usage

__all__ = ["Target", "once_served"]


def once_served(sha: str) -> str:
    """
    The ref under which a git source keeps a commit that its branch has left.

    A branch that is put back loses commits that somebody has already read: a run of a DAG goes on with the commit that
    it began at, and asks for it until its end. Readers fetch tags with their branches.
    """
    return f"refs/tags/served/{sha}"


@dataclass(frozen=True, kw_only=True)
class Target:
    """
    A cluster that a proof can run against.

    Providers are found through the entry point group ``switchyard.targets``; each is a function
    ``(checkout: Path) -> Target | None``, where None means "this cluster is not up".
    """

    name: str
    kubeconfig: Path
    context: str
    git_dir: Path | None
    """Bare repository behind the git source, writable by the proof; None where the proof cannot commit."""
    git_branch: str
    commit: str
    """Full SHA of the commit under test."""
    dirty: bool
    """Uncommitted changes of the checkout went into a scratch commit."""
    secrets_file: Path | None
    """YAML of generated credentials that probes need, mode 0600, never evidence; None where none were generated."""
    timings: tuple[Timing, ...] = ()
    """What bring-up took, with its budgets; empty for a cluster that somebody else brought up."""
    meter: Callable[[float], Usage] | None = None
    """Measures, over a window in seconds, what the cluster's processes use; None where nobody can tell."""
