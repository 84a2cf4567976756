"""Whoever asks while models come and go gets the champion's answer, every time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from yardfacts.claims import Mutant, claim
from yardfacts.clients import as_committed, connected, counted
from yardfacts.facts import Fact, Facts, Generation, Known, Served, Traffic
from yardfacts.generations import change_truth, committed_since, ledger, ledgers_clear, truth
from yardfacts.judges import legible
from yardfacts.mutants import NothingToChange, blind, change, drop
from yardfacts.outputs import are_equal
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

ENVIRONMENTS = ("dev", "prod")
BEFORE, LAST, AFTER = "lifecycle.before", "rolled-back", "lifecycle.after"
"""The ledger before the promotion, the ledger at the end, and what the client saw in between."""

Outputs = tuple[float, ...]


def _in_prod(fact: Traffic | Served | Known) -> bool:
    return fact.environment == "prod"


def _seen_in_prod(facts: Facts) -> list[Served]:
    seen = sorted(filter(_in_prod, facts.at(AFTER).of(Served)), key=lambda served: served.generation)
    if not seen:
        raise NothingToChange("no answer was seen in prod")
    return seen


def _looked_away(facts: Facts) -> Facts:
    """Evidence of a client that asked as often, and only ever before the promotion."""
    first, *later = _seen_in_prod(facts)
    answers = first.answers + sum(served.answers for served in later)
    left = drop(Served, at=AFTER, where=_in_prod)(facts)
    return left.plus(AFTER, [replace(first, answers=answers)])


def _two_at_once(facts: Facts) -> Facts:
    """Evidence of two versions that answered in one generation."""
    first, *_ = _seen_in_prod(facts)
    return facts.plus(AFTER, [replace(first, version=first.version + 1, answers=1)])


def _history_came_back(facts: Facts) -> Facts:
    """Evidence of an answer of a generation that was over before the client asked first."""
    first, *_ = _seen_in_prod(facts)
    gone = [one for one in ledger(facts.at(LAST), "prod") if one.generation < first.generation]
    if not gone:
        raise NothingToChange("nothing happened in prod before")
    return change(Served, at=AFTER, where=lambda one: one == first, generation=gone[0].generation)(facts)


def _never_promoted(facts: Facts) -> Facts:
    """Evidence of a prod in which nothing happened while the client asked."""
    first, *_ = _seen_in_prod(facts)
    later = drop(Generation, at=LAST, where=lambda one: one.environment == "prod" and one.generation > first.generation)
    return later(_looked_away(facts))


def _swapped(facts: Facts) -> Facts:
    """Evidence of the numbers of the version that was left, under the name of the last champion."""
    now = truth(facts.at(LAST), "prod")
    left = [one for one in facts.at(AFTER).of(Known) if _in_prod(one) and now and one.version == now.previous]
    if now is None or not left:
        raise NothingToChange("nothing is known of the version that was left")
    number = now.generation
    wrong = change(
        Served, at=AFTER, where=lambda one: _in_prod(one) and one.generation == number, outputs=left[0].outputs
    )
    return wrong(facts)


def _alike(facts: Facts) -> Facts:
    """Evidence of versions that answer the same in prod, as their trainings recorded."""
    outputs = _seen_in_prod(facts)[0].outputs

    def alike(at: str, fact: Fact) -> Fact:
        if at != AFTER or not isinstance(fact, Served | Known) or not _in_prod(fact):
            return fact
        return replace(fact, outputs=outputs)

    return Facts(tuple((at, alike(at, fact)) for at, fact in facts.entries))


@claim(
    "While models are promoted, refused and rolled back, nobody in either environment gets an error, no answer or "
    "another version's numbers: every answer is that of the version which the ledger committed for its generation.",
    mutants=[
        Mutant(
            name="one request fails",
            edit=change(Traffic, at=AFTER, where=_in_prod, failed=1, detail="request 7: HTTP 503"),
            verdict=Verdict.DISPROVED,
            reason="failed",
        ),
        Mutant(
            name="two versions answer in one generation",
            edit=_two_at_once,
            verdict=Verdict.DISPROVED,
            reason="mixed",
        ),
        Mutant(
            name="an answer of a generation that the ledger has not",
            edit=change(Served, at=AFTER, where=_in_prod, generation=999999),
            verdict=Verdict.DISPROVED,
            reason="unknown_generation",
        ),
        Mutant(
            name="an answer of a generation that was over before",
            edit=_history_came_back,
            verdict=Verdict.DISPROVED,
            reason="unknown_generation",
        ),
        Mutant(
            name="answers of a generation that was never committed",
            edit=change_truth(at=LAST, environment="prod", phase="aborted"),
            verdict=Verdict.DISPROVED,
            reason="unknown_generation",
            collateral=("rollback_restored",),
        ),
        Mutant(
            name="answers of a version that is not its generation's champion",
            edit=change_truth(at=LAST, environment="prod", champion=999999),
            verdict=Verdict.DISPROVED,
            reason="other_version",
            collateral=("rollback_restored",),
        ),
        Mutant(
            name="the numbers of the version that was left, under the champion's name",
            edit=_swapped,
            verdict=Verdict.DISPROVED,
            reason="wrong_numbers",
        ),
        Mutant(
            name="an answer without numbers",
            edit=change(Served, at=AFTER, where=_in_prod, outputs=()),
            verdict=Verdict.DISPROVED,
            reason="wrong_numbers",
        ),
        Mutant(
            name="answers that are no numbers",
            edit=change(Served, at=AFTER, where=_in_prod, outputs=(float("nan"),) * 3),
            verdict=Verdict.DISPROVED,
            reason="wrong_numbers",
        ),
        Mutant(
            name="too few requests",
            edit=change(Traffic, at=AFTER, where=_in_prod, sent=10, answered=10),
            verdict=Verdict.INCONCLUSIVE,
            reason="few_samples",
        ),
        Mutant(
            name="the client was late",
            edit=change(Traffic, at=AFTER, where=_in_prod, late=1_000_000),
            verdict=Verdict.INCONCLUSIVE,
            reason="late_client",
        ),
        Mutant(
            name="the client kept one connection all along, and so met one replica",
            edit=change(Traffic, at=AFTER, where=_in_prod, new=0),
            verdict=Verdict.INCONCLUSIVE,
            reason="one_connection",
        ),
        Mutant(
            name="a request is not accounted for",
            edit=change(Traffic, at=AFTER, where=_in_prod, sent=1_000_000),
            verdict=Verdict.INCONCLUSIVE,
            reason="miscounted",
        ),
        Mutant(
            name="answers are counted that nobody kept",
            edit=drop(Served, at=AFTER, where=_in_prod),
            verdict=Verdict.INCONCLUSIVE,
            reason="miscounted",
        ),
        Mutant(
            name="the client looked away while the champion was another",
            edit=_looked_away,
            verdict=Verdict.INCONCLUSIVE,
            reason="not_seen",
        ),
        Mutant(
            name="nothing was promoted while the client asked",
            edit=_never_promoted,
            verdict=Verdict.INCONCLUSIVE,
            reason="not_seen",
            collateral=("rollback_restored",),
        ),
        Mutant(
            name="nobody knows what the versions have to answer",
            edit=drop(Known, at=AFTER, where=_in_prod),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_known",
        ),
        Mutant(
            name="the versions have the same numbers, and nothing tells them apart",
            edit=_alike,
            verdict=Verdict.INCONCLUSIVE,
            reason="same_numbers",
        ),
        Mutant(
            name="nobody asked in one environment",
            edit=drop(Traffic, at=AFTER, where=_in_prod),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_client",
        ),
        Mutant(
            name="nobody read the ledger of one environment",
            edit=drop(Generation, at=LAST, where=lambda one: one.environment == "prod"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_truth",
            collateral=("rollback_restored",),
        ),
        Mutant(
            name="no answer was recorded",
            edit=drop(Served, at=AFTER),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="what the trainings recorded could not be read",
            edit=blind(Known, at=AFTER),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def traffic_unharmed(facts: Facts) -> Finding:
    """
    Read what the clients counted, and hold every answer against the ledger and against the trainings.

    An answer's generation has to be one that was committed, and none from before the truth of the beginning: a
    gateway that goes back in history serves what nobody decided.
    """
    return merge((
        *legible(facts.at(AFTER), Traffic, Served, Known),
        *(clear for at in (BEFORE, LAST) for clear in ledgers_clear(facts.at(at), environments=ENVIRONMENTS)),
        *(finding for environment in ENVIRONMENTS for finding in _in(facts, environment)),
    ))  # fmt: skip


def _in(facts: Facts, environment: str) -> Iterator[Finding]:
    after = facts.at(AFTER)
    seen = tuple(one for one in after.of(Served) if one.environment == environment)
    counts = tuple(one for one in after.of(Traffic) if one.environment == environment)
    yield counted(counts, seen, environment)
    yield from connected(counts)
    since = committed_since(facts.at(BEFORE), facts.at(LAST), environment)
    if since is None:
        return  # the ledgers say why
    yield from _of_one_version(seen, environment)
    yield from (as_committed(served, since) for served in seen)
    yield _all_seen(seen, since, environment)
    yield from _as_recorded(seen, tuple(one for one in after.of(Known) if one.environment == environment), environment)


def _of_one_version(seen: tuple[Served, ...], environment: str) -> Iterator[Finding]:
    versions: dict[int, set[int]] = {}
    for served in seen:
        versions.setdefault(served.generation, set()).add(served.version)
    for generation, found in versions.items():
        if len(found) > 1:
            told = ", ".join(map(str, sorted(found)))
            yield disproved("mixed", f"{environment}: versions {told} answered in generation {generation}")


def _all_seen(seen: tuple[Served, ...], since: Mapping[int, Generation], environment: str) -> Finding:
    answered = {served.generation for served in seen if served.answers > 0}
    unseen = [number for number in since if number not in answered]
    champions = {one.champion for one in since.values()}
    if unseen:
        return inconclusive("not_seen", f"{environment}: no answer of generation {', '.join(map(str, unseen))}")
    if len(champions) < 2:
        return inconclusive("not_seen", f"{environment}: the champion was the same version all along")
    return proved(f"{environment}: every champion answered")


def _as_recorded(seen: tuple[Served, ...], known: tuple[Known, ...], environment: str) -> Iterator[Finding]:
    recorded = {one.version: one.outputs for one in known}
    answered = sorted({served.version for served in seen})
    for version in answered:
        if len({one.outputs for one in known if one.version == version}) != 1 or not recorded[version]:
            yield inconclusive("not_known", f"{environment}: nobody recorded once what version {version} answers")
        for other in answered:
            if other < version and are_equal(recorded.get(other, ()), recorded.get(version, ())):
                yield inconclusive("same_numbers", f"{environment}: versions {other} and {version} answer the same")
    for served in seen:
        wanted = recorded.get(served.version)
        if wanted and not are_equal(served.outputs, wanted):
            told = f"{environment}: version {served.version} answered {served.outputs}"
            yield disproved("wrong_numbers", f"{told} {served.answers} times, and its training {wanted}")
