"""The mark that a filling leaves in Redis: whole, lost, and unknown are three answers. A real Redis gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis import Redis

from features.errors import OnlineUnknown
from features.online import OnlineStore

if TYPE_CHECKING:
    from proofs.features.conftest import Server


@pytest.fixture(name="keys")
def _keys(redis: Server) -> Redis:
    """The same Redis, as Feast writes to it."""
    host, _, port = redis.address.rpartition(":")
    return Redis(host=host, port=int(port))


def test_a_store_that_was_never_filled_is_not_whole(redis: Server) -> None:
    """An empty Redis answers, and has no mark."""
    online = OnlineStore(redis.address)
    online.ping()
    assert online.missing() == "nothing has been filled in since Redis started or was emptied"


def test_a_marked_store_is_whole_as_long_as_every_key_is_there(redis: Server, keys: Redis) -> None:
    """The mark counts what was there; what comes later is nobody's loss, what goes is named with its number."""
    keys.mset({"a": 1, "b": 2})
    online = OnlineStore(redis.address)
    assert online.mark() == 2
    assert online.missing() is None
    keys.set("c", 3)
    assert online.missing() is None
    keys.delete("a", "c")
    assert online.missing() == "2 keys were filled in, 1 are left"


def test_a_mark_counts_no_older_mark(redis: Server, keys: Redis) -> None:
    """Filling again gives the same number."""
    keys.set("a", 1)
    online = OnlineStore(redis.address)
    assert (online.mark(), online.mark()) == (1, 1)


def test_a_restarted_redis_has_lost_mark_and_keys(redis: Server, keys: Redis) -> None:
    """It keeps nothing on a disk, so it forgets both or neither; the client finds it again by itself."""
    keys.set("a", 1)
    online = OnlineStore(redis.address)
    online.mark()
    redis.stop()
    redis.start()
    assert online.missing() == "nothing has been filled in since Redis started or was emptied"


def test_a_redis_that_is_away_is_unknown(redis: Server) -> None:
    """Whoever cannot be asked is not empty."""
    online = OnlineStore(redis.address)
    redis.stop()
    for ask in (online.ping, online.mark, online.missing):
        with pytest.raises(OnlineUnknown, match=redis.address):
            ask()
