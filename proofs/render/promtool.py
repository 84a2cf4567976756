"""The door to promtool: what Prometheus says of rules, in its own words."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .binary import Binary

__all__ = ["PROMTOOL", "Promtool"]

PROMTOOL: Final = Binary(name="promtool", family="kubernetes-agents")
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
