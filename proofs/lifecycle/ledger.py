"""The ledger of generations, as the operator's own command prints it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from switchyard.objects import dig
from yardfacts.facts import Generation

__all__ = ["read_ledger", "truth_of"]


def read_ledger(lines: Iterable[str], environment: str) -> tuple[Generation, ...]:
    """Every generation, of what ``history --json`` has printed."""
    return tuple(_generation(json.loads(line), environment) for line in lines if line.startswith("{"))


def truth_of(ledger: Iterable[Generation]) -> Generation:
    """The highest committed generation."""
    return max((one for one in ledger if one.phase == "committed"), key=lambda one: one.generation)


def _generation(line: Mapping[str, Any], environment: str) -> Generation:
    outcome: Mapping[str, Any] = line["outcome"] or {}
    aliases: Mapping[str, Any] = outcome.get("aliases") or {}
    restored = dig(outcome, "evidence", "restored", "took_s") or 0.0
    return Generation(
        environment=environment,
        generation=int(line["generation"]),
        deploy_id=str(line["deploy_id"]),
        action=str(line["action"]),
        phase=str(outcome.get("phase", "open")),
        champion=int(dig(aliases, "champion", "version") or 0),
        previous=int(dig(aliases, "previous", "version") or 0),
        digest=str(dig(aliases, "champion", "digest") or ""),
        reason=str(outcome.get("reason", line["reason"])),
        took_s=float(restored),
        undone=str(dig(outcome, "evidence", "undone") or ""),
    )
