"""Where nobody has ever deployed anything there is no way back; the first deployment has one, to the seed's version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from yardfacts.claims import Mutant, claim
from yardfacts.clients import answered_as_recorded, as_committed, left_early, swapped
from yardfacts.facts import Answer, Facts, Generation, Known, Served, Traffic
from yardfacts.generations import change_truth, committed_since, ledger, ledgers_clear, told_everywhere, truth
from yardfacts.judges import answered, presupposed
from yardfacts.mutants import NothingToChange, asked, blind, change, drop
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

ENVIRONMENTS = ("dev", "prod")
BLANK, SEEDED, SEEN = "first.blank", "first.seeded", "first.seen"
REFUSED, PROMOTED, RETURNED, AGAIN = "first.refused", "first.promoted", "first.returned", "first.again"
"""Nobody has deployed; the seed's is the first; what a client saw; and what was done meanwhile."""
GENERATIONS: Final = 3
"""So many a client has to have seen: the seed's, the first deployment's, and that of the way back."""

PLACES = ("ledger-unmoved", "registry-unmoved", "replicas-unmoved", "triton-unmoved", "golden-unmoved")
"""Who knows who serves, asked before a rollback that is refused and after it; and the champion's golden rows."""
GIVEN: Final[Mapping[str, tuple[str, ...]]] = {
    BLANK: tuple(f"blank-{one}" for one in ("wiped", "registry", "deleted", "replicas", "ledger")),
    SEEDED: ("seeded-job", "seeded-triton"),
    SEEN: ("layer-meanwhile",),
}
"""Without these somebody has deployed before, nobody has seeded, or the optional layer was not as it was wanted."""
QUESTIONS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    BLANK: {"answered_without_model": ("blank-answer",), "returned_to_nothing": ("blank-refused",)},
    SEEDED: {"not_seeded": ("seeded-champion", "seeded-golden", "seeded-free")},
    REFUSED: {"returned_to_nothing": ("first-refused",), "moved": PLACES},
    PROMOTED: {"not_promoted": ("run-succeeded",)},
    RETURNED: {"not_rolled_back": ("rollback-accepted",), "unsteady": ("rollback-watched",)},
    AGAIN: {"swung": ("again-refused",), "moved": PLACES},
}
"""By moment: reason of a disproof, and the questions whose wrong answer it is."""


def _in_prod(fact: Traffic | Served | Known | Generation) -> bool:
    return fact.environment == "prod"


def _deployed_before(facts: Facts) -> Facts:
    """The ledger as if somebody in prod had deployed before the seed."""
    first = truth(facts.at(SEEDED), "prod")
    if first is None:
        raise NothingToChange("prod was not seeded")
    return facts.plus(SEEDED, [replace(first, generation=0, action="deploy")])


@claim(
    "In an environment in which nobody has ever deployed anything users are told that there is no model, and there is "
    "nothing to roll back to, neither before the platform's own job has seeded nor after it; the first run of the life "
    "cycle is promoted over the seed's version, the way back from it leads there and no further, every place tells of "
    "each, and from the seed on everybody is answered by the champion of a committed generation.",
    mutants=[
        *(
            Mutant(
                name=name,
                edit=change(Answer, at=at, where=asked(probe, "prod"), outcome="wrong", got=got),
                verdict=Verdict.DISPROVED,
                reason=reason,
            )
            for name, at, probe, got, reason in (
                ("users are answered by nobody knows whom", BLANK, "blank-answer", "200", "answered_without_model"),
                ("a rollback goes on without a ledger", BLANK, "blank-refused", "exit code 0", "returned_to_nothing"),
                ("the gateways do not follow the seed", SEEDED, "seeded-champion", "generation 0", "not_seeded"),
                ("the seed's version answers otherwise", SEEDED, "seeded-golden", "difference of 0.2", "not_seeded"),
                ("a rollback from the seed goes on", REFUSED, "first-refused", "exit code 0", "returned_to_nothing"),
                ("a refused rollback moves the ledger", REFUSED, "ledger-unmoved", "generation 2", "moved"),
                ("a refused rollback moves an alias", REFUSED, "registry-unmoved", "no champion", "moved"),
                ("the first run fails", PROMOTED, "run-succeeded", "failed", "not_promoted"),
                ("the registry knows another version", PROMOTED, "version-in-registry", "wine 1", "broken_trace"),
                ("nobody is told of the first one", PROMOTED, "message-in-channel", "0 messages", "not_announced"),
                ("the way back is closed", RETURNED, "rollback-accepted", "10", "not_rolled_back"),
                ("users get errors after it", RETURNED, "rollback-watched", "users asked, 3 failed", "unsteady"),
                ("one goes to and fro", AGAIN, "again-refused", "exit code 0", "swung"),
                ("a refused swing moves Triton", AGAIN, "triton-unmoved", "versions 2 ready", "moved"),
            )
        ),
        Mutant(
            name="the first deployment knows of no version before it",
            edit=change_truth(at=PROMOTED, environment="prod", previous=0),
            verdict=Verdict.DISPROVED,
            reason="not_over_the_seed",
        ),
        Mutant(
            name="the first deployment is none",
            edit=change_truth(at=PROMOTED, environment="prod", action="rollback"),
            verdict=Verdict.DISPROVED,
            reason="not_over_the_seed",
        ),
        Mutant(
            name="the version that was left is forgotten",
            edit=change_truth(at=RETURNED, environment="prod", previous=0),
            verdict=Verdict.DISPROVED,
            reason="not_the_seed",
        ),
        Mutant(
            name="the seed's version comes back with other bytes",
            edit=change_truth(at=RETURNED, environment="prod", digest="0" * 64),
            verdict=Verdict.DISPROVED,
            reason="not_the_seed",
        ),
        Mutant(
            name="a request fails",
            edit=change(Traffic, at=SEEN, where=_in_prod, failed=1, detail="request 7: HTTP 503"),
            verdict=Verdict.DISPROVED,
            reason="failed",
        ),
        Mutant(
            name="the seed's name with another's numbers",
            edit=swapped(at=SEEN, environment="prod"),
            verdict=Verdict.DISPROVED,
            reason="wrong_numbers",
        ),
        Mutant(
            name="a generation answers that nobody committed",
            edit=change(Served, at=SEEN, where=_in_prod, generation=999999),
            verdict=Verdict.DISPROVED,
            reason="unknown_generation",
        ),
        Mutant(
            name="somebody has deployed before",
            edit=_deployed_before,
            verdict=Verdict.INCONCLUSIVE,
            reason="not_first",
        ),
        Mutant(
            name="a replica remembers",
            edit=change(Answer, at=BLANK, where=asked("blank-replicas", "prod"), outcome="wrong", got="generation 7"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_given",
        ),
        Mutant(
            name="the registry remembers",
            edit=change(Answer, at=BLANK, where=asked("blank-registry", "dev"), outcome="wrong", got="champion 7"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_given",
        ),
        Mutant(
            name="nobody seeded",
            edit=change(Answer, at=SEEDED, where=asked("seeded-job", "prod"), outcome="wrong", got="0 others: "),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_given",
        ),
        Mutant(
            name="the layer was not as somebody wanted it",
            edit=change(Answer, at=SEEN, where=asked("layer-meanwhile", "dev"), outcome="wrong", got="on to the end"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_given",
        ),
        Mutant(
            name="nobody rolled back from the seed",
            edit=drop(Answer, at=REFUSED, where=asked("first-refused", "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="an outcome that nobody knows",
            edit=change(Answer, at=AGAIN, where=asked("again-refused", "dev"), outcome="fine"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unknown_outcome",
        ),
        Mutant(
            name="nobody read the ledger after the first deployment",
            edit=drop(Generation, at=PROMOTED, where=_in_prod),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_truth",
        ),
        Mutant(
            name="the client left before the first deployment",
            edit=left_early(at=SEEN, environment="prod"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_seen",
        ),
        Mutant(
            name="nobody knows what the seed's version has to answer",
            edit=drop(Known, at=SEEN, where=_in_prod),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_known",
        ),
        Mutant(
            name="the ledger could not be read",
            edit=blind(Generation, at=RETURNED),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def first_deployment(facts: Facts) -> Finding:
    """Read what was asked at each moment, hold the ledger against the seed's, and the client against the ledger."""
    return merge((
        *(
            finding
            for moment, probes in GIVEN.items()
            for finding in presupposed(
                facts.at(moment), probes=probes, environments=ENVIRONMENTS, reason="not_given"
            )
        ),
        *(
            finding
            for moment, questions in QUESTIONS.items()
            for reason, probes in questions.items()
            for finding in answered(facts.at(moment), probes=probes, environments=ENVIRONMENTS, reason=reason)
        ),
        *(
            finding
            for moment in (SEEDED, PROMOTED, RETURNED)
            for finding in ledgers_clear(facts.at(moment), environments=ENVIRONMENTS)
        ),
        *told_everywhere(facts.at(PROMOTED), environments=ENVIRONMENTS),
        *told_everywhere(facts.at(RETURNED), environments=ENVIRONMENTS),
        *(finding for environment in ENVIRONMENTS for finding in _decided(facts, environment)),
        *(finding for environment in ENVIRONMENTS for finding in _seen(facts, environment)),
    ))  # fmt: skip


def _decided(facts: Facts, environment: str) -> Iterator[Finding]:
    """What the ledger says: the seed alone, then one over it, then the seed's version again."""
    began, first, last = (truth(facts.at(at), environment) for at in (SEEDED, PROMOTED, RETURNED))
    if began is None or first is None or last is None:
        return  # the ledgers say why
    older = [one.generation for one in ledger(facts.at(SEEDED), environment)]
    if older != [began.generation] or began.action != "seed" or began.previous:
        yield inconclusive("not_first", f"{environment}: generations {older}, the last one by {began.action}")
        return
    told = f"{environment}: version {first.champion} as generation {first.generation}, previous {first.previous}"
    is_over = first.action == "deploy" and first.champion != began.champion == first.previous
    yield proved(told) if is_over else disproved("not_over_the_seed", f"{told}; seeded was {began.champion}")
    told = f"{environment}: version {last.champion} as generation {last.generation}, previous {last.previous}"
    seeds = (began.champion, began.digest, first.champion)
    is_back = last.action == "rollback" and (last.champion, last.digest, last.previous) == seeds
    yield proved(told) if is_back else disproved("not_the_seed", f"{told}; seeded was {began.champion}")


def _seen(facts: Facts, environment: str) -> Iterator[Finding]:
    """What a client saw: every answer that of a committed generation, with its version's numbers."""
    at = facts.at(SEEN)
    yield from answered_as_recorded(at, at, environment)
    mine = [one for one in at.of(Served) if one.environment == environment and one.answers > 0]
    since = committed_since(facts.at(SEEDED), facts.at(RETURNED), environment)
    if since is None:
        return  # the ledgers say why
    yield from (as_committed(one, since) for one in mine)
    seen = sorted({one.generation for one in mine})
    if len(seen) < GENERATIONS:
        yield inconclusive("not_seen", f"{environment}: answers of generations {seen}, wanted {GENERATIONS}")
