"""
The steps of a deployment in their order, each of which may be repeated: what the DAG's tasks call, and ``operating``
for the operator.

A step renews the deployment's lock and says how long it took; whatever it found goes into the ledger with the commit.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from models.ledger import Action, Intent, Outcome, Phase, Placed
from yardflow import deploying, undoing
from yardflow.admitting import Alias, Evidence
from yardflow.announcing import announce
from yardflow.converging import project
from yardflow.deploying import Deployment
from yardflow.errors import NotBegun
from yardflow.flow import Flow
from yardflow.following import await_followers, check_kept
from yardflow.observing import WATCH_S, watch

__all__ = [
    "Alias",
    "Evidence",
    "begin",
    "commit",
    "end",
    "ended",
    "intent_of",
    "load",
    "publish",
    "ready",
    "settle",
    "smoke",
    "switch",
    "tidy",
    "undo",
    "verify",
    "watch_undone",
]


def begin(flow: Flow, deploy_id: str, *, actor: str, reason: str) -> Evidence:
    """
    Take the lock and a generation; again for the same deployment goes on with them. Whoever gets no generation has no
    lock either: nobody would come after them to give it back.

    Raises:
        LedgerLost: The gateways follow another ledger than this; whatever followed would undo it.
        Locked: Somebody else deploys.
    """
    check_kept(flow)
    try:
        with _timed(flow, deploy_id) as found:
            intent = flow.ledger.intend(deploy_id, action=Action.DEPLOY, actor=actor, reason=reason)
            found["generation"] = intent.generation
    except Exception:  # whatever it was: the lock goes back, and it goes on
        end(flow, deploy_id)
        raise
    flow.tell(f"deployment {deploy_id} is generation {intent.generation}, on {intent.base}")
    return found


def ready(flow: Flow, deploy_id: str, version: int) -> Evidence:
    """See ``deploying.ready``."""
    with _timed(flow, deploy_id) as found:
        found.update(deploying.ready(flow, flow.registry.version(version)))
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
    """See ``smoking.smoke``."""
    from yardflow import smoking  # noqa: PLC0415 - with scikit-learn, a third of what a command takes to start

    with _timed(flow, deploy_id) as found:
        found.update(smoking.smoke(flow, flow.registry.version(version)))
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


def commit(
    flow: Flow, deploy_id: str, version: int, *, alias: Alias, evidence: Mapping[str, Any], weight: float = 0.0
) -> Evidence:
    """
    Make it the truth, let everything follow, and see that every replica of the gateway does.

    Args:
        weight: The share of the champion's callers that a challenger gets, 0 to 1.

    Raises:
        Overtaken, Superseded: Somebody else has decided since.
        NotFollowed: A replica does not follow; what is committed stays.
    """
    with _timed(flow, deploy_id) as found:
        deployment = _deployment(flow, deploy_id, version, alias=alias, weight=weight)
        kept = flow.registry.version(version)
        known = {**evidence, "alias": alias, "run_id": kept.run_id, "metrics": kept.metrics}
        outcome = deploying.commit(flow, deployment, reason=deployment.intent.reason, evidence=known)
        settle(flow, outcome)
        found.update(generation=outcome.generation, removed=tidy(flow, outcome))
    return found


def end(flow: Flow, deploy_id: str) -> bool:
    """Give the lock back; whether this deployment had it. However it went, and as often as wanted."""
    return flow.lock.release(deploy_id)


def undo(
    flow: Flow, deploy_id: str, version: int | None, *, reason: str, evidence: Mapping[str, Any] | None = None
) -> str:
    """See ``undoing.undo``; then everything follows the last good state, and people are told how it ended."""
    ended = undoing.undo(flow, deploy_id=deploy_id, version=version, reason=reason, evidence=evidence)
    if ended == "nothing":
        return ended  # it was refused a number, and this may not even be the ledger that everything follows
    with ExitStack() as telling:  # whatever does not follow, and of whichever people cannot be told, they hear the rest
        for one in (flow.ledger.entry(deploy_id), flow.ledger.entry(undoing.way_back(deploy_id))):
            if one is not None and one.outcome is not None:
                telling.callback(announce, flow, one.outcome)
        # While somebody else is at work the gateways may follow them already.
        if flow.ledger.current is not None and flow.lock.holder in ("", deploy_id):
            settle(flow, flow.current)
    return ended


def watch_undone(flow: Flow, deploy_id: str) -> None:
    """See ``observing.watch``, where users were switched to *deploy_id* and are back."""
    if flow.ledger.entry(undoing.way_back(deploy_id)) is not None:
        watch(flow, for_s=WATCH_S)


def settle(flow: Flow, outcome: Outcome) -> None:
    """Let MLflow's aliases and every replica follow what is committed."""
    project(flow, outcome)
    await_followers(flow, outcome)


def tidy(flow: Flow, outcome: Outcome) -> list[int]:
    """When everybody follows: unload what no alias stands for any more, and remove what is old; the removed ones."""
    standing = deploying.standing(outcome)
    if flow.repository.arranged(flow.model) != standing:
        deploying.hold(flow, standing)
    return list(flow.repository.collect(flow.model, keep=standing))


def ended(flow: Flow, deploy_id: str) -> Outcome:
    """This deployment's own end: somebody may have rolled back meanwhile, and what is current is theirs then."""
    entry = flow.ledger.entry(deploy_id)
    if entry is None or entry.outcome is None:
        raise NotBegun(f"wanted the end of {deploy_id}, got {entry}")
    return entry.outcome


def intent_of(flow: Flow, deploy_id: str) -> Intent:
    """
    What *deploy_id* has begun.

    Raises:
        NotBegun: Nothing, or it was given up.
    """
    entry = flow.ledger.entry(deploy_id)
    if entry is None or (entry.outcome is not None and entry.outcome.phase is Phase.ABORTED):
        raise NotBegun(f"wanted an open generation of {deploy_id}, got {entry}: begin it, all of it, once more")
    return entry.intent


@contextmanager
def _timed(flow: Flow, deploy_id: str) -> Iterator[Evidence]:
    flow.lock.take(deploy_id)
    found: Evidence = {}
    started_s = time.monotonic()
    yield found
    found["took_s"] = round(time.monotonic() - started_s, 3)


def _deployment(flow: Flow, deploy_id: str, version: int, *, alias: Alias, weight: float = 0.0) -> Deployment:
    placed = Placed(version, flow.repository.digest(flow.model, version), weight)
    return Deployment(intent=intent_of(flow, deploy_id), alias=alias, placed=placed)
