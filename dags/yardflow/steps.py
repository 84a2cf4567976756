"""
The steps of a deployment in their order, each of which may be repeated: what the DAG's tasks and the operator's
commands call, and nothing else does.

A step renews the deployment's lock and says how long it took; whatever it found goes into the ledger with the commit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Literal

from models.errors import ModelError
from models.ledger import Action, Intent, Outcome, Phase, Placed
from yardflow import deploying, undoing
from yardflow.announcing import announce
from yardflow.converging import project
from yardflow.deploying import Deployment
from yardflow.errors import FlowError, NotBegun, Standing
from yardflow.flow import Flow
from yardflow.following import await_followers

__all__ = [
    "FAILURES",
    "Alias",
    "Evidence",
    "begin",
    "commit",
    "deploy",
    "end",
    "ended",
    "load",
    "publish",
    "rollback",
    "settle",
    "smoke",
    "switch",
    "undo",
    "verify",
]

Alias = Literal["champion", "shadow"]
Evidence = dict[str, Any]
"""What a step found, as JSON; ``took_s`` among it."""
FAILURES: Final = (FlowError, ModelError)


def begin(flow: Flow, deploy_id: str, *, actor: str, reason: str) -> Evidence:
    """
    Take the lock and a generation; again for the same deployment goes on with them.

    Raises:
        Locked: Somebody else deploys.
    """
    with _timed(flow, deploy_id) as found:
        intent = flow.ledger.intend(deploy_id, action=Action.DEPLOY, actor=actor, reason=reason)
        found["generation"] = intent.generation
    flow.tell(f"deployment {deploy_id} is generation {intent.generation}, on {intent.base}")
    return found


def publish(flow: Flow, deploy_id: str, version: int) -> Evidence:
    """See ``deploying.publish``."""
    with _timed(flow, deploy_id) as found:
        published = deploying.publish(flow, flow.registry.version(version), deploy_id=deploy_id)
        found.update(digest=published.digest, outcome=published.outcome)
    return found


def load(flow: Flow, deploy_id: str, version: int) -> Evidence:
    """See ``deploying.load``."""
    with _timed(flow, deploy_id) as found:
        found.update(deploying.load(flow, version))
    return found


def smoke(flow: Flow, deploy_id: str, version: int) -> Evidence:
    """See ``deploying.smoke``."""
    with _timed(flow, deploy_id) as found:
        found.update(deploying.smoke(flow, flow.registry.version(version)))
    return found


def switch(flow: Flow, deploy_id: str, version: int) -> Evidence:
    """See ``deploying.switch``."""
    with _timed(flow, deploy_id) as found:
        found.update(deploying.switch(flow, _deployment(flow, deploy_id, version, alias="champion")))
    return found


def verify(flow: Flow, deploy_id: str, version: int) -> Evidence:
    """See ``deploying.verify``."""
    with _timed(flow, deploy_id) as found:
        found.update(deploying.verify(flow, _deployment(flow, deploy_id, version, alias="champion")))
    return found


def commit(flow: Flow, deploy_id: str, version: int, *, alias: Alias, evidence: Mapping[str, Any]) -> Evidence:
    """
    Make it the truth, let everything follow, and see that every replica of the gateway does.

    Raises:
        Overtaken, Superseded: Somebody else has decided since.
        NotFollowed: A replica does not follow; what is committed stays.
    """
    with _timed(flow, deploy_id) as found:
        deployment = _deployment(flow, deploy_id, version, alias=alias)
        kept = flow.registry.version(version)
        known = {**evidence, "run_id": kept.run_id, "metrics": kept.metrics}
        outcome = deploying.commit(flow, deployment, reason=deployment.intent.reason, evidence=known)
        settle(flow, outcome)
        removed = flow.repository.collect(flow.model, keep=deploying.standing(outcome))
        found.update(generation=outcome.generation, removed=list(removed))
    return found


def end(flow: Flow, deploy_id: str) -> bool:
    """Give the lock back; whether this deployment had it. However it went, and as often as wanted."""
    return flow.lock.release(deploy_id)


def undo(
    flow: Flow, deploy_id: str, version: int | None, *, reason: str, evidence: Mapping[str, Any] | None = None
) -> str:
    """See ``undoing.undo``; then everything follows the last good state, and people are told how it ended."""
    ended = undoing.undo(flow, deploy_id=deploy_id, version=version, reason=reason, evidence=evidence)
    if flow.ledger.current is not None:
        settle(flow, flow.current)
    if ended == "rolled_back":
        announce(flow, flow.current)
    entry = flow.ledger.entry(deploy_id)
    if entry is not None and entry.outcome is not None:
        announce(flow, entry.outcome)
    return ended


def settle(flow: Flow, outcome: Outcome) -> None:
    """Let MLflow's aliases and every replica follow what is committed."""
    project(flow, outcome)
    await_followers(flow, outcome)


def deploy(flow: Flow, *, deploy_id: str, version: int, alias: Alias, actor: str, reason: str) -> Outcome:
    """
    All steps from a registered version on, in this process: the operator's way.

    Raises:
        Unregistered, Standing: There is no such version, or it stands behind another alias; nothing was begun.
        FlowError, ModelError: It failed, and was undone; where undoing failed too, that error is the cause's context.
    """
    flow.registry.version(version)  # before anything is begun: nobody deploys what there is not
    _check_free(flow, version, alias=alias)
    evidence: Evidence = {"begin": begin(flow, deploy_id, actor=actor, reason=reason)}
    steps: list[tuple[str, Callable[[Flow, str, int], Evidence]]] = [
        ("publish", publish),
        ("load", load),
        ("smoke", smoke),
        *([("switch", switch), ("verify", verify)] if alias == "champion" else []),
    ]
    try:
        for name, step in steps:
            evidence[name] = step(flow, deploy_id, version)
        commit(flow, deploy_id, version, alias=alias, evidence=evidence)
        outcome = ended(flow, deploy_id)
    except FAILURES as failure:
        undo(flow, deploy_id, version, reason=f"{type(failure).__name__}: {failure}", evidence=evidence)
        raise
    finally:
        end(flow, deploy_id)
    announce(flow, outcome)
    return outcome


def _check_free(flow: Flow, version: int, *, alias: Alias) -> None:
    """A shadow that is the champion would be compared with itself; one that is previous could not be returned to."""
    for taken in ("champion", "previous"):
        if alias == "shadow" and flow.current.version(taken) == version:
            raise Standing(f"wanted version {version} as {alias}, got that it is {taken}: register another")


def rollback(flow: Flow, *, deploy_id: str, actor: str, reason: str, again: bool = False) -> Outcome:
    """See ``undoing.rollback``; then everything follows, and people are told."""
    outcome = undoing.rollback(flow, deploy_id=deploy_id, actor=actor, reason=reason, again=again)
    settle(flow, outcome)
    announce(flow, outcome)
    return outcome


@contextmanager
def _timed(flow: Flow, deploy_id: str) -> Iterator[Evidence]:
    flow.lock.take(deploy_id)
    found: Evidence = {}
    started_s = time.monotonic()
    yield found
    found["took_s"] = round(time.monotonic() - started_s, 3)


def _deployment(flow: Flow, deploy_id: str, version: int, *, alias: Alias) -> Deployment:
    placed = Placed(version, flow.repository.digest(flow.model, version))
    return Deployment(intent=_intent(flow, deploy_id), alias=alias, placed=placed)


def ended(flow: Flow, deploy_id: str) -> Outcome:
    """This deployment's own end: somebody may have rolled back meanwhile, and what is current is theirs then."""
    entry = flow.ledger.entry(deploy_id)
    if entry is None or entry.outcome is None:
        raise NotBegun(f"wanted the end of {deploy_id}, got {entry}")
    return entry.outcome


def _intent(flow: Flow, deploy_id: str) -> Intent:
    entry = flow.ledger.entry(deploy_id)
    if entry is None or (entry.outcome is not None and entry.outcome.phase is Phase.ABORTED):
        raise NotBegun(f"wanted an open generation of {deploy_id}, got {entry}: begin it, all of it, once more")
    return entry.intent
