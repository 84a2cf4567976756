"""The git source's door: what the cluster is served, and scratch commits by plumbing, without a work tree."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from switchyard.errors import Refused, Unreadable
from yardfacts.facts import Commit
from yardfacts.target import Target, once_served

__all__ = ["GitSource", "short_sha"]

ANSWER_S: Final = 20.0
"""Plumbing on a repository of this size takes milliseconds; a lock that lasts longer has been left by somebody."""

AUTHOR: Final = "Switchyard <proof@switchyard.invalid>"


@dataclass(frozen=True)
class GitSource:
    """A bare repository that a cluster is served from, and the branch that it serves."""

    git_dir: Path
    branch: str

    @classmethod
    def of(cls, target: Target) -> GitSource | None:
        """The source behind *target*; None where the proof cannot write to it."""
        return cls(target.git_dir, target.git_branch) if target.git_dir else None

    def head(self) -> str:
        """
        The commit that is served now.

        Raises:
            Unreadable: There is no such repository or branch.
        """
        return self._git("rev-parse", "--verify", f"{self._ref}^{{commit}}")

    def served(self, target: Target) -> Commit:
        """
        What is served, next to what is under test.

        Raises:
            Unreadable: One of the two commits is not in the repository.
        """
        head = self.head()
        paths = self._git("diff", "--name-only", "--no-renames", "-z", target.commit, head)
        on_top = tuple(path for path in paths.split("\0") if path)
        return Commit(sha=target.commit, served=head, dirty=target.dirty, on_top=on_top)

    def commit(self, changes: Mapping[str, str | None], *, message: str) -> str:
        """
        Put one commit on top of what is served, and return its SHA.

        Args:
            changes: Path to new content; None removes the path.

            message: Of the commit.

        Raises:
            Refused: The branch moved meanwhile, or git refuses.
        """
        lines = [
            f"commit {self._ref}",
            f"committer {AUTHOR} now",
            f"data {len(message.encode())}",
            message,
            f"from {self.head()}",
        ]
        for path, content in changes.items():
            if content is None:
                lines.append(f"D {path}")
            else:
                lines += [f"M 100644 inline {path}", f"data {len(content.encode())}", content]
        # fast-import needs neither work tree nor index, and refuses to lose a commit that somebody else made.
        self._git("fast-import", "--quiet", "--date-format=now", given="\n".join(lines) + "\n")
        return self.head()

    def reset(self, sha: str) -> None:
        """
        Serve *sha* again, whatever was committed on top of it; what was served so far can still be fetched.

        Raises:
            Refused: It is not in the repository.
        """
        before = self.head()
        self._git("update-ref", once_served(before), before)
        self._git("update-ref", self._ref, sha)

    @property
    def _ref(self) -> str:
        return f"refs/heads/{self.branch}"

    def _git(self, *arguments: str, given: str = "") -> str:
        return _run(["git", "--git-dir", str(self.git_dir), *arguments], given=given)


def short_sha(checkout: Path) -> str:
    """First ten digits of the checkout's commit; ``nocommit`` where it is no repository, or has no commit."""
    try:
        return _run(["git", "-C", str(checkout), "rev-parse", "--short=10", "HEAD"])
    except Unreadable:
        return "nocommit"


def _run(command: list[str], *, given: str = "") -> str:
    asked = " ".join(command[3:])
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=ANSWER_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise Unreadable(f"git {asked} in {command[2]}: {exc}") from exc
    if done.returncode != 0:
        raise Refused(f"git {asked} in {command[2]}: {done.stderr.strip()}", status=done.returncode)
    return done.stdout.strip()
