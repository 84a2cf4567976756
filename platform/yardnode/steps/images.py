"""Images, from the cache or built from their Dockerfiles; importing them into the node begins."""

from __future__ import annotations

from yardnode import runtime
from yardnode.importing import Importing, missing, wanted
from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["STEP"]


def _do(yard: Yard) -> None:
    made = yard.making.images()
    yard.remember(images={name: image.ref for name, image in made.items()})
    yard.images = wanted(made, state=yard.paths.state)
    runtime.pause_archive(yard.images["pause"].archive)
    yard.importing = Importing(yard.plan, images=missing(yard.plan, yard.images))


STEP = Step(name="images", done=lambda _: False, do=_do)  # the cache itself knows what is built
