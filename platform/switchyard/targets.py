"""Which cluster: one that a provider (entry points ``switchyard.targets``) has up, or a kubeconfig context."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from switchyard.errors import NoTarget
from switchyard.kube import Kube, connect
from yardfacts.target import Target

__all__ = ["GROUP", "find_target", "open_target"]

GROUP: Final = "switchyard.targets"

GIT_S: Final = 10.0

Provider = Callable[[Path], Target | None]


def open_target(target: Target) -> Kube:
    """
    Connect to *target*; nothing is sent yet.

    Raises:
        NoTarget: Its kubeconfig cannot be read, or it has no such context.
    """
    return connect(target.kubeconfig, context=target.context)


def find_target(
    *,
    checkout: Path,
    name: str = "",
    kubeconfig: Path | None = None,
    context: str = "",
    secrets_file: Path | None = None,
    providers: dict[str, Provider] | None = None,
) -> Target:
    """
    The cluster to work on.

    A *context* (of *kubeconfig*, else ``~/.kube/config``) goes first, then the provider *name*, then the only one up.

    Raises:
        NoTarget: None is up, several are and none was named, or there is no such provider; says how to go on.
    """
    if context or kubeconfig:
        return _adopted(
            checkout=checkout,
            kubeconfig=kubeconfig or Path.home() / ".kube/config",
            context=context,
            secrets_file=secrets_file,
        )
    known, broken = _installed() if providers is None else (providers, ())
    if name and name not in known:
        raise NoTarget(f"no target is called {name}; there are: {', '.join(known) or 'none'}")
    up = [target for key, ask in known.items() if name in ("", key) for target in [ask(checkout)] if target]
    if len(up) == 1:
        return up[0]
    if up:
        raise NoTarget(f"several clusters are up ({', '.join(target.name for target in up)}); name one with --target")
    hint = "".join(f"; {reason}" for reason in broken)
    raise NoTarget(f"no cluster is up. Start the embedded one with `switchyard up`, or name yours with --context{hint}")


def _installed() -> tuple[dict[str, Provider], tuple[str, ...]]:
    """Providers by name, and why others could not be loaded: without its extra a provider has nothing up."""
    found: dict[str, Provider] = {}
    broken: list[str] = []
    for point in entry_points(group=GROUP):
        try:
            found[point.name] = point.load()
        except ModuleNotFoundError as exc:
            broken.append(f"target {point.name} needs an extra that is not installed ({exc})")
    return found, tuple(broken)


def _adopted(*, checkout: Path, kubeconfig: Path, context: str, secrets_file: Path | None) -> Target:
    commit = _git(checkout, "rev-parse", "HEAD")
    return Target(
        name=context or "current",
        kubeconfig=kubeconfig,
        context=context,
        git_dir=None,
        git_branch="",
        commit=commit,
        dirty=bool(commit and _git(checkout, "status", "--porcelain")),
        secrets_file=secrets_file,
    )


def _git(checkout: Path, *arguments: str) -> str:
    """Output of git, empty where the folder is no repository: then no commit is under test, and claims say so."""
    done = subprocess.run(
        ["git", "-C", str(checkout), *arguments], capture_output=True, text=True, timeout=GIT_S, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""
