"""What a client saw, held against what trainings recorded: the half of a verdict that users care for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from yardfacts.facts import Facts, Generation, Known, Served, Traffic
from yardfacts.judges import legible
from yardfacts.mutants import Edit, NothingToChange, change, drop
from yardfacts.outputs import are_equal
from yardfacts.verdict import Finding, disproved, inconclusive, proved

__all__ = [
    "REPLICA_LOST",
    "SENT",
    "answered_as_recorded",
    "as_committed",
    "connected",
    "counted",
    "first_served",
    "left_early",
    "swapped",
]

SENT: Final = 200
"""Fewer requests see too little of what went wrong."""
LATE_PERCENT: Final = 2
"""Of those that were sent; a client that was away more often did not watch."""
REPLICA_LOST: Final = 20
"""
So many may fail where a replica is deleted: what is on its way to it, and what is sent there until nobody routes there
any more. That is two seconds of a client that asks ten times a second.
"""


def answered_as_recorded(seen: Facts, known: Facts, environment: str, *, may_fail: int = 0) -> Iterator[Finding]:
    """
    Findings of *environment*'s one client: requests answered, each with the numbers of the version that it names.

    Args:
        seen: Where ``Traffic`` and ``Served`` are.
        known: Where ``Known`` is. Only a version of which it tells may answer.
        may_fail: How many requests may go unanswered, as with a replica that is deleted.
    """
    yield from legible(seen, Traffic, Served)
    yield from legible(known, Known)
    counts = tuple(one for one in seen.of(Traffic) if one.environment == environment)
    served = tuple(one for one in seen.of(Served) if one.environment == environment)
    yield counted(counts, served, environment, may_fail=may_fail)
    yield from connected(counts)
    recorded = {one.version: one.outputs for one in known.of(Known) if one.environment == environment}
    if not recorded:
        yield inconclusive("not_known", f"{environment}: nobody recorded what any version answers")
        return
    for one in served:
        told = f"{environment}: version {one.version} of generation {one.generation} answered {one.outputs}"
        if one.version not in recorded:
            yield disproved("other_version", f"{told}, and may answer nobody")
        elif not are_equal(one.outputs, recorded[one.version]):
            yield disproved("wrong_numbers", f"{told}, and its training recorded {recorded[one.version]}")
        else:
            yield proved(f"{told}, {one.answers} times")


def counted(
    counts: tuple[Traffic, ...],
    served: tuple[Served, ...],
    environment: str,
    *,
    wanted: int = SENT,
    may_fail: int = 0,
) -> Finding:
    """Whether *environment*'s one client asked often enough, was answered but for a few, and kept every answer."""
    if len(counts) != 1:
        return inconclusive("no_client", f"{environment}: {len(counts)} clients counted, wanted one")
    (traffic,) = counts
    told = f"{environment}: {traffic.sent} sent in {traffic.span_s} s, {traffic.answered} answered"
    if traffic.failed > may_fail:
        return disproved("failed", f"{told}, {traffic.failed} failed: {traffic.detail}")
    if traffic.sent < wanted:
        return inconclusive("few_samples", f"{told}, wanted {wanted}")
    if traffic.late * 100 > traffic.sent * LATE_PERCENT:
        return inconclusive("late_client", f"{told}, {traffic.late} not sent: the client itself was away")
    kept = [one.answers for one in served]
    if (
        traffic.answered + traffic.failed != traffic.sent
        or sum(kept) != traffic.answered
        or min(traffic.failed, traffic.answered, traffic.late, *kept) < 0
    ):
        return inconclusive("miscounted", f"{told}, {traffic.failed} failed, {sum(kept)} kept")
    return proved(f"{told}, {traffic.failed} failed {traffic.detail}".rstrip())


def connected(counts: tuple[Traffic, ...]) -> Iterator[Finding]:
    """Whether each client was answered on new connections and on kept ones: each of these meets one replica only."""
    for one in counts:
        told = f"{one.environment}: {one.new} of {one.answered} answers came on new connections"
        yield proved(told) if 0 < one.new < one.answered else inconclusive("one_connection", told)


def as_committed(served: Served, since: Mapping[int, Generation]) -> Finding:
    """Whether an answer is that of its generation's champion, and the generation one of those that may answer."""
    told = f"{served.environment}: {served.answers} answers of version {served.version}, generation {served.generation}"
    committed = since.get(served.generation)
    if committed is None:
        return disproved("unknown_generation", f"{told}, which is none that was committed meanwhile")
    if committed.champion != served.version:
        return disproved("other_version", f"{told}, whose champion is version {committed.champion}")
    return proved(told)


def first_served(facts: Facts, *, at: str, environment: str) -> Served:
    """
    What the lowest generation answered that a client saw.

    Raises:
        NothingToChange: It saw none, so that no mutant can be made of it.
    """
    seen = [one for one in facts.at(at).of(Served) if one.environment == environment]
    if not seen:
        raise NothingToChange(f"no answer was seen in {environment} at {at}")
    return min(seen, key=lambda one: one.generation)


def left_early(*, at: str, environment: str) -> Edit:
    """Make evidence of a client that asked as often, and never after the first generation that it saw."""

    def edit(facts: Facts) -> Facts:
        first = first_served(facts, at=at, environment=environment)
        (traffic,) = (one for one in facts.at(at).of(Traffic) if one.environment == environment)
        left = drop(Served, at=at, where=lambda one: one.environment == environment)(facts)
        return left.plus(at, [replace(first, answers=traffic.answered)])

    return edit


def swapped(*, at: str, environment: str) -> Edit:
    """Make evidence of another version's numbers under the name of the first one that answered."""

    def edit(facts: Facts) -> Facts:
        first = first_served(facts, at=at, environment=environment)
        known = (one for one in facts.at(at).of(Known) if one.environment == environment)
        others = [one for one in known if one.version != first.version]
        if not others:
            raise NothingToChange(f"nothing is known of another version in {environment}")
        return change(Served, at=at, where=lambda one: one == first, outputs=others[0].outputs)(facts)

    return edit
