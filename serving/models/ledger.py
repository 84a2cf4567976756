"""
The ledger of a model's generations: which version stands behind which alias, since when, and who decided it.

``state/<model>/<12 digits>.intent.json`` takes a number, ``<12 digits>.outcome.json`` ends it. Both are made
whole under another name and linked: a link fails where the name is taken, on NFS too, so a number is taken once and
ended once. Nothing is edited. The highest committed generation is the truth; see ADR 0015.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from models.errors import Ended, LedgerDamaged, Superseded

__all__ = ["ALIASES", "Action", "Entry", "Intent", "Ledger", "Outcome", "Phase", "Placed"]

ALIASES: Final = ("champion", "previous", "challenger", "shadow")
INTENT: Final = re.compile(r"(\d{12})\.intent\.json")


class Action(StrEnum):
    """Why there is a generation."""

    SEED = "seed"
    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    RETIRE = "retire"
    REBUILD = "rebuild"


class Phase(StrEnum):
    """How a generation ended."""

    COMMITTED = "committed"
    ABORTED = "aborted"


@dataclass(frozen=True)
class Placed:
    """What stands behind an alias. weight: the share of the champion's requests that a challenger gets, 0 to 1."""

    version: int
    digest: str
    weight: float = 0.0

    def document(self) -> dict[str, Any]:
        """As it is stored; a weight only where there is one."""
        return {name: value for name, value in asdict(self).items() if name != "weight" or value}


@dataclass(frozen=True, kw_only=True)
class Intent:
    """A number that somebody took. base: the generation that was the truth then, 0 where there was none."""

    model: str
    generation: int
    deploy_id: str
    action: Action
    base: int
    actor: str
    reason: str
    at: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The end of a generation; where it is committed, ``aliases`` are the whole state after it."""

    model: str
    generation: int
    phase: Phase
    deploy_id: str
    action: Action
    aliases: Mapping[str, Placed]
    actor: str
    reason: str
    at: str
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As it is stored."""
        return {**vars(self), "aliases": {alias: placed.document() for alias, placed in self.aliases.items()}}

    def version(self, alias: str) -> int | None:
        """The version behind *alias*; None where it stands for nothing."""
        placed = self.aliases.get(alias)
        return placed.version if placed else None


@dataclass(frozen=True)
class Entry:
    """A generation, and its end; None while it is open."""

    intent: Intent
    outcome: Outcome | None


def _now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """One model's ledger below the volume *root*. Reading it makes nothing; the first intent makes the folder."""

    def __init__(self, root: Path, model: str, *, clock: Callable[[], datetime] = _now) -> None:
        self.model, self._clock = model, clock
        self._folder = root / "state" / model

    @property
    def current(self) -> Outcome | None:
        """
        The highest committed generation; None before the first.

        Raises:
            LedgerDamaged: A file is not what was written.
        """
        committed = (
            entry.outcome
            for entry in reversed(tuple(self.history()))
            if entry.outcome and entry.outcome.phase is Phase.COMMITTED
        )
        return next(committed, None)

    @property
    def is_blank(self) -> bool:
        """
        Whether nobody has decided anything: nothing but the seed's first generation, and rebuilds without a commit.

        Raises:
            LedgerDamaged: A file is not what was written.
        """
        return all(_is_beginning(entry) for entry in self.history())

    def history(self) -> Iterator[Entry]:
        """
        Every generation, from the first.

        Raises:
            LedgerDamaged: A file is not what was written.
        """
        names = sorted(path.name for path in self._folder.glob("*.intent.json")) if self._folder.is_dir() else []
        for name in names:
            found = INTENT.fullmatch(name)
            if found is None:
                raise LedgerDamaged(f"wanted twelve digits before .intent.json, got {self._folder / name}")
            intent = self._intent(int(found.group(1)))
            yield Entry(intent, self.outcome(intent))

    def entry(self, deploy_id: str) -> Entry | None:
        """The newest generation of *deploy_id*."""
        mine = [entry for entry in self.history() if entry.intent.deploy_id == deploy_id]
        return mine[-1] if mine else None

    def outcome(self, intent: Intent) -> Outcome | None:
        """How *intent* ended; None while it is open."""
        path = self._path(intent.generation, "outcome")
        document = self._read(path) if path.is_file() else None
        return None if document is None else _outcome(document, path=path)

    def intend(self, deploy_id: str, *, action: Action, actor: str, reason: str, at_least: int = 1) -> Intent:
        """
        Take the next number; a deployment that has one already goes on with it, unless that was aborted.

        Args:
            at_least: No number below it is taken, and none is gone on with: somebody outside has seen higher ones.

        Raises:
            Superseded: A seed comes into a rebuild that has not ended: its number would be above everybody's.
        """
        mine = self.entry(deploy_id)
        is_over = mine is None or (mine.outcome is not None and mine.outcome.phase is Phase.ABORTED)
        if mine is not None and not is_over and mine.intent.action is action and mine.intent.generation >= at_least:
            return mine.intent
        while True:
            history = tuple(self.history())
            if action is Action.SEED and any(entry.intent.action is Action.REBUILD for entry in history):
                raise Superseded(
                    f"wanted to seed an empty ledger of {self.model}, got one that is being rebuilt, at generation "
                    f"{history[-1].intent.generation}: let `rebuild` come to its end first"
                )
            current = self.current
            intent = Intent(
                model=self.model,
                generation=max(history[-1].intent.generation + 1 if history else 1, at_least),
                deploy_id=deploy_id,
                action=action,
                base=current.generation if current else 0,
                actor=actor,
                reason=reason,
                at=self._stamp(),
            )
            if self._link(self._path(intent.generation, "intent"), asdict(intent)):
                return intent

    def commit(
        self, intent: Intent, *, aliases: Mapping[str, Placed], reason: str, evidence: Mapping[str, Any] | None = None
    ) -> Outcome:
        """
        End *intent* by making *aliases* the truth; again with the same aliases is no news.

        Raises:
            Superseded: A higher generation is committed already.
            Ended: It ended otherwise.
        """
        _check(aliases)
        current = self.current
        if current is not None and current.generation > intent.generation:
            raise Superseded(
                f"wanted to commit generation {intent.generation} of {self.model}, got {current.generation} committed "
                f"already ({current.action} by {current.actor}): a lower one never follows a higher"
            )
        return self._end(intent, Phase.COMMITTED, aliases=aliases, reason=reason, evidence=evidence)

    def abort(self, intent: Intent, *, reason: str, evidence: Mapping[str, Any] | None = None) -> Outcome:
        """
        End *intent* without an effect.

        Raises:
            Ended: It is committed.
        """
        return self._end(intent, Phase.ABORTED, aliases={}, reason=reason, evidence=evidence)

    def _end(
        self,
        intent: Intent,
        phase: Phase,
        *,
        aliases: Mapping[str, Placed],
        reason: str,
        evidence: Mapping[str, Any] | None,
    ) -> Outcome:
        outcome = Outcome(
            model=self.model,
            generation=intent.generation,
            phase=phase,
            deploy_id=intent.deploy_id,
            action=intent.action,
            aliases=dict(aliases),
            actor=intent.actor,
            reason=reason,
            at=self._stamp(),
            evidence=dict(evidence or {}),
        )
        if self._link(self._path(intent.generation, "outcome"), outcome.document()):
            return outcome
        found = self.outcome(intent)
        # The number alone says little: on a volume that was lost it may have been taken before, by somebody else.
        if found is None or (found.deploy_id, found.phase, found.aliases) != (intent.deploy_id, phase, outcome.aliases):
            raise Ended(f"wanted generation {intent.generation} of {self.model} {phase}, got {found}")
        return found

    def _intent(self, generation: int) -> Intent:
        path = self._path(generation, "intent")
        document = self._read(path)
        try:
            return Intent(**{**document, "action": Action(document["action"])})
        except (TypeError, ValueError, KeyError) as failure:
            raise LedgerDamaged(f"wanted an intent in {path}, got {failure!r}") from failure

    def _path(self, generation: int, kind: str) -> Path:
        return self._folder / f"{generation:012d}.{kind}.json"

    def _stamp(self) -> str:
        return self._clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @staticmethod
    def _read(path: Path) -> dict[str, Any]:
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as failure:
            raise LedgerDamaged(f"wanted a readable {path}, got {failure}") from failure
        if not isinstance(document, dict):
            raise LedgerDamaged(f"wanted an object in {path}, got {type(document).__name__}")
        return document

    def _link(self, path: Path, document: Mapping[str, Any]) -> bool:
        """Make *path* with *document*, durable; False where it is there already."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=self._folder, prefix=".draft-", encoding="utf-8") as draft:
            json.dump(document, draft, indent=1)
            draft.flush()
            os.fchmod(draft.fileno(), 0o644)  # the gateway's user reads it
            os.fsync(draft.fileno())
            try:
                os.link(draft.name, path)
            except FileExistsError:
                return False
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return True


def _is_beginning(entry: Entry) -> bool:
    if entry.intent.action is Action.REBUILD:
        return entry.outcome is None or entry.outcome.phase is Phase.ABORTED
    return entry.intent.action is Action.SEED and entry.intent.generation == 1


def _check(aliases: Mapping[str, Placed]) -> None:
    """What the words mean: every other alias is another version than the champion, and a weight is a share."""
    unknown = sorted(aliases.keys() - set(ALIASES))
    if unknown:
        raise ValueError(f"wanted aliases of {', '.join(ALIASES)}; got {', '.join(unknown)}")
    champion = aliases.get("champion")
    doubled = sorted(
        alias
        for alias, placed in aliases.items()
        if champion and alias != "champion" and placed.version == champion.version
    )
    if doubled:
        raise ValueError(f"wanted other versions than the champion's behind {', '.join(doubled)}; got the same")
    # A gateway reads no ledger in which it is none.
    weights = {alias: placed.weight for alias, placed in aliases.items() if not 0.0 <= placed.weight <= 1.0}
    if weights:
        raise ValueError(f"wanted weights from 0 to 1, got {weights}")


def _outcome(document: Mapping[str, Any], *, path: Path) -> Outcome:
    try:
        return Outcome(
            **{
                **document,
                "phase": Phase(document["phase"]),
                "action": Action(document["action"]),
                "aliases": {alias: Placed(**placed) for alias, placed in document["aliases"].items()},
            }
        )
    except (TypeError, ValueError, KeyError, AttributeError) as failure:
        raise LedgerDamaged(f"wanted an outcome in {path}, got {failure!r}") from failure
