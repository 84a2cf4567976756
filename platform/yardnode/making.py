"""What is made behind the bring-up's back: binaries first, images as soon as what they need is there."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from yardnode.background import Background
from yardnode.go import find_go
from yardnode.images import Image, ImageSet
from yardnode.paths import Paths
from yardnode.progress import Progress
from yardnode.toolchain import Binaries, Toolchain

__all__ = ["Making"]


class Making:
    """
    Binaries and images under way; leaving the context ends what still runs.

    ``begin`` first; images begin when the machine's packages are there (``packages_are_ready``).
    """

    def __init__(self, paths: Paths, *, progress: Progress, environment: Mapping[str, str]) -> None:
        self._paths = paths
        self._progress = progress
        self._environment = environment
        self._toolchain = Toolchain(
            folder=paths.toolchain,
            cache=paths.cache,
            go=lambda: find_go(
                toolchain=paths.toolchain, cache=paths.cache, progress=progress, environment=environment
            ),
            progress=progress,
            environment=environment,
        )
        self._stop = threading.Event()
        self._background: Background | None = None
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="images")
        self._images: Future[dict[str, Image]] | None = None

    def __enter__(self) -> Making:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._background is not None:
            self._background.__exit__(kind, error, trace)
        self._pool.shutdown(cancel_futures=True)

    def build(self, families: Sequence[str]) -> Binaries:
        """
        Build families in the foreground.

        Raises:
            BuildFailed: One does not build.
        """
        return self._toolchain.ensure(families)

    def begin(self) -> None:
        """Start with the binaries."""
        self._background = Background(self._toolchain)

    def packages_are_ready(self) -> None:
        """Say that compiler, libraries and buildah are installed; images begin."""
        background = self._at_work()
        background.packages_are_ready()
        images = ImageSet(
            checkout=self._paths.checkout,
            cache=self._paths.cache,
            family=background.family,
            progress=self._progress,
            environment=self._environment,
            stop=self._toolchain.stop,
        )
        self._images = self._pool.submit(images.build)

    def binaries(self) -> Binaries:
        """
        Wait for all binaries.

        Raises:
            BuildFailed: A family does not build.
        """
        return self._at_work().all()

    def images(self) -> Mapping[str, Image]:
        """
        Wait for all images.

        Raises:
            BuildFailed: An image does not build.
        """
        if self._images is None:
            raise LookupError("images begin when packages are ready, which nobody has said")
        return self._images.result()

    def _at_work(self) -> Background:
        if self._background is None:
            raise LookupError("nothing is being made before begin()")
        return self._background
