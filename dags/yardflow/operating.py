"""
Whole deployments in this process, by the operator's commands: the steps that the DAG's tasks run one by one.

Whatever fails half way is undone before its error goes on, and the lock is given back however it went.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from models.errors import ModelError
from models.ledger import Action, Outcome
from yardflow import deploying, steps, undoing
from yardflow.admitting import Alias, Evidence, admit, check_seen
from yardflow.announcing import announce
from yardflow.errors import FlowError, NothingToRetire
from yardflow.flow import Flow
from yardflow.following import check_kept, truth

__all__ = ["FAILURES", "Trial", "deploy", "rebuild", "retire", "rollback"]

Trial = Literal["challenger", "shadow"]
FAILURES: Final = (FlowError, ModelError, OSError)
"""What a command ends with on purpose, or because a volume is full or away."""


def deploy(
    flow: Flow,
    *,
    deploy_id: str,
    version: int,
    alias: Alias,
    actor: str,
    reason: str,
    weight: float = 0.0,
    most: float | None = None,
    overrules: bool = False,
) -> Outcome:
    """
    All steps from a registered version on.

    Args:
        weight: The share of the champion's callers that a challenger gets, 0 to 1.
        most: The share of disagreements, 0 to 1, that a shadow which becomes the champion may have shown; None where
            whoever asks has decided, and what was seen is only kept.
        overrules: Also what the gate did not let through; that it did not stands in the ledger.

    Raises:
        Unregistered, Standing, Unproven, GateClosed, LedgerLost, Locked: Nothing was begun.
        Exception: It failed, and was undone; where undoing failed too, that error is the cause's context.
    """
    kept = flow.registry.version(version)  # before anything is begun: nobody deploys what there is not
    evidence = admit(flow, kept, alias=alias, most=most, overrules=overrules)
    evidence["register"] = {"version": kept.version, "run_id": kept.run_id}
    evidence["begin"] = steps.begin(flow, deploy_id, actor=actor, reason=reason)
    each: list[tuple[str, Callable[[Flow, str, int], Evidence]]] = [
        ("ready", steps.ready),
        ("publish", steps.publish),
        ("load", steps.load),
        ("smoke", steps.smoke),
        *([("switch", steps.switch), ("verify", steps.verify)] if alias == "champion" else []),
    ]
    try:
        check_seen(evidence, steps.intent_of(flow, deploy_id))
        for name, step in each:
            evidence[name] = step(flow, deploy_id, version)
        steps.commit(flow, deploy_id, version, alias=alias, evidence=evidence, weight=weight)
        outcome = steps.ended(flow, deploy_id)
    except Exception as failure:  # a mistake of ours has to be undone as well
        steps.undo(flow, deploy_id, version, reason=f"{type(failure).__name__}: {failure}", evidence=evidence)
        raise
    finally:
        steps.end(flow, deploy_id)
    announce(flow, outcome)
    return outcome


def retire(flow: Flow, *, deploy_id: str, alias: Trial, actor: str, reason: str) -> Outcome:
    """
    Let *alias* stand for nothing, as a new generation; its version is unloaded when every replica follows.

    Raises:
        NothingToRetire: It stands for nothing already; nothing was begun.
        Locked: Somebody else deploys.
        Exception: It failed; what is committed stays.
    """
    placed = truth(flow).aliases.get(alias)
    if placed is None:
        raise NothingToRetire(f"wanted a {alias} of {flow.model} to retire, got none")
    check_kept(flow)
    flow.lock.take(deploy_id)
    try:
        intent = flow.ledger.intend(deploy_id, action=Action.RETIRE, actor=actor, reason=reason)
        current = flow.current
        deploying.check_base(current, intent)
        aliases = {name: one for name, one in current.aliases.items() if name != alias}
        evidence = {"alias": alias, "candidate": placed.version}
        outcome = flow.ledger.commit(intent, aliases=aliases, reason=reason, evidence=evidence)
        steps.settle(flow, outcome)
        steps.tidy(flow, outcome)
    except Exception as failure:  # a mistake of ours has to be undone as well
        steps.undo(flow, deploy_id, None, reason=f"{type(failure).__name__}: {failure}")
        raise
    finally:
        steps.end(flow, deploy_id)
    announce(flow, outcome)
    return outcome


def rebuild(flow: Flow, *, deploy_id: str, actor: str, reason: str) -> Outcome:
    """See ``rebuilding.rebuild``; then everything follows, and people are told."""
    from yardflow import rebuilding  # noqa: PLC0415 - as in ``steps.smoke``: it can make the seed's version again

    try:
        outcome = rebuilding.rebuild(flow, deploy_id=deploy_id, actor=actor, reason=reason)
        # MLflow's aliases are right, and so nothing would write down from where the next number has to count.
        flow.registry.point("champion", outcome.version("champion"), generation=outcome.generation)
        steps.settle(flow, outcome)
        steps.tidy(flow, outcome)
    finally:
        steps.end(flow, deploy_id)
    announce(flow, outcome)
    return outcome


def rollback(flow: Flow, *, deploy_id: str, actor: str, reason: str, again: bool = False) -> Outcome:
    """See ``undoing.rollback``; then everything follows, and people are told."""
    try:
        outcome = undoing.rollback(flow, deploy_id=deploy_id, actor=actor, reason=reason, again=again)
        steps.settle(flow, outcome)
    finally:
        steps.end(flow, deploy_id)
    announce(flow, outcome)
    return outcome
