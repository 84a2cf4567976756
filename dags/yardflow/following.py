"""Whether the gateways follow the ledger, which they do by themselves, and waiting until they do."""

from __future__ import annotations

from typing import Final

from models.ledger import Outcome
from yardflow.errors import LedgerLost, NotFollowed
from yardflow.flow import Flow
from yardflow.gateway import Table
from yardflow.waiting import wait_until

__all__ = ["SERVED", "ahead", "await_followers", "await_replica", "check_kept", "follows", "truth"]

FOLLOW_S: Final = 10.0
"""A gateway reads the ledger twice a second; a busy machine may take some seconds to give it the processor."""
SERVED: Final = ("champion", "challenger")


def ahead(flow: Flow, generation: int) -> tuple[Table, ...]:
    """
    What those replicas follow that are above *generation*, the highest last.

    Raises:
        GatewayAway: One does not answer, or there is none.
    """
    tables = (flow.gateway.table(replica) for replica in flow.gateway.replicas())
    return tuple(sorted((one for one in tables if one.generation > generation), key=lambda one: one.generation))


def check_kept(flow: Flow) -> None:
    """
    See that the ledger is the one that was followed so far.

    Raises:
        LedgerLost: It knows of no decision, and replicas follow one, or versions in MLflow were given aliases by one.
        GatewayAway, RegistryAway: It knows of none, and nobody says what is followed.
    """
    if not flow.ledger.is_blank:
        return
    current = flow.ledger.current
    mine = current.generation if current else 0
    if found := ahead(flow, mine):
        raise LedgerLost(
            f"wanted in the ledger of {flow.model} generation {found[-1].generation}, which {found[-1].replica} "
            f"follows, got one that begins anew, at {mine}: it was lost; `rebuild` makes it again"
        )
    # Gateways that have started anew since know of nothing; the tags of versions do.
    if (marked := flow.registry.generation()) > mine:
        raise LedgerLost(
            f"wanted in the ledger of {flow.model} generation {marked}, in which a version in MLflow was given its "
            f"alias, got one that begins anew, at {mine}: it was lost; `rebuild` makes it again"
        )


def truth(flow: Flow) -> Outcome:
    """
    The committed truth, for whoever is about to go by it.

    Raises:
        LedgerLost, GatewayAway: There is none; see ``check_kept``.
        NeverDeployed: There is none, and nobody follows any.
    """
    if flow.ledger.current is None:
        check_kept(flow)
    return flow.current


def await_followers(flow: Flow, current: Outcome) -> tuple[str, ...]:
    """
    Wait until every replica follows *current* by itself; returns them.

    Raises:
        NotFollowed: One does not, in time.
        GatewayAway: One does not answer, or there is none.
    """
    replicas = flow.gateway.replicas()
    for replica in replicas:
        await_replica(flow, replica, current)
    return replicas


def await_replica(flow: Flow, replica: str, current: Outcome) -> None:
    """
    Wait until *replica* follows *current* by itself.

    Raises:
        NotFollowed: It does not, in time.
    """
    wait_until(
        lambda: follows(flow.gateway.table(replica), current),
        within_s=FOLLOW_S,
        failure=lambda: NotFollowed(
            f"wanted generation {current.generation} at {replica} within {FOLLOW_S:g} s, got "
            f"{flow.gateway.table(replica)}: its log says why it does not follow the ledger"
        ),
    )


def follows(table: Table, current: Outcome) -> bool:
    """Whether what a replica answers with is what *current* says."""
    wanted = {alias: (placed.version, placed.digest) for alias, placed in current.aliases.items()}
    served = {alias: wanted[alias] for alias in SERVED if alias in wanted}
    got = {alias: found for alias, found in table.aliases.items() if alias in SERVED}
    return (table.generation, got) == (current.generation, served)
