"""Whether the gateways follow the ledger, which they do by themselves, and waiting until they do."""

from __future__ import annotations

from typing import Final

from models.ledger import Outcome
from yardflow.errors import NotFollowed
from yardflow.flow import Flow
from yardflow.gateway import Table
from yardflow.waiting import wait_until

__all__ = ["await_followers", "await_replica", "follows"]

FOLLOW_S: Final = 10.0
"""A gateway reads the ledger twice a second; a busy machine may take some seconds to give it the processor."""
SERVED: Final = ("champion", "challenger")


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
