"""Claims found by path, one file each, so that a live run, a test and a replay load the same files."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path

from yardfacts.claims import Claim

__all__ = ["NotAClaim", "load_claims"]


class NotAClaim(ImportError):
    """A file in the claims' folder does not hold exactly the claim that its name promises."""


def load_claims(folder: Path) -> Mapping[str, Claim]:
    """
    Load every claim of *folder* by its name; ``<name>.py`` has to define the claim ``<name>``.

    Raises:
        NotAClaim: A file cannot be loaded or does not hold its claim, or the folder has no file.
    """
    paths = sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))
    if not paths:
        raise NotAClaim(f"{folder}: wanted one file a claim, found none")
    return {path.stem: _load(path) for path in paths}


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
