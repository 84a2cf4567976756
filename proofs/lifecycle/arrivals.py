"""Batches that proofs deliver: where they lie, for how long, and what a proof that was killed has left there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from proofs.services.exercise import Hands

from models.card import read_card
from models.wine.table import read_table
from yardflow.batches import batch_bytes
from yardflow.rehearsal import rehearse

__all__ = ["BUCKET", "clear_deserted", "delivered", "good_rows", "keys", "named"]

BUCKET: Final = "features"
PLACES: Final = ("batches/wine/", "offline/")
"""Where a batch arrives, and where what is made of it for the feature store lies."""
OURS: Final = "proof-"
"""How the names of all begin that proofs deliver, and of nobody else's; the rest begins with the proof's run."""
ROWS: Final = 120


def named(hands: Hands, name: str) -> str:
    """Name of a batch that only this proof delivers."""
    return f"{OURS}{hands.run_id}-{name}"


def keys(batch: str) -> tuple[str, ...]:
    """Of the batch, and of what is made of it."""
    return tuple(f"{place}{batch}.parquet" for place in PLACES)


def good_rows(*, seed: int) -> bytes:
    """A batch of good rows; other seeds make other models."""
    return batch_bytes(rehearse(read_table(), seed=seed, rows=ROWS), card=read_card("wine"))


@contextmanager
def delivered(hands: Hands, name: str, *, seed: int) -> Iterator[None]:
    """Good rows where batches arrive, for as long as the block runs."""
    store, places = hands.store(), keys(named(hands, name))
    store.put(BUCKET, places[0], good_rows(seed=seed))
    try:
        yield
    finally:
        for key in places:
            store.remove(BUCKET, key)


def clear_deserted(hands: Hands) -> tuple[str, ...]:
    """
    Take away what a proof left that was killed, for the next training would have it; the keys.

    Only one proof goes on at a time (they hold a lease), so whatever is another run's is nobody's.

    Raises:
        Unreadable, NotFound: The store, or the bucket, is not there.
    """
    store = hands.store()
    found = [key for place in PLACES for key in store.keys(BUCKET, f"{place}{OURS}")]
    deserted = tuple(key for key in found if f"/{OURS}{hands.run_id}-" not in key)
    for key in deserted:
        store.remove(BUCKET, key)
    return deserted
