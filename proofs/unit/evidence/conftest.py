"""Sealed runs, and keys: the runs are made once, and copied for whoever tampers."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from yardfacts.keys import SigningKey, make_key

from .run import Run, make_run


@pytest.fixture(name="honest", scope="session")
def _honest(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Nobody touches it."""
    return _made(tmp_path_factory.mktemp("honest"))


@pytest.fixture(name="elsewhere", scope="session")
def _elsewhere(tmp_path_factory: pytest.TempPathFactory, honest: Run) -> Run:
    """Genuine as well, by the same key, of another commit."""
    return _made(tmp_path_factory.mktemp("elsewhere"), key=honest.claims.parents[1] / "signing.key", commit="d" * 40)


@pytest.fixture(name="run")
def _run(honest: Run, tmp_path: Path) -> Run:
    """A copy of the honest one, claims included."""
    folder, claims = tmp_path / honest.folder.name, tmp_path / "proofs" / "claims"
    shutil.copytree(honest.folder, folder)
    shutil.copytree(honest.claims, claims)
    return replace(honest, folder=folder, claims=claims)


@pytest.fixture(name="stranger")
def _stranger(tmp_path: Path) -> SigningKey:
    """The attacker's key."""
    return make_key(tmp_path / "stranger" / "signing.key")


def _made(home: Path, *, key: Path | None = None, commit: str = "") -> Run:
    path = key or home / "signing.key"
    if key is None:
        make_key(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SWITCHYARD_SIGNING_KEY", str(path))
        return make_run(home, key=path, **({"commit": commit} if commit else {}))
