"""
When a deployment fails: before the switch it is aborted, after it the last good state comes back as a new generation.

Both end with the proof that the champion answers as it did: a rollback that is not verified has not happened.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from models.ledger import Action, Intent, Outcome, Phase, Placed
from yardflow.deploying import Deployment, commit, hold, standing, switch, verify
from yardflow.errors import Flapping, Locked, NothingToRollBackTo
from yardflow.flow import Flow
from yardflow.following import ahead, check_kept, truth
from yardflow.waiting import wait_until

__all__ = ["abort", "bring_back", "rollback", "undo", "way_back"]

PATIENCE_S: Final = 15.0
"""For the lock, before what was begun is undone: a rollback takes a second or two, and has done it by then."""


def undo(
    flow: Flow, *, deploy_id: str, version: int | None, reason: str, evidence: Mapping[str, Any] | None = None
) -> str:
    """
    Undo whatever *deploy_id* has done so far, and say how it ended. Safe to repeat.

    ``nothing`` and ``committed``: there was nothing to undo. ``aborted``: its candidate was not loaded yet.
    ``rolled_back``: it was, and is not any more; where replicas were switched to it, they are back as a new
    generation. ``superseded``: somebody else has decided since, or is about to, and what is loaded is left to them.

    Args:
        version: The candidate's, where it got one.

        evidence: What was found before it failed.

    Raises:
        FlowError: The last good state could not be shown; traffic stays where it was acknowledged last.
    """
    entry = flow.ledger.entry(deploy_id)
    if entry is None:
        return "nothing"
    if entry.outcome is not None:
        is_committed = entry.outcome.phase is Phase.COMMITTED
        return "committed" if is_committed else str(entry.outcome.evidence.get("undone", "aborted"))
    intent, is_mine = entry.intent, _locked(flow, deploy_id)
    # Of one replica alone, too, and where another one follows somebody's higher number by now.
    if any(one.generation == intent.generation for one in ahead(flow, intent.base)):
        check_kept(flow)
        champion = flow.current.aliases["champion"]
        _return_to(flow, champion, deploy_id=way_back(deploy_id), actor=intent.actor, reason=reason)
        ended = "rolled_back"
    elif not is_mine or (flow.ledger.current.generation if flow.ledger.current else 0) != intent.base:
        ended = "superseded"
    else:
        found = flow.triton.versions(flow.model).get(version) if version is not None else None
        ended = "rolled_back" if found is not None and found.state == "READY" else "aborted"
    known = {**(evidence or {}), "candidate": version, "undone": ended}
    if is_mine:
        abort(flow, intent, version=version, reason=reason, evidence=known)
    else:  # what somebody else has loaded may serve by now, and stands in no ledger yet
        flow.ledger.abort(intent, reason=reason, evidence=known)
        flow.tell(f"generation {intent.generation} is given up, and what is loaded left to {flow.lock.holder}")
    return ended


def way_back(deploy_id: str) -> str:
    """The id of the rollback that undoes *deploy_id*."""
    return f"{deploy_id}-undo"


def _locked(flow: Flow, deploy_id: str) -> bool:
    """Take the lock, if need be after whoever rolls back just now; whether it could be had."""

    def taken() -> bool:
        try:
            flow.lock.take(deploy_id)
        except Locked:
            return False
        return True

    try:
        wait_until(taken, within_s=PATIENCE_S, failure=lambda: Locked(f"wanted it free in {PATIENCE_S:g} s"))
    except Locked:
        return False
    return True


def abort(
    flow: Flow, intent: Intent, *, version: int | None, reason: str, evidence: Mapping[str, Any]
) -> Mapping[str, Any]:
    """
    Take a candidate away that nobody is switched to, and show that the champion answers as before.

    Only with the lock: what is loaded and stands in no ledger yet may be somebody else's.

    Args:
        version: The candidate's, where it got one. It is kept in quarantine for whoever looks why.

    Raises:
        LoadSilent, TritonAway: Triton does not answer: what is loaded is not known.
        WrongAnswers: The champion does not give its golden outputs.
    """
    current = flow.ledger.current
    found = dict(evidence)
    if current is not None:
        kept = standing(current)
        hold(flow, kept)
        if version is not None and version not in kept:
            flow.repository.quarantine(flow.model, version)
        champion = current.aliases["champion"].version
        found["champion"] = {"version": champion, "golden_max_difference": flow.check_triton(champion)}
    flow.ledger.abort(intent, reason=reason, evidence=found)
    flow.tell(f"generation {intent.generation} aborted: {reason}")
    return found


def rollback(flow: Flow, *, deploy_id: str, actor: str, reason: str, again: bool = False) -> Outcome:
    """
    Bring the last good state back, as a new generation: the champion, where a replica follows a deployment that was
    never committed; else the version before it. A rollback that died half way is gone on with.

    It waits for no lock and takes it from whoever has it: whoever rolls back is in a hurry, and the higher generation
    beats whatever is on its way. The caller gives it back.

    Args:
        again: Also where the last thing done was a rollback; else two operators could undo one another for ever.

    Raises:
        LedgerLost: See ``following.check_kept``.
        NothingToRollBackTo: There is no previous version.
        Flapping: The champion is there by a rollback already.
        FlowError: The last good state could not be shown; traffic stays where it was acknowledged last.
    """
    mine = flow.ledger.entry(deploy_id)
    if mine is not None and mine.outcome is not None:
        return mine.outcome
    current = truth(flow)
    flow.lock.take(deploy_id, seize=True)  # so that neither a deployment nor `converge` works against it
    if ahead(flow, current.generation):
        return bring_back(flow, deploy_id=deploy_id, actor=actor, reason=reason)
    target = current.aliases.get("previous")
    if target is None:
        raise NothingToRollBackTo(
            f"wanted a previous version of {flow.model}, got none: nothing stood before generation {current.generation}"
        )
    if current.action is Action.ROLLBACK and not again:
        raise Flapping(
            f"wanted to roll back generation {current.generation}, which is a rollback itself ({current.reason}); "
            "say --again if the version that was rolled back from is really wanted again"
        )
    return _return_to(flow, target, deploy_id=deploy_id, actor=actor, reason=reason)


def bring_back(flow: Flow, *, deploy_id: str, actor: str, reason: str) -> Outcome:
    """
    Bring every replica to one version again, as a new generation, where some follow what was never committed: to where
    a rollback was on its way that died; else to the committed champion.

    Raises:
        LedgerLost: See ``following.check_kept``.
        FlowError: It could not be shown that they are.
    """
    check_kept(flow)
    target = _begun(flow) or flow.current.aliases["champion"]
    return _return_to(flow, target, deploy_id=deploy_id, actor=actor, reason=reason)


def _begun(flow: Flow) -> Placed | None:
    """Where the highest generation that a replica follows leads, if it is a rollback that nobody committed."""
    highest = ahead(flow, flow.current.generation)[-1:]
    for table in highest:
        intents = (one.intent for one in flow.ledger.history() if one.outcome is None)
        if any((one.generation, one.action) == (table.generation, Action.ROLLBACK) for one in intents):
            return Placed(*table.aliases["champion"])
    return None


def _return_to(flow: Flow, target: Placed, *, deploy_id: str, actor: str, reason: str) -> Outcome:
    started_s = time.monotonic()
    # Above what anybody follows, committed or not: who is ahead would not come back otherwise.
    highest = max((one.generation for one in ahead(flow, 0) if one.deploy_id != deploy_id), default=0)
    intent = flow.ledger.intend(deploy_id, action=Action.ROLLBACK, actor=actor, reason=reason, at_least=highest + 1)
    deployment = Deployment(intent=intent, alias="champion", placed=target)
    is_warm = _warmed(flow, target.version)
    evidence = {
        "load": {"warm": is_warm},
        "smoke": {"golden_max_difference": flow.check_triton(target.version)},
        "switch": switch(flow, deployment, fenced=False),
        "verify": verify(flow, deployment),
    }
    took_s = round(time.monotonic() - started_s, 3)
    outcome = commit(flow, deployment, reason=reason, evidence={**evidence, "restored": {"took_s": took_s}})
    flow.tell(f"version {target.version} is champion after {took_s} s, as generation {intent.generation}")
    return outcome


def _warmed(flow: Flow, version: int) -> bool:
    """
    Have *version* loaded; whether it was.

    Whatever answers beside it is left alone: users may be with a version that no ledger has, until they are switched.
    """
    found = flow.triton.versions(flow.model)
    serving = {number for number, one in found.items() if one.state == "READY"}
    if version in serving:
        return True
    flow.tell(f"version {version} is not loaded any more; loading it first")
    hold(flow, {*standing(flow.current), *serving, version})
    return False
