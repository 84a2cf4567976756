"""A deployment that a proof starts in a pod of the platform's own, may kill or hold, and reads the end of."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from proofs.lifecycle import inside
from proofs.services.exercise import Hands

from switchyard.jobs import run
from switchyard.judging import Inconclusive

__all__ = ["FAILED", "JOB", "REFUSED", "UNWATCHED", "Attempt", "attempt", "sent"]

JOB: Final = "model"
REFUSED, FAILED = 10, 11
"""Exit codes of the operator's command: policy or somebody else says no; it failed, and was undone."""
UNWATCHED: Final = ("--watch", "0")
"""To a rollback that is a step on the way: who asks meanwhile is counted by the proof's own client."""


@dataclass(frozen=True)
class Attempt:
    """How one attempt ended."""

    code: int
    lines: tuple[str, ...]

    @property
    def failure(self) -> str:
        """Name of the error that ended it; empty where none did."""
        named = (line.partition(":")[0] for line in self.lines if ": wanted " in line)
        return next((name for name in named if name.isidentifier() and name[0].isupper()), "")

    @property
    def told(self) -> str:
        """Its exit code; where that is not 0 also the line that names the error, or its last words."""
        if self.code == 0:
            return "exit code 0"
        named = next((line for line in self.lines if ": wanted " in line), "")
        return f"exit code {self.code}: {named or ' / '.join(self.lines[-2:])}"

    @property
    def end(self) -> dict[str, Any]:
        """
        Ledger and lock, as the attempt left them.

        Raises:
            Inconclusive: It did not come to its end.
        """
        last = self.lines[-1] if self.lines else ""
        if not last.startswith('{"ledger"'):
            raise Inconclusive(f"wanted the ledger as the last line, got exit code {self.code}: {self.lines[-3:]}")
        found: dict[str, Any] = json.loads(last)
        return found


def attempt(hands: Hands, deploy_id: str, *arguments: str, tell: Callable[[str], None] = lambda _: None) -> Attempt:
    """Deploy what has arrived, once; *tell* hears each line when it is printed."""
    return sent(hands, inside, deploy_id, *arguments, tell=tell)


def sent(hands: Hands, program: ModuleType, *arguments: str, tell: Callable[[str], None] = lambda _: None) -> Attempt:
    """Run a *program* of a proof's in a pod of the platform's own, as text; *tell* hears each line as it is printed."""
    lines: list[str] = []

    def heard(line: str) -> None:
        lines.append(line)
        tell(line)

    text = Path(str(program.__file__)).read_text(encoding="utf-8")
    code = run(
        hands.kube,
        job=replace(hands.declared.jobs[JOB], command=("python", "-c", text)),
        environment=hands.environment,
        arguments=arguments,
        tell=heard,
        run_id=hands.run_id,
    )
    return Attempt(code, tuple(lines))
