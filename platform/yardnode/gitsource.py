"""
The git source inside the node: a bare repository whose branch ``yard`` is exactly the commit under test.

Uncommitted changes, untracked files included unless git ignores them, go into a scratch commit. It is made with an
index and an object store of its own: the user's index, branches, stash and objects are never touched. One commit on top
adds what only this node knows (``gitops/profiles/embedded/node.yaml``). Both are functions of their content: the same
tree gives the same ids. The branch does not grow: it is moved, and what it leaves stays under a tag.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from yardfacts.target import once_served
from yardnode import commands
from yardnode.errors import CommandFailed, Problem, Refused
from yardnode.plan import Plan
from yardnode.processes import Component

__all__ = ["BRANCH", "Served", "amend", "component", "repository", "serve", "tested"]

BRANCH = "yard"
AUTHOR = "Switchyard"
EMAIL = "switchyard@localhost"
PORT = 9418  # git's own


@dataclass(frozen=True, kw_only=True)
class Served:
    """What the git source serves."""

    commit: str
    """The commit under test: HEAD of the checkout, or the scratch commit."""
    dirty: bool
    """Uncommitted changes went into a scratch commit."""
    served: str
    """Head of ``yard``: *commit* plus one generated commit."""


def repository(state: Path) -> Path:
    """The bare repository."""
    return state / "git" / "switchyard.git"


def component(plan: Plan) -> Component:
    """``git daemon``, read-only: pushes are refused, nothing outside the folder is served."""
    return Component(
        name="git-daemon",
        argv=(
            "git",
            "daemon",
            "--reuseaddr",
            "--export-all",
            "--informative-errors",
            # Else the 33rd client costs another one its connection, and Argo CD compares all Applications at once.
            "--max-connections=0",
            f"--listen={plan.network.node_address}",
            f"--port={PORT}",
            f"--base-path={plan.state}/git",
            f"{plan.state}/git",
        ),
    )


def serve(checkout: Path, *, state: Path, generated: Mapping[str, str]) -> Served:
    """
    Put the checkout as it is now on the branch ``yard``.

    Args:
        generated: Path -> text of files that only the node knows; they must not exist in the checkout.

    Raises:
        Refused: The checkout has no commit.
        CommandFailed: git failed.
    """
    bare = repository(state)
    if not (bare / "HEAD").exists():
        bare.parent.mkdir(parents=True, exist_ok=True)
        commands.output(["git", "init", "--quiet", "--bare", f"--initial-branch={BRANCH}", bare])
    for stale in bare.rglob("*.lock"):
        stale.unlink()  # of a git that was killed; the yard's own lock keeps living ones away
    head = _head(checkout)
    # The whole history comes along, so that a diff against any older commit can be made inside.
    _git("fetch", "--quiet", "--no-tags", "--update-shallow", str(checkout), "+HEAD:refs/heads/checkout", bare=bare)
    with tempfile.TemporaryDirectory(dir=state, prefix="index-") as folder:
        index = Path(folder) / "index"
        commit, dirty = tested(checkout, bare=bare, head=head, index=index)
        served = _overlay(commit, onto=commit, bare=bare, index=index, generated=generated)
    before = _git("for-each-ref", "--format=%(objectname)", f"refs/heads/{BRANCH}", bare=bare)
    _move(served, before=before, bare=bare)
    return Served(commit=commit, dirty=dirty, served=served)


def amend(before: Served, *, state: Path, generated: Mapping[str, str]) -> Served:
    """
    Serve the same commit under test with some generated files changed; the checkout is not looked at.

    Args:
        generated: Path -> text; generated files that are not named stay as they are served.

    Raises:
        Refused: Somebody else has put a commit on the branch meanwhile, which would be lost.
        CommandFailed: git failed.
    """
    bare = repository(state)
    head = _git("rev-parse", "--verify", f"refs/heads/{BRANCH}", bare=bare)
    if head != before.served:
        raise Refused(
            [
                Problem(
                    name="git source",
                    wanted=f"{before.served[:12]}, which bring-up serves",
                    got=f"{head[:12]} on branch {BRANCH}",
                    remedy="A proof is at work: wait for its end. Where none is, `switchyard up` serves anew.",
                )
            ]
        )
    with tempfile.TemporaryDirectory(dir=state, prefix="index-") as folder:
        index = Path(folder) / "index"
        served = _overlay(before.commit, onto=before.served, bare=bare, index=index, generated=generated)
    _move(served, before=before.served, bare=bare)
    return replace(before, served=served)


def tested(checkout: Path, *, bare: Path, head: str, index: Path) -> tuple[str, bool]:
    """The commit under test and whether it is a scratch commit; needs *head* in *bare*."""
    own = {
        "GIT_INDEX_FILE": str(index),
        "GIT_OBJECT_DIRECTORY": str(bare / "objects"),
        "GIT_DIR": _asked(checkout, "--absolute-git-dir"),
        "GIT_WORK_TREE": str(checkout),
    }
    _git("read-tree", head, environment=own, folder=checkout)
    _git("add", "--all", environment=own, folder=checkout)
    tree = _git("write-tree", environment=own, folder=checkout)
    if tree == _git("rev-parse", f"{head}^{{tree}}", bare=bare):
        return head, False
    return _commit(tree, parent=head, message="Uncommitted changes of the checkout", bare=bare), True


def _move(served: str, *, before: str, bare: Path) -> None:
    """Let the branch go from *before*, empty where there is none, to *served*; where it was can still be fetched."""
    if before not in ("", served):
        _git("update-ref", once_served(before), before, bare=bare)
    _git("update-ref", f"refs/heads/{BRANCH}", served, before, bare=bare)


def _overlay(commit: str, *, onto: str, bare: Path, index: Path, generated: Mapping[str, str]) -> str:
    """One generated commit above *commit*, with *generated* in the tree of *onto*."""
    own = {"GIT_INDEX_FILE": str(index)}
    _git("read-tree", onto, bare=bare, environment=own)
    for path, text in sorted(generated.items()):
        if _git("ls-tree", commit, path, bare=bare):
            raise Refused(
                [
                    Problem(
                        name="checkout",
                        wanted=f"no {path}, which the node writes",
                        got="one in git",
                        remedy=f"Remove it: git rm {path}",
                    )
                ]
            )
        blob = _git("hash-object", "-w", "--stdin", bare=bare, stdin=text)
        _git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", bare=bare, environment=own)
    tree = _git("write-tree", bare=bare, environment=own)
    return _commit(tree, parent=commit, message="What only this node knows", bare=bare)


def _commit(tree: str, *, parent: str, message: str, bare: Path) -> str:
    # The parent's date: the same content gives the same commit, however often it is made.
    date = _git("show", "--no-patch", "--format=%cI", parent, bare=bare)
    names = {
        "GIT_AUTHOR_NAME": AUTHOR,
        "GIT_AUTHOR_EMAIL": EMAIL,
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_NAME": AUTHOR,
        "GIT_COMMITTER_EMAIL": EMAIL,
        "GIT_COMMITTER_DATE": date,
    }
    return _git("commit-tree", tree, "-p", parent, "-m", message, bare=bare, environment=names)


def _head(checkout: Path) -> str:
    try:
        return _asked(checkout, "--verify", "HEAD")
    except CommandFailed as exc:
        raise Refused(
            [
                Problem(
                    name="checkout",
                    wanted="a git repository with a commit: the node serves the commit under test",
                    got=f"none in {checkout} ({'; '.join(exc.tail)})",
                    remedy="Clone the repository instead of unpacking an archive of it.",
                )
            ]
        ) from exc


def _asked(checkout: Path, *words: str) -> str:
    return _git("rev-parse", *words, folder=checkout)


def _git(
    *words: str,
    bare: Path | None = None,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: str = "",
) -> str:
    """Run git without the user's variables, and trusting the checkout, whoever owns it: root reads it anyway."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    where = [f"--git-dir={bare}"] if bare is not None else []
    return commands.output(
        ["git", "-c", "safe.directory=*", "-c", "gc.auto=0", *where, *words],
        environment={**inherited, **(environment or {})},
        folder=folder,
        stdin=stdin,
        within_s=120.0,
    ).strip()
