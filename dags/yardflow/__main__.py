"""
The operator's commands, where volume, registry, Triton and gateways can be reached: ``python -m yardflow``.

``switchyard model ENV ...`` runs them in a pod of their own. They are the same functions as the DAG's tasks.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final

import click

from models.errors import Superseded
from models.ledger import ALIASES, Outcome
from yardflow import operating, steps
from yardflow.comparison import LEAST, MOST
from yardflow.converging import converge as mend
from yardflow.errors import (
    Fenced,
    Flapping,
    GateClosed,
    LedgerLost,
    Locked,
    NotDelivered,
    NotFiled,
    NothingToRebuildOf,
    NothingToRetire,
    NothingToRollBackTo,
    NotLost,
    Overtaken,
    Standing,
    Unproven,
    Unregistered,
)
from yardflow.flow import Flow, opened
from yardflow.following import truth
from yardflow.observing import WATCH_S, watch
from yardflow.settings import FlowSettings

DIFFERS, REFUSED, FAILED = 3, 10, 11
"""
Exit codes: something does not follow the ledger; policy or somebody else says no, and who serves is who served; it
failed, and the last words say what is so.
"""
NO = (
    Fenced,
    Flapping,
    GateClosed,
    LedgerLost,
    Locked,
    NothingToRebuildOf,
    NothingToRetire,
    NothingToRollBackTo,
    NotLost,
    Overtaken,
    Standing,
    Superseded,
    Unproven,
    Unregistered,
)
LARGEST_SHARE: Final = 0.5
"""Who gets more of the callers than the champion is on trial no longer."""

because = click.option("--reason", required=True, help="Why; it stands in the ledger and in the message.")
who = click.option("--actor", default="operator", show_default=True, help="Who; it stands in the ledger.")


@click.group()
def main() -> None:
    """
    Look at the models of this environment, and move them.

    Exit codes: 0 done, 3 something does not follow (status, converge --explain), 10 refused and who serves is who
    served, 11 failed, 2 usage.
    """


@main.command()
def status() -> None:
    """What stands behind each alias, who deploys, and what does not follow; with 3 where anything does not."""
    with _door() as flow:
        current = truth(flow)
        click.echo(f"{flow.model} in {flow.settings.env}: {_line(current)}")
        for alias in ALIASES:
            placed = current.aliases.get(alias)
            share = f"  weight {placed.weight:g}" if placed and placed.weight else ""
            click.echo(f"  {alias:<11}{f'version {placed.version}  {placed.digest[:12]}{share}' if placed else '-'}")
        holder = flow.lock.holder
        click.echo(f"  deploying  {holder or '-'}")
        differing = mend(flow, explain=True)
        following = "not looked at while somebody deploys" if holder else "everything"
        click.echo(f"  follows    {'no, see above' if differing else following}")
        _end(differing)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
def history(*, as_json: bool) -> None:
    """Every generation: when, who, what, why, and how it ended."""
    with _door() as flow:
        for entry in flow.ledger.history():
            if as_json:
                outcome = entry.outcome.document() if entry.outcome else None
                click.echo(json.dumps({**vars(entry.intent), "outcome": outcome}))
                continue
            ended = _line(entry.outcome) if entry.outcome else f"open since {entry.intent.at}: {entry.intent.reason}"
            click.echo(f"{entry.intent.generation:>5}  {entry.intent.action:<9}{entry.intent.actor:<10}{ended}")


@main.command()
@click.argument("version", type=int)
@because
@who
@click.option(
    "--from-evidence",
    is_flag=True,
    help=f"Only from the shadow, and where {LEAST} copies that were compared speak for it.",
)
@click.option(
    "--most",
    type=click.FloatRange(0.0, 1.0),
    help=f"With --from-evidence: the share of disagreements that is put up with.  [default: {MOST:g}]",
)
@click.option("--against-the-gate", is_flag=True, help="Also where the DAG's gate said shadow or stop.")
def promote(
    version: int, reason: str, actor: str, *, from_evidence: bool, most: float | None, against_the_gate: bool
) -> None:
    """Make a registered VERSION the champion: publish, load, smoke, switch, verify, commit, announce."""
    if most is not None and not from_evidence:
        raise click.UsageError("--most says how much evidence is enough: wanted --from-evidence with it")
    if from_evidence and against_the_gate:
        raise click.UsageError("wanted --from-evidence or --against-the-gate, got both: evidence needs no overruling")
    asked = (MOST if most is None else most) if from_evidence else None
    deploy_id = _id()
    with _door() as flow:
        try:
            outcome = operating.deploy(
                flow,
                deploy_id=deploy_id,
                version=version,
                alias="champion",
                actor=actor,
                reason=reason,
                most=asked,
                overrules=against_the_gate,
            )
        except Exception:  # whatever it was: users who were switched and are back are looked after, and it goes on
            steps.watch_undone(flow, deploy_id)
            raise
        _told(flow, outcome)


@main.command()
@click.argument("version", type=int)
@because
@who
def shadow(version: int, reason: str, actor: str) -> None:
    """Let a registered VERSION see the champion's requests; its answers reach nobody, and are compared."""
    with _door() as flow:
        _told(
            flow, operating.deploy(flow, deploy_id=_id(), version=version, alias="shadow", actor=actor, reason=reason)
        )


def _share(ctx: click.Context, parameter: click.Parameter, value: float) -> float:
    # Asked this way round, because what is no number is no share either.
    if not 0.0 < value <= LARGEST_SHARE:
        raise click.BadParameter(f"wanted more than 0 and at most {LARGEST_SHARE:g}, got {value:g}", ctx, parameter)
    return value


@main.command()
@click.argument("version", type=int)
@click.option(
    "--weight",
    type=float,
    required=True,
    callback=_share,
    help=f"The share of the champion's callers that it answers, above 0 and up to {LARGEST_SHARE:g}.",
)
@because
@who
def challenge(version: int, weight: float, reason: str, actor: str) -> None:
    """Let a registered VERSION answer a share of those callers of the champion who name themselves."""
    with _door() as flow:
        outcome = operating.deploy(
            flow, deploy_id=_id(), version=version, alias="challenger", actor=actor, reason=reason, weight=weight
        )
        _told(flow, outcome)


@main.command()
@click.argument("alias", type=click.Choice(["challenger", "shadow"]))
@because
@who
def retire(alias: operating.Trial, reason: str, actor: str) -> None:
    """Let ALIAS stand for nothing again; its version stays registered, and is unloaded."""
    with _door() as flow:
        _told(flow, operating.retire(flow, deploy_id=_id(), alias=alias, actor=actor, reason=reason))


@main.command()
@because
@who
@click.option("--again", is_flag=True, help="Also where the last thing done was a rollback.")
@click.option(
    "--watch",
    "watch_s",
    type=click.FloatRange(0.0, 600.0),
    default=WATCH_S,
    show_default=True,
    metavar="SECONDS",
    help="For how long errors of users are counted afterwards; 0 leaves that out.",
)
def rollback(reason: str, actor: str, *, again: bool, watch_s: float) -> None:
    """
    Bring the last good state back, and watch whether users get errors.

    It waits for nobody: a deployment on its way is overtaken.
    """
    with _door() as flow:
        _told(flow, operating.rollback(flow, deploy_id=_id(), actor=actor, reason=reason, again=again))
        if watch_s:
            watch(flow, for_s=watch_s)


@main.command()
@because
@who
def rebuild(reason: str, actor: str) -> None:
    """Make a ledger again that was lost with its volume: MLflow's aliases, above all that any gateway follows."""
    with _door() as flow:
        _told(flow, operating.rebuild(flow, deploy_id=_id(), actor=actor, reason=reason))


@main.command()
@click.option("--explain", is_flag=True, help="Say what differs, and change nothing; with 3 where anything does.")
def converge(*, explain: bool) -> None:
    """Make everything follow the ledger again. Safe at any time."""
    with _door() as flow:
        differing = mend(flow, explain=explain)
        if not flow.lock.holder:
            click.echo("everything follows" if not differing else f"{len(differing)} differed")
        if explain:
            _end(differing)


@contextmanager
def _door() -> Iterator[Flow]:
    """The doors of this environment; an error becomes a line and an exit code."""
    try:
        with opened(FlowSettings(), tell=_tell) as flow:  # type: ignore[call-arg]  # the environment gives the arguments
            yield flow
    except operating.FAILURES as failure:
        click.echo(f"{type(failure).__name__}: {failure}", err=True)
        if isinstance(failure, NotDelivered):
            click.echo("what was committed stays; `converge` or the next message tells people", err=True)
        if isinstance(failure, NotFiled):
            click.echo("what was committed stays, and people were told; `converge` files the receipt", err=True)
        sys.exit(REFUSED if isinstance(failure, NO) else FAILED)


def _end(differing: Collection[str]) -> None:
    if differing:
        sys.exit(DIFFERS)


def _tell(line: str) -> None:
    click.echo(line)


def _told(flow: Flow, outcome: Outcome) -> None:
    click.echo(f"{flow.model} in {flow.settings.env}: {_line(outcome)}")


def _line(outcome: Outcome) -> str:
    champion = outcome.version("champion")
    return f"{outcome.phase}, champion {champion or '-'}, at {outcome.at}, {outcome.deploy_id}: {outcome.reason}"


def _id() -> str:
    return uuid.uuid4().hex[:12]


if __name__ == "__main__":
    main()
