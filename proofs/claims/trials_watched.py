"""What is on trial answers nobody who did not ask for it, is seen through, and serves only where that speaks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from yardfacts.claims import Mutant, claim
from yardfacts.clients import SENT, connected, counted
from yardfacts.facts import Answer, Facts, Generation, Known, Served, Traffic
from yardfacts.generations import ledger, ledgers_clear
from yardfacts.judges import answered, legible, presupposed
from yardfacts.mutants import Edit, NothingToChange, asked, blind, change, drop
from yardfacts.outputs import are_equal
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

ENVIRONMENTS = ("dev", "prod")
AT, CLIENT, NAMED = "trials", "trials.client", "trials.named"
"""What was asked, with the ledger as it was at the end; what a client without a name got all the time; what callers got
who named themselves, each twice, while there was a challenger."""
KEYS, ASKED = 400, 2
"""Callers who name themselves, and how often each asks: once at every replica."""
WEIGHT = 0.3
"""The challenger's share, as it was decided."""
DEVIATIONS = 5
"""Of a fair draw: one run in two million strays further."""
ALLOWED = DEVIATIONS * (WEIGHT * (1 - WEIGHT) / KEYS) ** 0.5
"""By so much may the share that was seen differ: 0.115. Each caller is one draw, however often it asks."""

REFUSED = ("unseen", "unproven", "previous")
SHADOWED = ("contrary", "sound")
DECIDED = (*SHADOWED, "promoted", "challenged", "retired")
GIVEN = ("begun-converged", "layer-meanwhile", "alone-answered")
"""Without these something else was going on, or the optional layer was not as it was wanted."""


def _of(kind: str, *rows: str) -> tuple[str, ...]:
    return tuple(f"{row}-{kind}" for row in rows)


QUESTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "not_refused": _of("refused", *REFUSED),
    "not_accepted": _of("accepted", *DECIDED),
    "other_end": _of("ended", *REFUSED, *DECIDED),
    "champion_moved": _of("champion", *DECIDED),
    "golden_differs": _of("golden", *DECIDED),
    "not_free": _of("free", *DECIDED),
    "still_loaded": _of("unloaded", "contrary", "retired"),
    "shadow_answered": _of("answered", *SHADOWED),
    "not_compared": _of("compared", *SHADOWED),
    "miscompared": _of("disagreed", *SHADOWED),
    "not_kept": _of("evidence", "promoted"),
    "other_variant": ("challenged-share", "challenged-answered", "retired-answered"),
    "not_sticky": ("challenged-sticky",),
}
"""Reason of a disproof, and the questions whose wrong answer it is."""

Outputs = tuple[float, ...]


def _in_prod(fact: Traffic | Served | Known | Generation) -> bool:
    return fact.environment == "prod"


def _by_the_challenger(fact: Served) -> bool:
    return _in_prod(fact) and fact.answers * 2 < KEYS * ASKED


def _seen_in_prod(facts: Facts, at: str, *, least: int) -> list[Served]:
    """Who answered in prod, in the order of generations; whoever answered more first."""
    seen = sorted(filter(_in_prod, facts.at(at).of(Served)), key=lambda one: (one.generation, -one.answers))
    if len(seen) < least:
        raise NothingToChange(f"{len(seen)} of {least} kinds of answers were seen in prod at {at}")
    return seen


def _shadow_answers(facts: Facts) -> Facts:
    """Evidence of what prod's second shadow said, as the next champion, at a time when it was none."""
    *_, shadowed, promoted = _seen_in_prod(facts, CLIENT, least=4)[:4]
    where = {"version": promoted.version, "outputs": promoted.outputs}
    return change(Served, at=CLIENT, where=lambda one: one == shadowed, **where)(facts)


def _challenger_answers(facts: Facts) -> Facts:
    """Evidence of one answer of the challenger's for prod's client, who does not name himself."""
    champion, challenger = _seen_in_prod(facts, NAMED, least=2)
    where = {"version": challenger.version, "outputs": challenger.outputs}
    return change(
        Served, at=CLIENT, where=lambda one: _in_prod(one) and one.generation == champion.generation, **where
    )(facts)


def _looked_away(facts: Facts) -> Facts:
    """Evidence of a client in prod that counts as many, and saw nothing of the first shadow's generation."""
    first, shadowed = _seen_in_prod(facts, CLIENT, least=2)[:2]
    left = drop(Served, at=CLIENT, where=lambda one: one in (first, shadowed))(facts)
    return left.plus(CLIENT, [replace(first, answers=first.answers + shadowed.answers)])


def _swapped(facts: Facts) -> Facts:
    """Evidence of the champion's numbers under the challenger's name in prod."""
    champion, challenger = _seen_in_prod(facts, NAMED, least=2)
    return change(Served, at=NAMED, where=lambda one: one == challenger, outputs=champion.outputs)(facts)


def _alike(facts: Facts) -> Facts:
    """Evidence of a challenger whose training recorded the champion's numbers in prod, and that answers them."""
    champion, challenger = _seen_in_prod(facts, NAMED, least=2)
    known = change(
        Known, at=AT, where=lambda one: _in_prod(one) and one.version == challenger.version, outputs=champion.outputs
    )
    return known(_swapped(facts))


def _shared(share: float) -> Edit:
    """Evidence of another *share* of prod's callers, 0 to 1, whom the challenger answered."""

    def edit(facts: Facts) -> Facts:
        champion, challenger = _seen_in_prod(facts, NAMED, least=2)
        answers = round(KEYS * ASKED * share)
        left = drop(Served, at=NAMED, where=lambda one: one in (champion, challenger))(facts)
        return left.plus(
            NAMED, [replace(champion, answers=KEYS * ASKED - answers), replace(challenger, answers=answers)]
        )

    return edit


def _thirds(facts: Facts) -> Facts:
    """Evidence of one answer of the former champion's for prod's callers who name themselves."""
    former = _seen_in_prod(facts, CLIENT, least=1)[0]
    champion, challenger = _seen_in_prod(facts, NAMED, least=2)
    left = change(Served, at=NAMED, where=lambda one: one == champion, answers=champion.answers - 1)(facts)
    return left.plus(NAMED, [replace(former, generation=challenger.generation, answers=1)])


@claim(
    "In both environments a version in the shadow answers nobody, is compared at every replica, and becomes the "
    "champion only by evidence that speaks for it; a challenger answers its share of those who name themselves, each "
    "of them the same way every time, and nobody else, until it is retired.",
    mutants=[
        *(
            Mutant(
                name=name,
                edit=change(Answer, at=AT, where=asked(probe, "prod"), outcome="wrong", got=got),
                verdict=Verdict.DISPROVED,
                reason=reason,
            )
            for name, probe, got, reason in (
                ("what nobody has seen is promoted", "unseen-refused", "exit code 0, no error", "not_refused"),
                ("one that contradicts is promoted", "unproven-refused", "exit code 0, no error", "not_refused"),
                ("it is refused for another reason", "unproven-refused", "exit code 11, TritonAway", "not_refused"),
                ("one that agrees is refused", "promoted-accepted", "exit code 10", "not_accepted"),
                ("a refusal takes a number", "unproven-ended", "generation 8 aborted", "other_end"),
                ("a shadow becomes the champion", "contrary-champion", "wine version 2", "champion_moved"),
                ("the champion answers otherwise", "challenged-golden", "a difference of 0.2", "golden_differs"),
                ("the lock is kept", "retired-free", "deploying 0123456789ab", "not_free"),
                ("a challenger that is retired stays loaded", "retired-unloaded", "version 4 is READY", "still_loaded"),
                ("a shadow answers one replica's callers", "sound-answered", "by champion 3", "shadow_answered"),
                ("one replica compares nothing", "sound-compared", "100 copies or more, by 1 of 2", "not_compared"),
                ("contradictions are not counted", "contrary-disagreed", "none", "miscompared"),
                ("the count goes on with another shadow", "sound-disagreed", "120 of 240", "miscompared"),
                ("the comparison is not kept", "promoted-evidence", "no comparison", "not_kept"),
                ("a replica has another share", "challenged-share", "challenger 4 with weight 0.1", "other_variant"),
                ("who was retired answers on", "retired-answered", "by challenger 4; champion 3", "other_variant"),
                ("a caller is answered by both", "challenged-sticky", "1 of 400 keys changed", "not_sticky"),
            )
        ),
        *(
            Mutant(name=name, edit=edit, verdict=Verdict.DISPROVED, reason=reason)
            for name, edit, reason in (
                (
                    "a replica does not say what it compares",
                    change(Answer, at=AT, where=asked("sound-compared", "prod"), outcome="unanswered", got="refused"),
                    "not_compared",
                ),
                ("a user is answered by the shadow", _shadow_answers, "not_champion"),
                (
                    "a user is answered by what contradicts",
                    change(Served, at=CLIENT, where=_in_prod, version=999_999),
                    "not_champion",
                ),
                ("a user who does not name himself is answered by the challenger", _challenger_answers, "not_champion"),
                (
                    "an answer of a generation that was never committed",
                    change(Served, at=CLIENT, where=_in_prod, generation=999_999),
                    "unknown_generation",
                ),
                (
                    "numbers that are none",
                    change(Served, at=CLIENT, where=_in_prod, outputs=(float("nan"),) * 3),
                    "wrong_numbers",
                ),
                ("the challenger's name with the champion's numbers", _swapped, "wrong_numbers"),
                (
                    "a request fails while somebody is on trial",
                    change(Traffic, at=CLIENT, where=_in_prod, failed=1, detail="request 7: HTTP 503"),
                    "failed",
                ),
                (
                    "a caller who names himself gets no answer",
                    change(Traffic, at=NAMED, where=_in_prod, failed=1, detail="caller 7: HTTP 503"),
                    "failed",
                ),
                ("the challenger has half of the callers", _shared(0.5), "other_share"),
                ("the challenger has a tenth of the callers", _shared(0.1), "other_share"),
                ("the former champion has some, too", _thirds, "third_version"),
            )
        ),
        *(
            Mutant(name=name, edit=edit, verdict=Verdict.INCONCLUSIVE, reason=reason)
            for name, edit, reason in (
                ("champion and challenger cannot be told apart", _alike, "same_numbers"),
                (
                    "the generation ends while callers ask",
                    change(Served, at=NAMED, where=_by_the_challenger, generation=999_999),
                    "moved_meanwhile",
                ),
                ("the client was not there while the first shadow was", _looked_away, "not_seen"),
                (
                    "something was on its way before",
                    change(Answer, at=AT, where=asked("begun-converged", "prod"), outcome="wrong", got="exit code 11"),
                    "not_begun",
                ),
                (
                    "the layer was not as somebody wanted it",
                    change(Answer, at=AT, where=asked("layer-meanwhile", "dev"), outcome="wrong", got="on to the end"),
                    "not_begun",
                ),
                (
                    "a row was not run",
                    drop(
                        Answer,
                        at=AT,
                        where=lambda one: one.environment == "prod" and one.probe.startswith("retired-"),
                    ),
                    "not_asked",
                ),
                (
                    "an outcome that nobody knows",
                    change(Answer, at=AT, where=asked("challenged-sticky", "prod"), outcome="fine"),
                    "unknown_outcome",
                ),
                ("too few requests", change(Traffic, at=CLIENT, where=_in_prod, sent=10, answered=10), "few_samples"),
                ("the client was late", change(Traffic, at=CLIENT, where=_in_prod, late=1_000_000), "late_client"),
                ("the client met one replica", change(Traffic, at=CLIENT, where=_in_prod, new=0), "one_connection"),
                ("too few callers", change(Traffic, at=NAMED, where=_in_prod, sent=80, answered=80), "few_samples"),
                (
                    "answers are counted that nobody kept",
                    drop(Served, at=NAMED, where=_by_the_challenger),
                    "miscounted",
                ),
                ("nobody named himself", drop(Traffic, at=NAMED, where=_in_prod), "no_client"),
                ("nobody knows what versions have to answer", drop(Known, at=AT, where=_in_prod), "not_known"),
                ("the ledger was not read", drop(Generation, at=AT, where=_in_prod), "no_truth"),
                ("the commands could not be run", blind(Answer, at=AT), "unreadable"),
            )
        ),
    ],
)
def trials_watched(facts: Facts) -> Finding:
    """Read every row's answers; hold what everybody got against the ledger, the decided share, and the trainings."""
    at = facts.at(AT)
    return merge((
        *(
            finding
            for reason, probes in QUESTIONS.items()
            for finding in answered(at, probes=probes, environments=ENVIRONMENTS, reason=reason)
        ),
        *presupposed(at, probes=GIVEN, environments=ENVIRONMENTS, reason="not_begun"),
        *legible(at, Known),
        *legible(facts.at(CLIENT), Traffic, Served),
        *legible(facts.at(NAMED), Traffic, Served),
        *ledgers_clear(at, environments=ENVIRONMENTS),
        *(finding for environment in ENVIRONMENTS for finding in _in(facts, environment)),
    ))  # fmt: skip


def _in(facts: Facts, environment: str) -> Iterator[Finding]:
    committed = {one.generation: one for one in ledger(facts.at(AT), environment) if one.phase == "committed"}
    known = {one.version: one.outputs for one in facts.at(AT).of(Known) if one.environment == environment}
    for moment, wanted in ((CLIENT, SENT), (NAMED, KEYS * ASKED)):
        counts = tuple(one for one in facts.at(moment).of(Traffic) if one.environment == environment)
        seen = tuple(one for one in facts.at(moment).of(Served) if one.environment == environment)
        count = counted(counts, seen, environment, wanted=wanted)
        yield count
        yield from (_as_trained(one, known) for one in seen)
        if moment == CLIENT:
            yield from connected(counts)
            yield from (_as_committed(one, committed) for one in seen)
            yield _all_seen(seen, committed, environment)
        elif count.verdict is Verdict.PROVED and committed:
            yield _divided(seen, committed, known, environment)


def _as_trained(one: Served, known: Mapping[int, Outputs]) -> Finding:
    told = f"{one.environment}: version {one.version} answered {one.outputs} {one.answers} times"
    if not known.get(one.version):
        return inconclusive("not_known", f"{told}, and nobody recorded what it has to answer")
    if not are_equal(one.outputs, known[one.version]):
        return disproved("wrong_numbers", f"{told}, and its training recorded {known[one.version]}")
    return proved(told)


def _as_committed(one: Served, committed: Mapping[int, Generation]) -> Finding:
    """Who does not name himself is answered by the champion, whoever else stands beside it."""
    told = f"{one.environment}: {one.answers} answers of version {one.version} in generation {one.generation}"
    if not committed:
        return inconclusive("no_truth", f"{told}, and nobody read the ledger")
    if one.generation not in committed:
        return disproved("unknown_generation", f"{told}, which was never committed")
    champion = committed[one.generation].champion
    if one.version != champion:
        return disproved("not_champion", f"{told}, whose champion is version {champion}")
    return proved(told)


def _all_seen(seen: tuple[Served, ...], committed: Mapping[int, Generation], environment: str) -> Finding:
    """Of a generation without an answer nobody can tell who answered in it."""
    numbers = {one.generation for one in seen if one.answers > 0}
    unseen = sorted(number for number in committed if number >= min(numbers, default=0) and number not in numbers)
    if unseen:
        return inconclusive("not_seen", f"{environment}: no answer of generation {', '.join(map(str, unseen))}")
    return proved(f"{environment}: the client was answered in every generation")


def _divided(
    seen: tuple[Served, ...], committed: Mapping[int, Generation], known: Mapping[int, Outputs], environment: str
) -> Finding:
    """Of callers who name themselves: one generation, its champion and one other version, and how much that got."""
    numbers = {one.generation for one in seen}
    if len(numbers) != 1 or not numbers <= committed.keys():
        told = ", ".join(map(str, sorted(numbers)))
        return inconclusive("moved_meanwhile", f"{environment}: callers were answered in generations {told}")
    champion = committed[numbers.pop()].champion
    others = sorted({one.version for one in seen} - {champion})
    told = f"{environment}: beside champion {champion}, by {', '.join(map(str, others)) or 'nobody'}"
    if len(others) > 1:
        return disproved("third_version", told)
    if any(are_equal(known.get(other, ()), known.get(champion, ())) for other in others):
        return inconclusive("same_numbers", f"{told}, and both answer the same")
    share = sum(one.answers for one in seen if one.version != champion) / sum(one.answers for one in seen)
    if abs(share - WEIGHT) > ALLOWED:
        return disproved("other_share", f"{told}, a share of {share:.4f} instead of {WEIGHT} ± {ALLOWED:.4f}")
    return proved(f"{told}, a share of {share:.4f}")
