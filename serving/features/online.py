"""The online store, seen from aside: whether what the last filling left there is still there."""

from __future__ import annotations

from redis import Redis

__all__ = ["OnlineStore"]

MARK = "switchyard:filled"
"""Key that a filling leaves behind; its value is the number of keys there were. Redis forgets both or neither."""

ANSWER_S = 2.0
"""Redis answers within a millisecond or is in trouble."""


class OnlineStore:
    """A Redis that belongs to this feature store alone, so that every key in it counts."""

    def __init__(self, address: str) -> None:
        """*address* is host:port."""
        host, _, port = address.rpartition(":")
        self._redis = Redis(host=host, port=int(port), socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S)

    def ping(self) -> None:
        """Raise ``redis.RedisError`` unless Redis answers."""
        self._redis.ping()

    def mark(self) -> int:
        """Remember how many keys there are now; returns the number."""
        self._redis.delete(MARK)
        keys = int(self._redis.dbsize())
        self._redis.set(MARK, keys)
        return keys

    def missing(self) -> str | None:
        """
        Why the store is not what the last filling left; None if it is.

        Raises:
            redis.RedisError: Redis does not answer, so nobody knows.
        """
        marked = self._redis.get(MARK)
        if marked is None:
            return "nothing has been filled in since Redis started or was emptied"
        wanted, got = int(marked), int(self._redis.dbsize()) - 1
        return None if got >= wanted else f"{wanted} keys were filled in, {got} are left"
