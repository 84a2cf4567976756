"""The door to promtool: what Prometheus says of rules, in its own words."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .errors import NoPromtool

__all__ = ["Promtool", "find_promtool"]

BUILT: Final = "bin/*/promtool"  # what `switchyard toolchain kubernetes-agents` leaves
WITHIN_S: Final = 60.0  # it takes a second; a busy machine may need more, a hanging one must not hold the tier


@dataclass(frozen=True)
class Promtool:
    """A promtool binary."""

    binary: Path

    def check(self, files: Sequence[Path]) -> list[str]:
        """Return what is wrong with rule *files*: lines with file, line and column; none if Prometheus loads them."""
        return self._complaints("check", "rules", "--lint=all", "--lint-fatal", *map(str, files))

    def test(self, scenario: Path) -> list[str]:
        """Return in what the alerts of a *scenario*, a file of promtool's own kind, differ from what it expects."""
        return self._complaints("test", "rules", str(scenario))

    def _complaints(self, *arguments: str) -> list[str]:
        done = subprocess.run(
            [str(self.binary), *arguments], capture_output=True, text=True, timeout=WITHIN_S, check=False
        )
        if done.returncode == 0:
            return []
        said = [line.strip() for line in (done.stdout + done.stderr).splitlines()]
        return [line for line in said if line and not line.startswith(("Checking ", "SUCCESS", "FAILED"))]


def find_promtool(environment: Mapping[str, str]) -> Path:
    """
    Return the promtool to ask: ``SWITCHYARD_PROMTOOL``, else the newest in the node's cache, else on the ``PATH``.

    Raises:
        NoPromtool: There is none.
    """
    named = environment.get("SWITCHYARD_PROMTOOL", "")
    cache = Path(environment.get("SWITCHYARD_CACHE") or Path.home() / ".cache" / "switchyard")
    built = sorted(cache.glob(BUILT), key=lambda path: path.stat().st_mtime)
    found = named or (str(built[-1]) if built else shutil.which("promtool", path=environment.get("PATH", "")))
    if not found or not os.access(found, os.X_OK):
        raise NoPromtool((f"SWITCHYARD_PROMTOOL={named or '(unset)'}", str(cache / BUILT), "PATH"))
    return Path(found).resolve()
