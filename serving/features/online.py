"""The online store, seen from aside: whether what the last filling left there is still there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from features.errors import OnlineUnknown

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
        self._address = address
        self._redis = Redis(
            host=host,
            port=int(port),
            socket_timeout=ANSWER_S,
            socket_connect_timeout=ANSWER_S,
            # The library's own retries take up to ten seconds, in which nobody would know that Redis is away.
            retry=Retry(NoBackoff(), retries=0),
        )

    def ping(self) -> None:
        """
        Return if Redis answers.

        Raises:
            OnlineUnknown: It does not.
        """
        with self._answering():
            self._redis.ping()

    def mark(self) -> int:
        """
        Remember how many keys there are now; returns the number.

        Raises:
            OnlineUnknown: Redis does not answer.
        """
        with self._answering():
            self._redis.delete(MARK)
            keys = self._keys()
            self._redis.set(MARK, keys)
            return keys

    def missing(self) -> str | None:
        """
        Why the store is not what the last filling left; None if it is.

        Raises:
            OnlineUnknown: Redis does not answer, so nobody knows.
        """
        with self._answering():
            marked: Any = self._redis.get(MARK)
            if marked is None:
                return "nothing has been filled in since Redis started or was emptied"
            wanted, got = int(marked), self._keys() - 1  # the mark is a key as well
            return None if got >= wanted else f"{wanted} keys were filled in, {got} are left"

    def _keys(self) -> int:
        size: Any = self._redis.dbsize()  # typed by the library as if it might have to be awaited
        return int(size)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except RedisError as failure:
            raise OnlineUnknown(f"wanted an answer from Redis at {self._address}, got {failure}") from failure
