"""
Whether a registered version may stand behind an alias at all: asked before anything is begun, of what is known already.

By hand as by the DAG, the gate decides who becomes the champion. Who knows better says so, and it stands in the ledger.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from models.ledger import Intent
from yardflow.comparison import compare
from yardflow.errors import GateClosed, Overtaken, Standing, Unproven
from yardflow.flow import Flow
from yardflow.following import truth
from yardflow.registry import Kept

__all__ = ["Alias", "Evidence", "admit", "check_seen"]

Alias = Literal["champion", "challenger", "shadow"]
Evidence = dict[str, Any]
"""What a step found, as JSON; ``took_s`` among it."""
CLOSED: Final = ("stop", "shadow")
"""What the gate says of a version that is not to become the champion, at least not at once."""


def admit(flow: Flow, kept: Kept, *, alias: Alias, most: float | None, overrules: bool) -> Evidence:
    """
    What speaks for the version behind *alias*, for the ledger; nothing where nothing has to.

    Args:
        most: The share of disagreements, 0 to 1, that a shadow which becomes the champion may have shown; None where
            whoever asks has decided.
        overrules: Whether the gate's decision is put aside.

    Raises:
        Standing: It is champion or previous, and is to be on trial.
        GateClosed: The gate did not let it through, it has not served before, and no evidence is asked for.
        Unproven: What was seen in the shadow is not enough.
        LedgerLost, GatewayAway: See ``following.truth``.
    """
    if alias != "champion":
        _check_free(flow, kept.version, alias=alias)
        return {}
    if most is not None or not _is_closed(flow, kept):
        return _seen(flow, kept.version, most=most)
    if not overrules:
        raise GateClosed(
            f"wanted version {kept.version} as champion, got that the gate said {kept.gate!r}: try it in the shadow "
            "and promote it --from-evidence, or say --against-the-gate"
        )
    flow.tell(f"against the gate, which said of version {kept.version}: {kept.gate}")
    return {**_seen(flow, kept.version, most=None), "overruled": {"gate": kept.gate}}


def check_seen(evidence: Evidence, intent: Intent) -> None:
    """
    Evidence is of one champion and one shadow: a generation in between may have changed either.

    Raises:
        Overtaken: There is one.
    """
    seen = evidence.get("mirrored")
    if seen is not None and seen["generation"] != intent.base:
        raise Overtaken(f"wanted evidence of generation {intent.base}, got that of {seen['generation']}: look again")


def _check_free(flow: Flow, version: int, *, alias: Alias) -> None:
    """What is on trial beside the champion is not that itself; and what is previous has to be there to return to."""
    current = truth(flow)
    for taken in ("champion", "previous"):
        if current.version(taken) == version:
            raise Standing(f"wanted version {version} as {alias}, got that it is {taken}: register another")


def _is_closed(flow: Flow, kept: Kept) -> bool:
    """Whether the gate kept it out; what has been the champion since was let in by somebody."""
    if kept.gate.partition(":")[0] not in CLOSED:
        return False
    ended = (entry.outcome for entry in flow.ledger.history())
    return all(one is None or one.version("champion") != kept.version for one in ended)


def _seen(flow: Flow, version: int, *, most: float | None) -> Evidence:
    """What the replicas have seen of *version* in the shadow of the current champion; nothing where it is not there."""
    current = flow.ledger.current
    if current is None or current.version("shadow") != version:
        if most is not None:
            raise Unproven(
                f"wanted version {version} in the shadow, where evidence comes from, got that it is not there"
            )
        return {}
    answers = [flow.gateway.mirrored(replica) for replica in flow.gateway.replicas()]
    found = compare(answers, version=version, generation=current.generation)
    if most is not None:
        found.check(most=most)
    flow.tell(
        f"in the shadow version {version} disagreed in {found.disagreements} of {found.compared} copies, "
        f"a share of at most {found.upper:.4f}"
    )
    return {"mirrored": found.document()}
