"""
Reading the ledger: one folder a model with ``<12 digits>.outcome.json``, of which the highest committed is the truth.

Files appear whole and are never edited. What else lies there (intents, files that are still being made) says nothing
about what is served.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yardgate.aliases import CHALLENGER, CHAMPION, Alias, DeployId, Digest, ModelName, Number, Standing
from yardgate.errors import LedgerUnreadable
from yardgate.routing import Routing

__all__ = ["read_ledger"]

OUTCOME = re.compile(r"([0-9]{12})\.outcome\.json")


class _Entry(BaseModel):
    """What an alias stands for; what else is written there is for other readers."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    version: Number
    digest: Digest
    weight: Annotated[float, Field(ge=0, le=1)] | None = None


class _Outcome(BaseModel):
    """How a generation ended."""

    model_config = ConfigDict(strict=True)

    generation: Number
    phase: Literal["committed", "aborted"]


class _Committed(_Outcome):
    """The whole state after a generation."""

    model: ModelName
    deploy_id: DeployId
    aliases: dict[Alias, _Entry]


def read_ledger(folder: Path) -> Routing | None:
    """
    The routing of the highest committed generation; None where nothing was committed yet, or the folder is absent.

    Raises:
        LedgerUnreadable: The folder or an outcome cannot be read, or an outcome that is newer than every commit says
            what none may say. What lies below a commit is not read.
    """
    try:
        names = sorted((path.name for path in folder.iterdir() if OUTCOME.fullmatch(path.name)), reverse=True)
    except FileNotFoundError:
        return None
    except OSError as failure:
        raise LedgerUnreadable(f"wanted to list the ledger, got {failure}; mount it at {folder}") from failure
    # Lazily: the first commit from above ends it.
    return next((found for name in names if (found := _routing(folder / name)) is not None), None)


def _routing(path: Path) -> Routing | None:
    """What a committed outcome says; None for an aborted one."""
    try:
        text = path.read_bytes()
        outcome = _Outcome.model_validate_json(text)
        committed = _Committed.model_validate_json(text) if outcome.phase == "committed" else None
    except OSError as failure:
        raise LedgerUnreadable(f"wanted a readable outcome, got {failure}; see {path}") from failure
    except ValidationError as failure:
        first = failure.errors()[0]
        field = ".".join(map(str, first["loc"])) or "the document"
        raise LedgerUnreadable(f"wanted an outcome, got for {field}: {first['msg']}; see {path}") from failure
    if outcome.generation != int(path.name[:12]):
        raise LedgerUnreadable(f"wanted the generation of the file's name, got {outcome.generation}; see {path}")
    if committed is None:
        return None
    aliases: dict[str, Standing] = {
        alias: _standing(alias, entry, model=committed.model) for alias, entry in committed.aliases.items()
    }
    champion = aliases.get(CHAMPION)
    twins = [name for name, other in aliases.items() if name != CHAMPION and champion and other.is_version_of(champion)]
    if twins:
        raise LedgerUnreadable(f"wanted the champion's version behind no other alias, got {twins}; see {path}")
    return Routing(committed.generation, committed.deploy_id, aliases)


def _standing(alias: Alias, entry: _Entry, *, model: str) -> Standing:
    return Standing(model, entry.version, entry.digest, entry.weight if alias == CHALLENGER else None)
