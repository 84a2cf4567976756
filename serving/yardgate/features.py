"""Reading a row of features by its key, from the feature server's HTTP API."""

from __future__ import annotations

import json
from collections.abc import Sequence

from yardgate.errors import EntityUnknown, FeaturesMissing, FeaturesUnreadable, Unreachable
from yardgate.presence import Presence
from yardgate.tensors import Card
from yardgate.upstream import Pool, head_of

__all__ = ["FeatureStore"]

JSON = ((b"content-type", b"application/json"),)


class FeatureStore:
    """The store, as far as it is there."""

    def __init__(self, pool: Pool, *, presence: Presence, deadline_s: float) -> None:
        self._pool, self._presence, self._deadline_s = pool, presence, deadline_s

    async def read(self, card: Card, keys: Sequence[int]) -> list[list[float]]:
        """
        The rows of *keys*, float[keys, columns], columns in the card's order.

        Raises:
            FeaturesMissing: The store is absent. That is an agreed answer, not a failure: the caller may send the
                features itself.
            EntityUnknown: The store has no value for a column of some keys.
            Slow: It did not answer before the deadline.
            FeaturesUnreadable: It answered, but not with features.
        """
        if not self._presence.online:
            raise self._missing(card, reason=self._presence.reason)
        body = json.dumps({"features": card.references, "entities": {card.entity: list(keys)}}).encode()
        head = head_of(b"POST", b"/get-online-features", host=self._pool.host, headers=JSON, length=len(body))
        try:
            answer = await self._pool.exchange(head, body, deadline_s=self._deadline_s)
        except Unreachable as failure:
            # The request was faster than the next check: both tell the same from here on.
            self._presence.missed(str(failure), definite=failure.refused)
            raise self._missing(card, reason=str(failure)) from failure
        if answer.status != 200:
            said = answer.body[:200].decode(errors="replace")
            raise FeaturesUnreadable(f"wanted features from {self._pool.name}, got status {answer.status}: {said}")
        return self._rows(answer.body, card=card, keys=keys)

    def _missing(self, card: Card, *, reason: str) -> FeaturesMissing:
        return FeaturesMissing(
            f"wanted the features of {card.model} in the request, because the feature store is absent; "
            f"got keys only; send all {len(card.columns)} to the infer route",
            details={"missing": list(card.columns), "features": "absent", "why": reason},
        )

    def _rows(self, body: bytes, *, card: Card, keys: Sequence[int]) -> list[list[float]]:
        try:
            document = json.loads(body)
            names, results = document["metadata"]["feature_names"], document["results"]
            columns = [results[names.index(column)]["values"] for column in card.columns]
        except (ValueError, KeyError, IndexError, TypeError) as failure:
            raise FeaturesUnreadable(
                f"wanted the columns of {card.view} from {self._pool.name}, got another document: {failure!r}"
            ) from failure
        rows = [list(row) for row in zip(*columns, strict=True)]
        if len(rows) != len(keys):
            raise FeaturesUnreadable(f"wanted {len(keys)} rows from {self._pool.name}, got {len(rows)}")
        unknown = [key for key, row in zip(keys, rows, strict=True) if any(value is None for value in row)]
        if unknown:
            raise EntityUnknown(
                f"wanted values for every {card.entity}, got none for {unknown}",
                details={"entity": card.entity, "unknown": unknown},
            )
        return rows
