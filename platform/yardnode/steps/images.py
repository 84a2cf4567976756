"""Images, from the cache or built from their Dockerfiles, and unpacked for a node that is going to start."""

from __future__ import annotations

from yardnode import runtime
from yardnode.images import BASE
from yardnode.imagestore import ImageStore
from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["STEP"]


def _do(yard: Yard) -> None:
    made = yard.making.images()
    pause = runtime.pause_image(yard.paths.cache / "pause.tar")
    # Pods run all but the one that the others start from.
    yard.images = (pause, *(image for name, image in made.items() if name != BASE))
    yard.unpacked = ImageStore(yard.paths.cache, programs=yard.programs, progress=yard.progress).ensure(yard.images)


STEP = Step(name="images", done=lambda _: False, do=_do)  # the cache itself knows what is built
