"""
What replicas say of a shadow, and what the ledger keeps of it, in words that are right in one case only.

It is added up here, and not by what adds it up for a promotion.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from switchyard.objects import dig
from yardflow.comparison import LEAST, MOST

__all__ = ["REPLICAS", "compared", "copies", "disagreed", "kept", "mirrored", "said_compared", "said_kept"]

REPLICAS: Final = 2
"""Of the gateway: each compares the copies of its own requests."""

Seen = Sequence[Mapping[str, Any]]
"""What each replica answers to ``GET /v1/shadow``."""


def copies(seen: Seen) -> int:
    """How many copies all replicas have compared."""
    return sum(int(one["compared"]) for one in seen)


def compared(seen: Seen, *, version: int, generation: int) -> str:
    """How many copies were compared for *version*, and by how many replicas; see ``said_compared``."""
    mine = [one for one in seen if (one["version"], one["generation"]) == (version, generation) and one["compared"] > 0]
    found = copies(mine)
    told = f"{LEAST} copies or more" if found >= LEAST else f"{found} copies"
    return _compared(told, version=version, generation=generation, by=f"{len(mine)} of {len(seen)}")


def said_compared(version: int, generation: int) -> str:
    """What ``compared`` says where each replica has, and all together enough."""
    by = f"{REPLICAS} of {REPLICAS}"
    return _compared(f"{LEAST} copies or more", version=version, generation=generation, by=by)


def disagreed(seen: Seen) -> str:
    """Whether ``all``, ``none``, or how many of the compared copies disagreed."""
    found, of = sum(int(one["disagreements"]) for one in seen), copies(seen)
    return {0: "none", of: "all"}.get(found, f"{found} of {of}") if of else "nothing compared"


def mirrored(lines: Iterable[str], *, generation: int) -> Mapping[str, Any]:
    """
    The comparison that the ledger keeps as evidence of *generation*; empty where it keeps none.

    Args:
        lines: What ``history --json`` prints.
    """
    entries = (json.loads(line) for line in lines if line.startswith("{"))
    mine = (one for one in entries if one["generation"] == generation)
    return next((dig(one, "outcome", "evidence", "mirrored") or {} for one in mine), {})


def kept(found: Mapping[str, Any], *, seen: int) -> str:
    """What an evidence says of its comparison; see ``said_kept``. seen: copies that were compared before."""
    if not found:
        return "no comparison"
    count, most = int(found["compared"]), float(found["disagreements_at_most"])
    return _kept(
        version=int(found["version"]),
        generation=int(found["generation"]),
        told=f"{seen} copies or more" if count >= seen else f"{count} copies",
        by=int(found["replicas"]),
        share=f"at most {MOST:g}" if most <= MOST else f"{most:g}",
    )


def said_kept(version: int, generation: int, *, seen: int) -> str:
    """What ``kept`` says of *version* as the shadow of *generation*, where all that was *seen* speaks for it."""
    told = f"{seen} copies or more"
    return _kept(version=version, generation=generation, told=told, by=REPLICAS, share=f"at most {MOST:g}")


def _compared(told: str, *, version: int, generation: int, by: str) -> str:
    return f"{told} compared for version {version} in generation {generation}, by {by} replicas"


def _kept(*, version: int, generation: int, told: str, by: int, share: str) -> str:
    return f"version {version} in generation {generation}: {told} by {by} replicas, of which {share} disagree"
