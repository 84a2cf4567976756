"""Images on their way into the node's containerd, in the background, in the order in which they are needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from yardnode import commands, runtime
from yardnode.images import BASE, Image
from yardnode.plan import Plan

__all__ = ["FIRST", "Importing", "missing", "wanted"]

FIRST = ("pause", "argocd", "redis")
"""Needed by every pod, and by Argo CD; the others have until it has looked at git."""

WITHIN_S = 600.0
AT_ONCE = 2  # unpacking keeps one core busy each


class Importing:
    """Imports under way."""

    def __init__(self, plan: Plan, *, images: Mapping[str, Image]) -> None:
        """
        Begin.

        Args:
            images: What ``missing`` found.
        """
        self._pool = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="import")
        words = [*_ctr(plan), "import", "--local=false"]
        order = sorted(images, key=lambda name: (name not in FIRST, name))
        self._done: dict[str, Future[str]] = {
            name: self._pool.submit(commands.output, [*words, images[name].archive], within_s=WITHIN_S)
            for name in order
        }
        self._pool.shutdown(wait=False)

    def wait(self, names: Iterable[str] = ()) -> None:
        """
        Wait for *names*, or for all.

        Raises:
            CommandFailed: containerd refused one.
        """
        for name in names or self._done:
            if name in self._done:
                self._done[name].result()


def wanted(images: Mapping[str, Image], *, state: Path) -> dict[str, Image]:
    """What pods run: the sandbox image, and all images but the one that others start from."""
    pause = Image(name="pause", ref=runtime.pause_reference(), archive=state / "pause.tar")
    return {"pause": pause, **{name: image for name, image in images.items() if name != BASE}}


def missing(plan: Plan, images: Mapping[str, Image]) -> dict[str, Image]:
    """Those of *images* that containerd does not have."""
    present = set(commands.output([*_ctr(plan), "ls", "--quiet"]).split())
    return {name: image for name, image in images.items() if image.ref not in present}


def _ctr(plan: Plan) -> list[str | Path]:
    return [plan.programs["ctr"], f"--address={plan.containerd_socket}", "--namespace=k8s.io", "images"]
