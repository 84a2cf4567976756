"""Golden rows: inputs with recorded outputs, which a version must give again before a caller gets to see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from yardgate.aliases import Route
from yardgate.errors import BodyMalformed, GoldenFailed, GoldenMismatch, UpstreamError
from yardgate.scores import largest_difference, read_scores
from yardgate.tensors import Card
from yardgate.upstream import Pool, head_of

__all__ = ["Golden", "Rehearsal"]

Rows = Annotated[list[Annotated[list[float], Field(min_length=1)]], Field(min_length=1)]

JSON = ((b"content-type", b"application/json"),)


class Golden(BaseModel):
    """features: float[rows, columns]. probabilities: float[rows, classes], as recorded when the version was made."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    features: Rows
    probabilities: Rows
    tolerance: Annotated[float, Field(gt=0, le=1e-3)] = 1e-6
    """Single precision keeps 6e-8 here; a wrong row or version is off by 1e-3."""


class Rehearsal:
    """Sends golden rows the way that predictions will go, over the same connections, and holds the answer to them."""

    def __init__(self, pool: Pool, *, cards: Mapping[str, Card], deadline_s: float) -> None:
        self._pool, self._cards, self._deadline_s = pool, cards, deadline_s

    async def require(self, route: Route, golden: Golden) -> None:
        """
        Return when the version of *route* gives the recorded outputs.

        Raises:
            BodyMalformed: The rows do not fit the model, or each other.
            GoldenFailed: No answer, or one without probabilities and classes.
            GoldenMismatch: Other outputs than the recorded ones.
        """
        body = self._body(route, golden)
        head = head_of(b"POST", route.path, host=self._pool.host, headers=JSON, length=len(body))
        wanted = f"wanted the golden rows answered by {route.model} version {route.version}"
        try:
            answer = await self._pool.exchange(head, body, deadline_s=self._deadline_s)
        except UpstreamError as failure:
            raise GoldenFailed(f"{wanted}, got no answer: {failure}") from failure
        scores = read_scores(answer) if answer.status == 200 else None
        if scores is None:
            said = answer.body[:200].decode(errors="replace")
            raise GoldenFailed(f"{wanted}, got status {answer.status} without probabilities and classes: {said}")
        recorded = [value for row in golden.probabilities for value in row]
        difference = largest_difference(scores.probabilities, recorded)
        if difference > golden.tolerance:
            raise GoldenMismatch(
                f"{wanted} as recorded within {golden.tolerance:g}, got a difference of {difference:g}; "
                "this is not the version that was recorded"
            )

    def _body(self, route: Route, golden: Golden) -> bytes:
        card = self._cards.get(route.model)
        if card is None:
            raise BodyMalformed(f"wanted golden rows for a model with a card, got {route.model}; send none")
        widths = {len(row) for row in golden.features}
        if widths != {len(card.columns)} or len(golden.probabilities) != len(golden.features):
            raise BodyMalformed(
                f"wanted as many golden probabilities as features, and {len(card.columns)} features a row, "
                f"got {len(golden.probabilities)} and {len(golden.features)} rows of {sorted(widths)}"
            )
        return card.body(golden.features)
