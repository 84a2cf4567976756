"""
A ledger that was lost with its volume, made again of what others remember: MLflow's aliases say which version stands
behind which, the gateways and the tags of versions which number comes after all that anybody follows.

A number is taken only when everything is loaded and answers. Whoever dies before leaves nothing that is in the way, and
whoever dies after it a number that is given up by the next attempt.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from models.ledger import ALIASES, Action, Intent, Outcome, Placed
from models.wine import seed
from yardflow.deploying import Deployment, check_base, load, publish, switch, verify
from yardflow.errors import NothingToRebuildOf, NotLost
from yardflow.flow import Flow
from yardflow.following import SERVED, ahead
from yardflow.gateway import Table

__all__ = ["rebuild"]

CHAMPION: Final = "champion"


def rebuild(flow: Flow, *, deploy_id: str, actor: str, reason: str) -> Outcome:
    """
    Make a lost ledger again, as one generation above all that anybody follows, and switch every replica to it.

    Raises:
        NotLost: Somebody has decided something since the ledger began; nothing was changed.
        NothingToRebuildOf: MLflow has no champion; nothing was changed.
        Locked: Somebody else is at work.
        FlowError, ModelError: It failed. Replicas serve on with what they follow; run again, it goes on.
    """
    _check_lost(flow)
    remembered = _remembered(flow)
    flow.lock.take(deploy_id)
    started_s = time.monotonic()
    tables = ahead(flow, 0)
    _warn(flow, remembered, tables)
    placed = _published(flow, remembered, tables, deploy_id=deploy_id)
    flow.lock.take(deploy_id)  # again: downloads take their time, and a load may
    champion = placed[CHAMPION]
    # Each was found in the registry, and its files were had and compared, before it was published.
    evidence: dict[str, Any] = {
        "register": {"versions": sorted(one.version for one in placed.values())},
        "ready": {"version": champion.version, "digest": champion.digest},
        "publish": {"digest": champion.digest, "versions": sorted(one.version for one in placed.values())},
        # What replicas answer with stays until they are switched, also where MLflow says otherwise.
        "load": load(flow, *(one.version for one in placed.values()), *_served(tables)),
        "smoke": {"golden_max_difference": flow.check_triton(champion.version)},
    }
    highest = _highest(flow)
    intent = flow.ledger.intend(deploy_id, action=Action.REBUILD, actor=actor, reason=reason, at_least=highest + 1)
    deployment = Deployment(intent=intent, alias=CHAMPION, placed=champion)
    evidence["switch"] = switch(flow, deployment, fenced=False)
    evidence["verify"] = verify(flow, deployment)
    took_s = round(time.monotonic() - started_s, 3)
    return _committed(flow, intent, placed, {**evidence, "rebuilt": {"above": highest, "took_s": took_s}})


def _check_lost(flow: Flow) -> None:
    if not flow.ledger.is_blank:
        current = flow.ledger.current
        said = f"generation {current.generation} ({current.action} by {current.actor})" if current else "open ones"
        raise NotLost(
            f"wanted a ledger of {flow.model} without a decision, got {said}: it is not made again; "
            "`converge` lets everything follow it, `rollback` goes back in it"
        )


def _remembered(flow: Flow) -> Mapping[str, int]:
    """Alias to version, as MLflow has them; what says the champion twice was left by somebody who died in between."""
    found = flow.registry.aliases()
    champion = found.get(CHAMPION)
    if champion is None:
        raise NothingToRebuildOf(
            f"wanted the alias {CHAMPION} of {flow.model} in MLflow, got {dict(found) or 'no alias'}: "
            "give it to the version that served, GET /v1/aliases of a gateway tells which, and run this again"
        )
    others = {alias: found[alias] for alias in ALIASES if alias in found and found[alias] != champion}
    return {CHAMPION: champion, **others}


def _warn(flow: Flow, remembered: Mapping[str, int], tables: tuple[Table, ...]) -> None:
    for table in tables:
        if table.version(CHAMPION) != remembered[CHAMPION]:
            flow.tell(
                f"{table.replica} answers with version {table.version(CHAMPION)} since generation {table.generation}; "
                f"MLflow says {remembered[CHAMPION]}, and that is what is made again"
            )


def _published(
    flow: Flow, remembered: Mapping[str, int], tables: tuple[Table, ...], *, deploy_id: str
) -> Mapping[str, Placed]:
    """Bring the files of every version that counts from MLflow; a lost volume lost them too."""
    if not flow.repository.folder(flow.model).is_dir():
        # Also the first generation, as the seed's job makes it: a job that comes later finds everything there.
        seed.publish(flow.settings.volume)
        flow.tell(f"the repository of {flow.model} was gone; it begins anew, as the seed makes it")
    digests: dict[int, str] = {}
    for version in sorted({*remembered.values(), *_served(tables)}):
        digests[version] = publish(flow, flow.registry.version(version), deploy_id=deploy_id).digest
        flow.golden(version)  # without its golden rows nobody could ever return to it
    return {
        alias: Placed(version, digests[version], _weight(tables, version) if alias == "challenger" else 0.0)
        for alias, version in remembered.items()
    }


def _served(tables: tuple[Table, ...]) -> frozenset[int]:
    found = (table.version(alias) for table in tables for alias in SERVED)
    return frozenset(version for version in found if version is not None)


def _weight(tables: tuple[Table, ...], version: int) -> float:
    """A challenger's share, which MLflow does not know; whoever follows the highest generation knows it best."""
    return next((table.weight for table in reversed(tables) if table.version("challenger") == version), 0.0)


def _highest(flow: Flow) -> int:
    """The highest generation that a replica follows, or that a version was given an alias in."""
    return max([flow.registry.generation(), *(table.generation for table in ahead(flow, 0))])


def _committed(flow: Flow, intent: Intent, placed: Mapping[str, Placed], evidence: Mapping[str, Any]) -> Outcome:
    kept = flow.registry.version(placed[CHAMPION].version)
    known = {**evidence, "run_id": kept.run_id, "metrics": kept.metrics}
    check_base(flow.ledger.current, intent)
    outcome = flow.ledger.commit(intent, aliases=placed, reason=intent.reason, evidence=known)
    flow.tell(f"version {kept.version} is champion of a new ledger, as generation {intent.generation}")
    for entry in flow.ledger.history():
        if entry.outcome is None and entry.intent.generation < intent.generation:
            flow.ledger.abort(entry.intent, reason=f"left open; generation {intent.generation} came to an end")
    return outcome
