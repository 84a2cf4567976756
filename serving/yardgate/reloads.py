"""
A reload: who deploys announces what an alias is to stand for, and knows from the answer that it does.

It may come twice, late, or from somebody who was overtaken. The generation decides: what is older than what is followed
already, or was made from another state than the current one, is refused, and the answer tells the current state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yardgate.aliases import CHALLENGER, CHAMPION, DeployId, Digest, ModelName, Number, Standing
from yardgate.errors import BodyMalformed, Overtaken
from yardgate.golden import Golden, Rehearsal
from yardgate.routing import Routing, Switch
from yardgate.triton import Readiness

__all__ = ["Announcement", "Reloaded", "Reloads", "read_announcement"]


class Announcement(BaseModel):
    """What an alias is to stand for, by which deployment, and after which state."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    deploy_id: DeployId
    generation: Number
    model: ModelName
    version: Number
    digest: Digest
    expect_generation: Annotated[int, Field(ge=0, lt=10**12)] | None = None
    """That has to be followed now; None where any lower one will do: a rollback comes from wherever a replica is."""
    golden: Golden | None = None

    @property
    def standing(self) -> Standing:
        """What the alias stands for then; a share only the commit gives."""
        return Standing(self.model, self.version, self.digest)


def read_announcement(body: bytes) -> Announcement:
    """
    Read a reload's body.

    Raises:
        BodyMalformed: Not JSON, or not exactly an announcement; the answer names the first thing that is wrong.
    """
    try:
        return Announcement.model_validate_json(body)
    except ValidationError as failure:
        first = failure.errors()[0]
        field = ".".join(map(str, first["loc"])) or "the document"
        raise BodyMalformed(
            f"wanted deploy_id, generation, model, version, digest, expect_generation and, if at all, golden; "
            f"got {failure.error_count()} errors, for {field}: {first['msg']}"
        ) from failure


@dataclass(frozen=True)
class Reloaded:
    """The end of a reload. ``previous`` is what the alias stood for until this call; None if that was nothing."""

    changed: bool
    routing: Routing
    previous: Standing | None

    def document(self) -> dict[str, object]:
        """The JSON body of the answer."""
        previous = self.previous.document() if self.previous else None
        return {"changed": self.changed, **self.routing.document(), "previous": previous}


class Reloads:
    """Judges announcements, rehearses what they announce, and switches."""

    def __init__(self, switch: Switch, *, readiness: Readiness, rehearsal: Rehearsal) -> None:
        self._switch, self._readiness, self._rehearsal = switch, readiness, rehearsal

    async def reload(self, alias: str, announced: Announcement) -> Reloaded:
        """
        Let *alias* stand for what is announced.

        Raises:
            Overtaken: The announcement does not follow from the current state.
            VersionNotReady, GoldenFailed, GoldenMismatch: The version must not be seen by a caller.
            Unreachable: Triton does not say whether it has the version.
            BodyMalformed: The golden rows do not fit the model.
        """
        async with self._switch.turning:
            current = self._switch.current
            if _is_applied(alias, announced, current=current):
                return Reloaded(changed=False, routing=current, previous=None)
            _judge(alias, announced, current=current)
            made = current.announcing(
                alias, announced.standing, generation=announced.generation, deploy_id=announced.deploy_id
            )
            await self._readiness.require(announced.model, version=announced.version)
            if announced.golden is not None:
                await self._rehearsal.require(made.routes[alias, alias], announced.golden)
            self._switch.throw(made)
            return Reloaded(changed=True, routing=made, previous=current.aliases.get(alias))


def _is_applied(alias: str, announced: Announcement, *, current: Routing) -> bool:
    standing = current.aliases.get(alias)
    return (
        (current.generation, current.deploy_id) == (announced.generation, announced.deploy_id)
        and standing is not None
        and standing.is_version_of(announced.standing)
        and standing.digest == announced.digest
    )


def _judge(alias: str, announced: Announcement, *, current: Routing) -> None:
    """Raise ``Overtaken`` unless what is announced follows from the current state."""
    if announced.generation < current.generation:
        raise Overtaken(f"wanted a generation above {current.generation}, got {announced.generation}", current=current)
    if announced.generation == current.generation:
        raise Overtaken(
            f"wanted for generation {current.generation} what it already says of {alias}, got something else; "
            "a generation is taken once",
            current=current,
        )
    if announced.expect_generation not in (None, current.generation):
        raise Overtaken(
            f"wanted an announcement made from generation {current.generation}, "
            f"got one made from {announced.expect_generation}",
            current=current,
        )
    champion = current.aliases.get(CHAMPION)
    if alias == CHALLENGER and champion is not None and champion.is_version_of(announced.standing):
        raise Overtaken(f"wanted a challenger, got version {announced.version}, the champion itself", current=current)
