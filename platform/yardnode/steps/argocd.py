"""Argo CD, with its settings from the start."""

from __future__ import annotations

from yardnode import argocd
from yardnode.importing import FIRST
from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["STEP"]


def _do(yard: Yard) -> None:
    if yard.importing is not None:
        yard.importing.wait(FIRST)  # a pod that finds no image asks again only after ten seconds
    text = argocd.manifests(
        yard.cluster,
        settings=yard.gitops / "bootstrap" / "argocd",
        upstream=yard.making.binaries().argo_cd / "manifests",
        images=yard.state.images,
    )
    argocd.install(yard.cluster, text)


STEP = Step(name="argocd", done=lambda yard: not yard.refreshed and argocd.installed(yard.cluster), do=_do)
