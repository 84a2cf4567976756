"""
What judges have in common: which moments count, when evidence is too thin, and when an Application is settled.

A judge collects findings and merges them. Disproof found in one place stands even where another could not be read;
anything unread or unrecorded otherwise makes the claim INCONCLUSIVE.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from yardfacts.facts import (
    FACT_TYPES,
    Answer,
    Application,
    Barrier,
    Commit,
    Facts,
    Namespace,
    Pod,
    Unreadable,
    Volume,
    Watched,
    Workload,
)
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

__all__ = [
    "answered",
    "applications_settled",
    "each_moment",
    "legible",
    "observed",
    "presupposed",
    "rolled_out",
    "unread",
    "watched_whole",
]

FINISHED: Final = ("Succeeded", "")
"""Phases of a last operation that is over and well; empty where nothing had to be applied, ever."""

LOOKED: Final = (Commit, Namespace, Pod, Volume)
"""Kinds that nothing records but a look at the whole yard."""


def observed(facts: Facts) -> tuple[str, ...]:
    """
    Moments at which the whole yard was looked at, in order; other moments hold the facts of one act only.

    A look that found something unreadable was one all the same: what it missed must not make it vanish.
    """
    looked = {moment for moment, fact in facts.entries if isinstance(fact, LOOKED) or _missed(fact)}
    return tuple(moment for moment in facts.moments() if moment in looked)


def _missed(fact: object) -> bool:
    return isinstance(fact, Unreadable) and _named(fact) in LOOKED


def each_moment(facts: Facts, judge: Callable[[Facts], Finding]) -> Finding:
    """
    Judge every observed moment by itself and merge; the moment is named in what went wrong.

    No observed moment at all is INCONCLUSIVE, and so is a look that does not know which commit it looked at.
    """
    parts = [(moment, facts.at(moment)) for moment in observed(facts)]
    found = [(moment, finding) for moment, part in parts for finding in (judge(part), *_of_no_commit(part))]
    return merge(Finding(finding.verdict, finding.reason, f"{moment}: {finding.detail}") for moment, finding in found)


def _of_no_commit(look: Facts) -> Iterator[Finding]:
    return iter(()) if look.of(Commit) else legible(look, Commit)


def legible(facts: Facts, *kinds: type) -> Iterator[Finding]:
    """
    Yield why *facts* cannot tell about *kinds*: nothing of a kind was recorded, or something could not be read.

    An ``Unreadable`` counts for the kind whose name (or plural) its ``what`` begins with, a probe's for ``Answer``, and
    one that names no kind counts for every kind.
    """
    for unreadable in facts.of(Unreadable):
        named = _named(unreadable)
        if named is None or named in kinds:
            yield inconclusive("unreadable", f"{unreadable.what} could not be read: {unreadable.error}")
    moments = ", ".join(facts.moments()) or "any moment"
    for kind in kinds:
        if not facts.of(kind):
            yield inconclusive("no_evidence", f"no {kind.__name__} was recorded at {moments}")


def unread(facts: Facts, kind: type) -> bool:
    """Whether something that could not be read in *facts* names *kind*: somebody looked for it, and nobody saw it."""
    return any(_named(unreadable) is kind for unreadable in facts.of(Unreadable))


def _named(unreadable: Unreadable) -> type | None:
    """The kind that could not be read; None where all of them could not."""
    word = unreadable.what.partition(" ")[0]
    return Answer if word == "probe" else FACT_TYPES.get(word) or FACT_TYPES.get(word.removesuffix("s"))


def applications_settled(facts: Facts, *, expected: Iterable[str]) -> Iterator[Finding]:
    """
    Judge, at one moment, every expected Application and every other one given in *facts*.

    Argo CD's word counts only behind an answered barrier, and only for the commit that was served.
    """
    yield from legible(facts, Application, Barrier, Commit)
    barriers = {barrier.application: barrier for barrier in facts.of(Barrier)}
    served = {commit.served for commit in facts.of(Commit)}
    applications = facts.of(Application)
    if applications:
        present = {application.name for application in applications}
        for name in expected:
            if name not in present:
                yield disproved("application_missing", f"there is no Application {name}")
    for application in applications:
        barrier = barriers.get(application.name)
        if barrier is None or not barrier.answered or barrier.refreshes_consumed < 2:
            yield inconclusive("barrier_unanswered", f"{application.name}: its controller did not answer the barrier")
        else:
            yield _settled(application, served=served)


def _settled(application: Application, *, served: set[str]) -> Finding:
    name = application.name
    wrong = (
        (application.deleting, "deleting", "is being deleted"),
        (bool(application.error_conditions), "error_condition", ", ".join(application.error_conditions)),
        (not application.compared_to_spec, "compared_to_other", "the status compares another spec"),
        (application.sync != "Synced", "out_of_sync", application.sync or "never compared"),
        (application.health != "Healthy", "unhealthy", application.health or "no health"),
        (application.operation not in FINISHED, "operation_unfinished", application.operation),
        (
            not application.revisions or set(application.revisions) - served != set(),
            "wrong_revision",
            f"{', '.join(application.revisions) or 'none'} instead of {', '.join(sorted(served)) or 'none'}",
        ),
        (
            not (application.automated and application.prune and application.self_heal),
            "not_automated",
            "automated sync with prune and self-heal is off",
        ),
    )
    for is_so, reason, detail in wrong:
        if is_so:
            return disproved(reason, f"{name}: {detail}")
    return proved(f"{name} is Synced and Healthy")


def rolled_out(facts: Facts) -> Iterator[Finding]:
    """Judge the live rollout of every workload in *facts*; Argo CD's word is not taken for it."""
    yield from legible(facts, Workload)
    for workload in facts.of(Workload):
        name = f"{workload.kind} {workload.namespace}/{workload.name}"
        state = f"{workload.ready} ready and {workload.updated} updated of {workload.wanted}"
        if workload.observed_generation < workload.generation:
            yield disproved("not_rolled_out", f"{name}: its controller has not seen generation {workload.generation}")
        elif min(workload.updated, workload.ready) < workload.wanted:
            yield disproved("not_rolled_out", f"{name}: {state}")
        else:
            yield proved(f"{name}: {state}")


def answered(
    facts: Facts, *, probes: Iterable[str], environments: Iterable[str], reason: str = ""
) -> Iterator[Finding]:
    """
    Judge that each probe was asked in each environment and answered right, every time.

    *reason* is that of a disproof, instead of ``wrong_answer`` or ``unanswered``: which of the two a service gives that
    is ill is chance, what is lost by it is not.
    """
    yield from legible(facts, Answer)
    environments = tuple(environments)
    for probe in probes:
        for environment in environments:
            given = [a for a in facts.of(Answer) if (a.probe, a.environment) == (probe, environment)]
            if not given:
                yield inconclusive("not_asked", f"{probe} was not asked in {environment}")
            yield from (_answer(answer, reason) for answer in given)


def presupposed(facts: Facts, *, probes: Iterable[str], environments: Iterable[str], reason: str) -> Iterator[Finding]:
    """
    Judge as ``answered`` what a proof stands on and does not prove: where that does not hold, nothing was shown.

    *reason* is that of INCONCLUSIVE then.
    """
    for finding in answered(facts, probes=probes, environments=environments):
        yield inconclusive(reason, finding.detail) if finding.verdict is Verdict.DISPROVED else finding


def _answer(answer: Answer, reason: str) -> Finding:
    where = f"{answer.probe} in {answer.environment}"
    if answer.outcome == "right":
        return proved(f"{where}: {answer.got}")
    if answer.outcome == "wrong":
        return disproved(reason or "wrong_answer", f"{where}: wanted {answer.wanted}, got {answer.got}")
    if answer.outcome == "unanswered":
        return disproved(reason or "unanswered", f"{where}: wanted {answer.wanted}, got no answer: {answer.got}")
    return inconclusive("unknown_outcome", f"{where}: outcome {answer.outcome!r}")


def watched_whole(facts: Facts) -> Iterator[Finding]:
    """Judge whether each watch in *facts* saw everything: all kinds, from the first LIST to the last, without a gap."""
    yield from legible(facts, Watched)
    for watched in facts.of(Watched):
        empty = watched.kinds <= 0 or watched.objects <= 0
        holes = (
            (empty, "no_kinds", f"{watched.kinds} kinds and {watched.objects} objects were watched"),
            (watched.gap, "gap", f"the watch lost its place: {watched.gap}"),
            (watched.unwatched, "unwatched", f"not watched: {'; '.join(watched.unwatched)}"),
            (watched.differences, "state_differs", f"replayed is not what is listed: {'; '.join(watched.differences)}"),
        )
        found = [inconclusive(reason, f"{watched.window}: {detail}") for is_so, reason, detail in holes if is_so]
        yield from found or [proved(f"{watched.window}: {watched.kinds} kinds watched, {watched.events} events")]
