"""
When a deployment fails: before the switch it is aborted, after it the last good state comes back as a new generation.

Both end with the proof that the champion answers as it did: a rollback that is not verified has not happened.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from models.ledger import Action, Intent, Outcome, Phase, Placed
from yardflow.deploying import Deployment, commit, hold, standing, switch, verify
from yardflow.errors import Flapping, NothingToRollBackTo
from yardflow.flow import Flow
from yardflow.following import ahead, check_kept, truth

__all__ = ["abort", "restore", "rollback", "undo"]


def undo(
    flow: Flow, *, deploy_id: str, version: int | None, reason: str, evidence: Mapping[str, Any] | None = None
) -> str:
    """
    Undo whatever *deploy_id* has done so far, and say how it ended: ``nothing``, ``committed``, ``aborted`` or
    ``rolled_back``. Safe to repeat.

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
        return "committed" if entry.outcome.phase is Phase.COMMITTED else "aborted"
    # Of one replica alone, too, and where another one follows somebody's higher number by now.
    switched = any(one.generation == entry.intent.generation for one in ahead(flow, entry.intent.base))
    if switched:
        restore(flow, deploy_id=f"{deploy_id}-undo", actor=entry.intent.actor, reason=reason)
    ended = "rolled_back" if switched else "aborted"
    abort(flow, entry.intent, version=version, reason=reason, evidence={**(evidence or {}), "undone": ended})
    return ended


def abort(
    flow: Flow, intent: Intent, *, version: int | None, reason: str, evidence: Mapping[str, Any]
) -> Mapping[str, Any]:
    """
    Take a candidate away that nobody is switched to, and show that the champion answers as before.

    Args:
        version: The candidate's, where it got one. It is kept in quarantine for whoever looks why.

    Raises:
        LoadSilent, TritonAway: Triton does not answer: what is loaded is not known.
        WrongAnswers: The champion does not give its golden outputs.
    """
    current = flow.ledger.current
    found: dict[str, Any] = {**evidence, "candidate": version}
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
    Bring the last good state back, as a new generation: the champion, where a replica follows a generation that was
    never committed; else the version before it.

    It asks for no lock: whoever rolls back is in a hurry, and the higher generation beats whatever is on its way.

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
    if ahead(flow, current.generation):
        return restore(flow, deploy_id=deploy_id, actor=actor, reason=reason)
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


def restore(flow: Flow, *, deploy_id: str, actor: str, reason: str) -> Outcome:
    """
    Bring every replica back to the committed champion, as a new generation.

    Raises:
        LedgerLost: See ``following.check_kept``.
        FlowError: It could not be shown that they are.
    """
    check_kept(flow)
    return _return_to(flow, flow.current.aliases["champion"], deploy_id=deploy_id, actor=actor, reason=reason)


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
    """Have *version* loaded; whether it was. It stays loaded as long as some alias stands for it."""
    found = flow.triton.versions(flow.model).get(version)
    if found is not None and found.state == "READY":
        return True
    flow.tell(f"version {version} is not loaded any more; loading it first")
    hold(flow, {*standing(flow.current), version})
    return False
