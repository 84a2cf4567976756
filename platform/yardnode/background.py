"""The toolchain at work in a thread of its own, while packages and images are made in the foreground."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from yardnode.families import CGO, FAMILIES
from yardnode.toolchain import Binaries, Toolchain

__all__ = ["Background"]


class Background:
    """
    Builds families in order behind the caller's back; leaving the context ends what still runs.

    ::

        with Background(toolchain) as binaries:
            debs.ensure(...)
            binaries.packages_are_ready()
            built = images.build(..., family=binaries.family)
            done = binaries.all()
    """

    def __init__(self, toolchain: Toolchain, *, families: Sequence[str] = FAMILIES) -> None:
        self._toolchain = toolchain
        self._packages = threading.Event()
        # One worker: a build takes all cores by itself.
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="toolchain")
        self._futures: dict[str, Future[Path]] = {name: self._pool.submit(self._family, name) for name in families}

    def __enter__(self) -> Background:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._toolchain.stop.set()
        self._packages.set()
        self._pool.shutdown(cancel_futures=True)

    def packages_are_ready(self) -> None:
        """Say that the compiler and the libraries of the machine are installed."""
        self._packages.set()

    def family(self, name: str) -> Path:
        """
        Wait for one family and return its folder.

        Raises:
            BuildFailed: It does not build.
        """
        return self._futures[name].result()

    def all(self) -> Binaries:
        """
        Wait for all families.

        Raises:
            BuildFailed: One of them does not build.
        """
        return Binaries(folders={name: self.family(name) for name in self._futures})

    def _family(self, name: str) -> Path:
        if name in CGO:
            self._packages.wait()
        return self._toolchain.family(name)
