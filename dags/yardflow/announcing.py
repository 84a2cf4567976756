"""
Telling people: the receipt of a generation, made of the ledger, so that telling it twice tells the same; MLflow says
of which run it is, and keeps it there, too.

``receipts/<model>/<generation>.json`` stands beside the ledger; a file ``.waiting`` stands beside it as long as the
run in MLflow has not got it as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from models.durable import write
from models.ledger import Action, Outcome, Phase
from yardflow.errors import NotFiled, RegistryAway
from yardflow.flow import Flow
from yardflow.following import await_followers
from yardflow.outbox import Receipt
from yardflow.receipt import CRITERIA, Criterion, DeployReceipt, Links, Result
from yardflow.registry import Page

__all__ = ["PATIENCE_S", "announce", "is_unfiled", "letter_of", "receipt_of"]

PATIENCE_S: Final = 30.0
"""For how long Slack may ask to wait."""
STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "registered": ("register",),
    "ready": ("ready",),
    "loaded": ("load",),
    "smoke": ("smoke",),
    "reloaded": ("switch", "verify", "followed"),
}
"""A criterion, and the steps whose evidence shows it."""
BY_ACTION: Final = {
    Action.ROLLBACK: Result.ROLLED_BACK,
    Action.RETIRE: Result.RETIRED,
    Action.REBUILD: Result.REBUILT,
}
BY_ALIAS: Final = {"shadow": Result.SHADOWED, "challenger": Result.CHALLENGING}
"""What a deployment came to where it was not about the champion."""


def announce(flow: Flow, outcome: Outcome) -> DeployReceipt:
    """
    Send the message of a generation, unless it has arrived already, and keep its receipt: beside the ledger, and as an
    artifact of the run that the generation was about.

    Raises:
        NotFollowed, GatewayAway: It cannot be shown that every replica follows.
        NotDelivered: Nobody took it. What is committed stays, and the message stays in the outbox.
        NotFiled: MLflow did not take the receipt. People were told, and the receipt waits beside the ledger.
    """
    is_current = flow.ledger.current == outcome
    followed = {"replicas": len(await_followers(flow, outcome))} if is_current else None
    page, away = _page(flow, outcome)
    # A message each generation: a deployment that was aborted and runs again has something else to say.
    name = letter_of(outcome)
    if not flow.outbox.has(name):  # once: later the same generation may be followed by nobody any more
        told = _of_run(receipt_of(outcome, followed=followed), page)
        flow.outbox.put(replace(told.message(_links(flow, told, page)), deploy_id=name))
    announced = flow.outbox.deliver(name, send=flow.slack.send, within_s=PATIENCE_S)
    made = _of_run(receipt_of(outcome, followed=followed, announced=announced), page)
    content = _kept(flow, outcome, made)
    flow.tell(f"told: {made.message().text}")
    if away is not None:
        raise _unfiled(flow, outcome, got=away) from away
    _file(flow, outcome, page=page, content=content)
    return made


def letter_of(outcome: Outcome) -> str:
    """The name of a generation's message in the outbox."""
    return f"{outcome.generation}-{outcome.deploy_id}"


def is_unfiled(flow: Flow, outcome: Outcome) -> bool:
    """Whether people were told of a generation whose receipt MLflow has not got yet."""
    return _place(flow, outcome.generation, kind="waiting").is_file()


def _page(flow: Flow, outcome: Outcome) -> tuple[Page | None, RegistryAway | None]:
    """Where MLflow shows the run that a generation is about; or why nobody knows, which keeps no message back."""
    try:
        return flow.registry.page(outcome.deploy_id, version=receipt_of(outcome).version), None
    except RegistryAway as failure:
        return None, failure


def _of_run(made: DeployReceipt, page: Page | None) -> DeployReceipt:
    """The ledger names the run of what was deployed; who went back to a version is told of that one's."""
    return made if page is None else replace(made, run_id=page.run_id)


def _links(flow: Flow, made: DeployReceipt, page: Page | None) -> Links:
    """MLflow's own pages, by the routes of the release that platform/images/mlflow pins."""
    if flow.settings.links_url is None or page is None:
        return Links()
    base = str(flow.settings.links_url).rstrip("/")
    run = f"{base}/#/experiments/{page.experiment_id}/runs/{page.run_id}"
    return Links(run=run, receipt=f"{run}/artifacts/{made.artifact}")


def _kept(flow: Flow, outcome: Outcome, made: DeployReceipt) -> str:
    """Its text, beside the ledger for whoever wants to read it: the first one stays, and waits to be filed."""
    target = _place(flow, outcome.generation)
    target.parent.mkdir(parents=True, exist_ok=True)
    write(target.with_suffix(".draft"), b"", target=target.with_suffix(".waiting"))
    if not target.is_file():
        write(target.with_suffix(".draft"), json.dumps(made.document(), indent=1).encode(), target=target)
    return target.read_text(encoding="utf-8")


def _file(flow: Flow, outcome: Outcome, *, page: Page | None, content: str) -> None:
    """What is without a run has no place there, and waits for none."""
    if page is not None:
        name = f"receipts/{outcome.generation}.json"
        try:
            is_new = flow.registry.file(page.run_id, name, content)
        except RegistryAway as failure:
            raise _unfiled(flow, outcome, got=failure) from failure
        flow.tell(f"{'filed' if is_new else 'found'} {name} of run {page.run_id}")
    _place(flow, outcome.generation, kind="waiting").unlink(missing_ok=True)


def _unfiled(flow: Flow, outcome: Outcome, *, got: RegistryAway) -> NotFiled:
    return NotFiled(
        f"wanted the receipt of generation {outcome.generation} in MLflow, got {got}; people were told, and it stays "
        f"in {_place(flow, outcome.generation)}: run `converge`, or clear the task that failed"
    )


def _place(flow: Flow, generation: int, *, kind: str = "json") -> Path:
    return flow.settings.volume / "receipts" / flow.model / f"{generation:012d}.{kind}"


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
        return Result(outcome.evidence.get("undone", Result.ABORTED))
    return BY_ACTION.get(outcome.action) or BY_ALIAS.get(alias, Result.PROMOTED)


def _criterion(name: str, evidence: Mapping[str, Any], *, alias: str) -> Criterion:
    # Nobody is switched to what is on trial: the replicas follow the ledger by themselves.
    steps = ("followed",) if alias in BY_ALIAS and name == "reloaded" else STEPS[name]
    found = {step: evidence[step] for step in steps if step in evidence}
    return Criterion(name, True if len(found) == len(steps) else None, found)


def _has_duration(found: Any) -> bool:
    return isinstance(found, Mapping) and "took_s" in found
