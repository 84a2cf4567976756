"""Argo CD, with its settings from the start."""

from __future__ import annotations

from yardnode import argocd
from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["STEP"]


def _do(yard: Yard) -> None:
    text = argocd.manifests(
        yard.cluster,
        settings=yard.gitops / "bootstrap" / "argocd",
        upstream=yard.making.binaries().argo_cd / "manifests",
        images={image.name: image.ref for image in yard.images},
    )
    argocd.install(yard.cluster, text)


STEP = Step(name="argocd", done=lambda yard: yard.state.current and argocd.installed(yard.cluster), do=_do)
