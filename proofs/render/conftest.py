"""The rungs of the render tier: the tree, a helm to render it with, and everything rendered once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from .helm import HELM, Helm, Manifest
from .promtool import PROMTOOL, Promtool
from .tree import Application, Tree

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(name="tree", scope="session")
def _tree() -> Tree:
    return Tree(ROOT / "gitops")


@pytest.fixture(name="helm", scope="session")
def _helm(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    helm = Helm(binary=HELM.find(os.environ), samples=tmp_path_factory.mktemp("samples"))
    helm.write_samples(tree)
    return helm


@pytest.fixture(name="promtool", scope="session")
def _promtool() -> Promtool:
    return Promtool(PROMTOOL.find(os.environ))


@pytest.fixture(name="rendered", scope="session")
def _rendered(tree: Tree, helm: Helm) -> Mapping[Application, tuple[Manifest, ...]]:
    return {application: helm.render(application) for application in tree.applications()}
