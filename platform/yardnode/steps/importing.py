"""All images in the node's containerd; a new node has them from the start."""

from __future__ import annotations

from yardnode.images import Image
from yardnode.imagestore import import_images, present
from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["STEP"]


def _missing(yard: Yard) -> list[Image]:
    plan = yard.plan
    there = present(plan.programs["ctr"], socket=plan.containerd_socket)
    return [image for image in yard.images if image.ref not in there]


def _do(yard: Yard) -> None:
    plan, archives = yard.plan, [image.archive for image in _missing(yard)]
    import_images(plan.programs["ctr"], socket=plan.containerd_socket, archives=archives)


STEP = Step(name="images-import", done=lambda yard: not _missing(yard), do=_do)
