"""Claims found by path, one file each, so that a live run, a test and a replay load the same files."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path

from yardfacts.bundle import digest
from yardfacts.claims import Claim

__all__ = ["NotAClaim", "digests", "load_claims"]


class NotAClaim(ImportError):
    """A file in the claims' folder does not hold exactly the claim that its name promises."""


def load_claims(folder: Path) -> Mapping[str, Claim]:
    """
    Load every claim of *folder* by its name; ``<name>.py`` has to define the claim ``<name>``.

    Raises:
        NotAClaim: A file cannot be loaded or does not hold its claim, or the folder has no file.
    """
    paths = _files(folder)
    if not paths:
        raise NotAClaim(f"{folder}: wanted one file a claim, found none")
    return {path.stem: _load(path) for path in paths}


def digests(folder: Path) -> Mapping[str, str]:
    """SHA-256 of every claim's file, by ``<folder's name>/<file's name>``: by which files a run was judged."""
    return {f"{folder.name}/{path.name}": digest(path) for path in _files(folder)}


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))


def _load(path: Path) -> Claim:
    spec = importlib.util.spec_from_file_location(f"claims.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise NotAClaim(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = getattr(module, path.stem, None)
    if not isinstance(found, Claim):
        raise NotAClaim(f"{path}: wanted a claim named {path.stem}, got {found!r}")
    return found
