"""
What the gateways have seen of a shadow, added up: how often it would have said something else than the champion.

Nothing here asks anybody. A share of few copies says little, so it is judged by the upper end of what it may be.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, Final

from yardflow.errors import Unproven

__all__ = ["LEAST", "MOST", "Comparison", "compare", "upper_bound"]

LEAST: Final = 100
"""Copies that have to be compared before anything is said of a shadow."""
MOST: Final = 0.05
"""The share of disagreements that is put up with, where nobody says another."""
COUNTS: Final = ("compared", "disagreements", "mirrored", "uncompared", "failed", "dropped")
"""Of a replica's answer; only the first two are judged, the others are for whoever reads it later."""
CONFIDENCE: Final = 0.95
Z: Final = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
"""Of the interval's two ends, so that the upper one alone is surer than it says."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """
    One shadow in one generation. replicas: that have seen it. compared, disagreements: copies, and those of them with
    another class in any row; mirrored, uncompared, failed, dropped: copies, as the gateway counts them.
    """

    version: int
    generation: int
    replicas: int
    compared: int
    disagreements: int
    mirrored: int = 0
    uncompared: int = 0
    failed: int = 0
    dropped: int = 0

    @property
    def upper(self) -> float:
        """The share of disagreements, 0 to 1, that it does not exceed with 95 % confidence."""
        return upper_bound(self.disagreements, self.compared)

    def check(self, *, most: float = MOST) -> None:
        """
        See that the evidence is enough.

        Args:
            most: The share of disagreements that is put up with, 0 to 1.

        Raises:
            Unproven: Fewer than ``LEAST`` copies were compared, or the share may be above *most*.
        """
        seen = f"{self.disagreements} disagreements in {self.compared} copies at {self.replicas} replicas"
        if self.compared < LEAST:
            raise Unproven(
                f"wanted at least {LEAST} compared copies for version {self.version} in generation {self.generation}, "
                f"got {seen}: wait for more requests, or promote it without --from-evidence"
            )
        if not self.upper <= most:
            raise Unproven(
                f"wanted version {self.version} to disagree with the champion in at most {most:g} of its answers, got "
                f"{seen}, which may be {self.upper:.4f}: it is another model; or promote it without --from-evidence"
            )

    def document(self) -> dict[str, Any]:
        """As it stands in a generation's evidence."""
        return {**asdict(self), "disagreements_at_most": round(self.upper, 6)}


def compare(answers: Iterable[Mapping[str, Any]], *, version: int, generation: int) -> Comparison:
    """
    Add up what replicas say of their shadow. What is of another version or generation is of another comparison, and
    what is no whole evidence is none.

    Args:
        answers: What each replica says, as ``/v1/shadow`` gives it; empty where it has none.
    """
    mine = [one for one in answers if (one.get("version"), one.get("generation")) == (version, generation)]
    whole = [one for one in mine if _is_whole(one)]
    sums = {name: sum(one[name] for one in whole) for name in COUNTS}
    return Comparison(version=version, generation=generation, replicas=len(whole), **sums)


def upper_bound(hits: int, tries: int) -> float:
    """
    The upper end of Wilson's interval for a share of which *hits* in *tries* were seen, 95 %; 1 where nothing was.

    Raises:
        ValueError: There are more hits than tries, or fewer than none.
    """
    if not 0 <= hits <= tries:
        raise ValueError(f"wanted from 0 to {tries} hits, got {hits}")
    if tries == 0:
        return 1.0
    share, square = hits / tries, Z * Z
    spread = Z * math.sqrt(share * (1 - share) / tries + square / (4 * tries * tries))
    # Rounding must not put the end on the wrong side of the share, nor beyond a whole.
    return min(1.0, max(share, (share + square / (2 * tries) + spread) / (1 + square / tries)))


def _is_whole(answer: Mapping[str, Any]) -> bool:
    counts = [answer.get(name) for name in COUNTS]
    are_counts = all(type(count) is int and count >= 0 for count in counts)
    return are_counts and answer["disagreements"] <= answer["compared"]
