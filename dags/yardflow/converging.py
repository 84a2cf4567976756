"""
The truth stands in the ledger; everything else is made to follow it again. Safe to run at any time, and by anybody.

What differs is said first, each with what is done about it; with ``explain`` nothing else happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from models.ledger import ALIASES, Action, Intent, Outcome, Phase
from yardflow.announcing import PATIENCE_S, announce, is_unfiled, letter_of
from yardflow.deploying import hold, standing
from yardflow.flow import Flow
from yardflow.following import ahead, await_replica, check_kept, follows, truth
from yardflow.undoing import bring_back

__all__ = ["Difference", "converge", "differences", "project"]


@dataclass(frozen=True)
class Difference:
    """One projection that does not follow. wanted, got: as a person reads them. mend: what makes it follow."""

    where: str
    wanted: str
    got: str
    mend: Callable[[], object]

    def __str__(self) -> str:
        return f"{self.where}: wanted {self.wanted}, got {self.got}"


def converge(flow: Flow, *, explain: bool = False) -> tuple[str, ...]:
    """
    Make configuration, Triton, MLflow's aliases, gateways and people follow the ledger; returns what differed.

    While somebody deploys, what differs is on its way, and nothing is touched.

    Raises:
        LedgerLost: See ``following.check_kept``; nothing was touched.
        NotFollowed: A replica of the gateway does not follow in time.
        FlowError: A neighbour does not answer, or refuses.
    """
    if holder := flow.lock.holder:
        flow.tell(f"deployment {holder} is on its way; what it has begun is left to it")
        return ()
    check_kept(flow)
    found = []
    for one in differences(flow):
        flow.tell(f"{'would mend' if explain else 'mend'} {one}")
        found.append(str(one))
        if not explain:
            one.mend()
    return tuple(found)


def differences(flow: Flow) -> Iterator[Difference]:
    """Every projection that does not follow, in the order in which it has to be mended: whoever serves comes first."""
    yield from _uncommitted(flow)
    current = flow.current  # mending the first may have made another one
    yield from _loaded(flow, standing(current))
    yield from _aliases(flow, current)
    yield from _behind(flow, current)
    yield from _abandoned(flow)
    yield from _untold(flow)


def _uncommitted(flow: Flow) -> Iterator[Difference]:
    """Somebody switched and died before the commit. Replicas never go down by themselves."""
    current = truth(flow)
    if found := ahead(flow, current.generation):
        highest = found[-1].generation
        reason = f"generation {highest} was switched to and never committed"
        yield Difference(
            "gateways",
            f"generation {current.generation}",
            f"{len(found)} of {len(flow.gateway.replicas())} at {highest}",
            lambda: bring_back(flow, deploy_id=f"converge-{highest}", actor="converge", reason=reason),
        )


def _behind(flow: Flow, current: Outcome) -> Iterator[Difference]:
    for replica in flow.gateway.replicas():
        table = flow.gateway.table(replica)
        if table.generation <= current.generation and not follows(table, current):

            def mend(replica: str = replica) -> None:
                await_replica(flow, replica, current)

            wanted = f"generation {current.generation}"
            yield Difference(f"gateway {replica}", wanted, f"generation {table.generation}", mend)


def _loaded(flow: Flow, wanted: frozenset[int]) -> Iterator[Difference]:
    def mend() -> None:
        hold(flow, wanted)

    arranged = flow.repository.arranged(flow.model)
    ready = frozenset(version for version, one in flow.triton.versions(flow.model).items() if one.state == "READY")
    if arranged != wanted:
        yield Difference("config.pbtxt", _listed(wanted), _listed(arranged), mend)
    elif ready != wanted:
        yield Difference("Triton", f"{_listed(wanted)} READY", _listed(ready), mend)


def _aliases(flow: Flow, current: Outcome) -> Iterator[Difference]:
    found = flow.registry.aliases()
    for alias in ALIASES:
        wanted, got = current.version(alias), found.get(alias)
        if wanted != got:

            def mend(alias: str = alias, wanted: int | None = wanted) -> None:
                flow.registry.point(alias, wanted, generation=current.generation)

            yield Difference(f"MLflow's alias {alias}", str(wanted or "nothing"), str(got or "nothing"), mend)


def _abandoned(flow: Flow) -> Iterator[Difference]:
    """Generations that nobody works on any more: their number is given up, so that nobody waits for them."""
    holder = flow.lock.holder
    for entry in flow.ledger.history():
        if (
            entry.outcome is None
            and entry.intent.deploy_id != holder
            and entry.intent.generation < flow.current.generation
        ):

            def mend(intent: Intent = entry.intent) -> None:
                flow.ledger.abort(intent, reason="left open, and a later generation is committed")

            yield Difference(f"generation {entry.intent.generation}", "an end", f"open since {entry.intent.at}", mend)


def _untold(flow: Flow) -> Iterator[Difference]:
    """What people have not heard, and what MLflow has not got of it."""
    ended = {letter_of(entry.outcome): entry.outcome for entry in flow.ledger.history() if entry.outcome}
    for letter in flow.outbox.pending():

        def deliver(name: str = letter.deploy_id) -> None:
            if name in ended:
                announce(flow, ended[name])
                return
            # Of a ledger that was lost: there is nothing left to make a receipt of.
            flow.outbox.deliver(name, send=flow.slack.send, within_s=PATIENCE_S)

        yield Difference(f"message of {letter.deploy_id}", "a receipt", f"none since {letter.created}", deliver)
    for name, outcome in ended.items():
        # Whoever committed or gave up died before a message was written, and others may have decided since.
        if not flow.outbox.has(name) and _is_news(outcome):

            def tell(outcome: Outcome = outcome) -> None:
                announce(flow, outcome)

            yield Difference(f"generation {outcome.generation}", "people who know", "no message", tell)
    for outcome in ended.values():
        if is_unfiled(flow, outcome):

            def file(outcome: Outcome = outcome) -> None:
                announce(flow, outcome)

            yield Difference(f"receipt of generation {outcome.generation}", "it in MLflow", "it on the volume", file)


def _is_news(outcome: Outcome) -> bool:
    """Whether people want to hear of it: what was given up for being left open is none, nor is the beginning."""
    if outcome.phase is Phase.ABORTED:
        return "undone" in outcome.evidence
    return outcome.action is not Action.SEED


def project(flow: Flow, current: Outcome) -> None:
    """
    Let MLflow's aliases stand for what is committed.

    Raises:
        RegistryAway: MLflow does not answer.
    """
    for one in _aliases(flow, current):
        one.mend()


def _listed(versions: frozenset[int]) -> str:
    return ", ".join(str(one) for one in sorted(versions)) or "nothing"
