"""Where a program of the toolchain is: named by a variable, else built here before, else installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import NoBinary

__all__ = ["Binary"]


@dataclass(frozen=True, kw_only=True)
class Binary:
    """A program without which this tier would prove nothing, and so cannot go on."""

    name: str
    family: str
    """Family of the toolchain that has it."""

    def find(self, environment: Mapping[str, str]) -> Path:
        """
        Return the one to use: ``SWITCHYARD_<NAME>``, else the newest in the node's cache, else on the ``PATH``.

        Raises:
            NoBinary: There is none.
        """
        variable = f"SWITCHYARD_{self.name.upper()}"
        named = environment.get(variable, "")
        cache = Path(environment.get("SWITCHYARD_CACHE") or Path.home() / ".cache" / "switchyard")
        places = f"bin/{self.family}-*/{self.name}"  # what `switchyard toolchain` leaves
        built = sorted(cache.glob(places), key=lambda path: path.stat().st_mtime)
        found = named or (str(built[-1]) if built else shutil.which(self.name, path=environment.get("PATH", "")))
        if not found or not os.access(found, os.X_OK):
            looked_at = (f"{variable}={named or '(unset)'}", str(cache / places), "PATH")
            raise NoBinary(self.name, self.family, variable=variable, looked_at=looked_at)
        return Path(found).resolve()
