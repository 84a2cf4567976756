"""Telling people: the receipt of a generation, made of the ledger alone, so that telling it twice tells the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from models.durable import write
from models.ledger import Action, Outcome, Phase
from yardflow.flow import Flow
from yardflow.following import await_followers
from yardflow.outbox import Receipt
from yardflow.receipt import CRITERIA, Criterion, DeployReceipt, Result

__all__ = ["PATIENCE_S", "announce", "letter_of", "receipt_of"]

PATIENCE_S: Final = 30.0
"""For how long Slack may ask to wait."""
STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "registered": ("publish",),
    "ready": ("publish",),
    "loaded": ("load",),
    "smoke": ("smoke",),
    "reloaded": ("switch", "verify", "followed"),
}
"""A criterion, and the steps whose evidence shows it: publishing fetches the registered files and compares them."""
BY_ACTION: Final = {
    Action.ROLLBACK: Result.ROLLED_BACK,
    Action.RETIRE: Result.RETIRED,
    Action.REBUILD: Result.REBUILT,
}
BY_ALIAS: Final = {"shadow": Result.SHADOWED, "challenger": Result.CHALLENGING}
"""What a deployment came to where it was not about the champion."""


def announce(flow: Flow, outcome: Outcome) -> DeployReceipt:
    """
    Send the message of a generation, unless it has arrived already, and keep its receipt.

    Raises:
        NotFollowed, GatewayAway: It cannot be shown that every replica follows.
        NotDelivered: Nobody took it. What is committed stays, and the message stays in the outbox.
    """
    is_current = flow.ledger.current == outcome
    followed = {"replicas": len(await_followers(flow, outcome))} if is_current else None
    # A message each generation: a deployment that was aborted and runs again has something else to say.
    message = replace(receipt_of(outcome, followed=followed).message(), deploy_id=letter_of(outcome))
    if not flow.outbox.has(message.deploy_id):
        flow.outbox.put(message)  # once: later the same generation may be followed by nobody any more
    announced = flow.outbox.deliver(message.deploy_id, send=flow.slack.send, within_s=PATIENCE_S)
    made = receipt_of(outcome, followed=followed, announced=announced)
    _keep(flow, made)
    flow.tell(f"told: {message.text}")
    return made


def letter_of(outcome: Outcome) -> str:
    """The name of a generation's message in the outbox."""
    return f"{outcome.generation}-{outcome.deploy_id}"


def _keep(flow: Flow, made: DeployReceipt) -> None:
    """Beside the ledger, for whoever wants to read it: it is made of the ledger, and may be made again."""
    target = flow.settings.volume / "receipts" / flow.model / f"{made.generation:012d}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    write(target.with_suffix(".draft"), json.dumps(made.document(), indent=1).encode(), target=target)


def receipt_of(
    outcome: Outcome, *, followed: Mapping[str, Any] | None = None, announced: Receipt | None = None
) -> DeployReceipt:
    """
    What a generation came to.

    Args:
        followed: What was seen of the replicas that follow it; None where nobody looked.

        announced: That people were told; None where they are about to be.
    """
    evidence = {**outcome.evidence, **({"followed": followed} if followed else {})}
    told = Criterion("announced", True if announced else None, vars(announced) if announced else {})
    alias = _alias(outcome)
    return DeployReceipt(
        deploy_id=outcome.deploy_id,
        model=outcome.model,
        version=evidence.get("candidate", outcome.version(alias)),
        generation=outcome.generation,
        action=outcome.action,
        outcome=_result(outcome, alias=alias),
        criteria=[*(_criterion(name, evidence, alias=alias) for name in CRITERIA[:-1]), told],
        metrics=evidence.get("metrics", {}),
        run_id=evidence.get("run_id"),
        digest=evidence.get("publish", {}).get("digest"),
        durations_s={name: found["took_s"] for name, found in evidence.items() if _has_duration(found)},
        actor=outcome.actor,
        reason=outcome.reason,
        at=outcome.at,
    )


def _alias(outcome: Outcome) -> str:
    """Which alias it was about. Generations of older releases do not say; whoever was not switched to is the shadow."""
    is_trial = outcome.action is Action.DEPLOY and "switch" not in outcome.evidence and "shadow" in outcome.aliases
    return str(outcome.evidence.get("alias", "shadow" if is_trial else "champion"))


def _result(outcome: Outcome, *, alias: str) -> Result:
    if outcome.phase is Phase.ABORTED:
        if outcome.evidence.get("gate", {}).get("outcome") == "stop":
            return Result.STOPPED
        return Result.ROLLED_BACK if outcome.evidence.get("undone") == "rolled_back" else Result.ABORTED
    return BY_ACTION.get(outcome.action) or BY_ALIAS.get(alias, Result.PROMOTED)


def _criterion(name: str, evidence: Mapping[str, Any], *, alias: str) -> Criterion:
    # Nobody is switched to what is on trial: the replicas follow the ledger by themselves.
    steps = ("followed",) if alias in BY_ALIAS and name == "reloaded" else STEPS[name]
    found = {step: evidence[step] for step in steps if step in evidence}
    return Criterion(name, True if len(found) == len(steps) else None, found)


def _has_duration(found: Any) -> bool:
    return isinstance(found, Mapping) and "took_s" in found
