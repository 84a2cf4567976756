"""What a killed proof has delivered is found again and taken away, and what anybody else delivered never is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Final

import pytest
from proofs.lifecycle.arrivals import BUCKET, clear_deserted, delivered, keys, named

USERS: Final = ("batches/wine/2026-11.parquet", "offline/wine.parquet", "offline/2026-11.parquet")


class _Bucket:
    """Stands for the object store."""

    def __init__(self, *there: str) -> None:
        self.there = set(there)

    def put(self, bucket: str, key: str, data: bytes) -> None:
        """As the store's."""
        assert (bucket, bool(data)) == (BUCKET, True)
        self.there.add(key)

    def keys(self, bucket: str, prefix: str) -> tuple[str, ...]:
        """As the store's."""
        assert bucket == BUCKET
        return tuple(sorted(key for key in self.there if key.startswith(prefix)))

    def remove(self, bucket: str, key: str) -> None:
        """As the store's."""
        assert bucket == BUCKET
        self.there.discard(key)


def _hands(bucket: _Bucket, *, run_id: str = "beef01") -> Any:
    return SimpleNamespace(run_id=run_id, store=lambda: bucket)


def test_what_a_killed_proof_left_is_taken_away() -> None:
    """The batch, and what was made of it; not what users delivered, and not what this proof did."""
    dead, mine = (keys(named(_hands(_Bucket(), run_id=run), "held")) for run in ("dead99", "beef01"))
    bucket = _Bucket(*USERS, *dead, *mine)

    assert clear_deserted(_hands(bucket)) == dead
    assert bucket.there == {*USERS, *mine}
    assert clear_deserted(_hands(bucket)) == ()


def test_a_batch_is_there_as_long_as_it_is_wanted() -> None:
    """Whatever ends the block; what was made of it goes, too."""
    bucket = _Bucket(*USERS)
    batch, offline = keys("proof-beef01-held")

    def arrive() -> None:
        with delivered(_hands(bucket), "held", seed=1):
            assert batch in bucket.there
            bucket.there.add(offline)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        arrive()
    assert bucket.there == set(USERS)
