"""A model that is not good enough is nobody's: the run is red, nothing is published, and the champion stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts, Generation
from yardfacts.generations import change_truth, ledger, ledgers_clear, truth
from yardfacts.judges import answered
from yardfacts.mutants import Edit, NothingToChange, asked, blind, change, drop
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

ENVIRONMENTS = ("dev", "prod")
BEFORE, NOW = "promoted", "refused"
RED, STOPPED, SKIPPED = "run-failed", "gate-stopped", "tasks-skipped"
PLACES = ("ledger-unmoved", "registry-unmoved", "replicas-unmoved", "triton-unmoved", "golden-unmoved")
"""Who knows who serves, asked before the run and after it; and the champion's golden rows, asked after it."""


def _ended_otherwise(**fields: Any) -> Edit:
    """Give other *fields* to the generation that the refused run took in prod."""

    def edit(facts: Facts) -> Facts:
        taken = _taken(facts.at(BEFORE), facts.at(NOW), "prod")
        if not taken:
            raise NothingToChange("the refused run took no generation")
        return change(Generation, at=NOW, where=lambda one: one == taken[-1], **fields)(facts)

    return edit


def _never_begun(facts: Facts) -> Facts:
    """The ledger as if the refused run had taken no generation in prod."""
    taken = _taken(facts.at(BEFORE), facts.at(NOW), "prod")
    return drop(Generation, at=NOW, where=lambda one: one in taken)(facts)


@claim(
    "In both environments the gate stops a run without anything new: the run is red, nothing is published, its "
    "generation is aborted, and the champion, the version before it and the champion's bytes are those from before; so "
    "are the registry's aliases, every replica's routing, what Triton has loaded, and the champion's golden outputs.",
    mutants=[
        *(
            Mutant(
                name=name,
                edit=change(Answer, at=NOW, where=asked(probe, "prod"), outcome="wrong", got=got),
                verdict=Verdict.DISPROVED,
                reason="moved_elsewhere",
            )
            for name, probe, got in (
                ("the ledger has another truth", "ledger-unmoved", "generation 5: champion 4"),
                ("an alias of the registry moved", "registry-unmoved", "champion 4, previous 3"),
                ("one replica follows the refused run", "replicas-unmoved", "generation 5 of d: champion 4"),
                ("the refused model stays loaded", "triton-unmoved", "versions 1, 3, 4 ready"),
                ("the champion answers otherwise", "golden-unmoved", "a difference of 0.2"),
            )
        ),
        Mutant(
            name="nobody asked the replicas afterwards",
            edit=drop(Answer, at=NOW, where=asked("replicas-unmoved", "dev")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="the run is green",
            edit=change(Answer, at=NOW, where=asked(RED, "prod"), outcome="wrong", got="success"),
            verdict=Verdict.DISPROVED,
            reason="not_red",
        ),
        Mutant(
            name="the gate lets the model pass",
            edit=change(Answer, at=NOW, where=asked(STOPPED, "prod"), outcome="wrong", got="promotion"),
            verdict=Verdict.DISPROVED,
            reason="not_stopped",
        ),
        Mutant(
            name="the model is published although the gate stopped it",
            edit=change(
                Answer,
                at=NOW,
                where=asked(SKIPPED, "prod"),
                outcome="wrong",
                got="publish, load, smoke, switch, verify, commit: skipped, success",
            ),
            verdict=Verdict.DISPROVED,
            reason="published",
        ),
        Mutant(
            name="the champion's bytes are others",
            edit=change_truth(at=NOW, environment="prod", digest="0" * 64),
            verdict=Verdict.DISPROVED,
            reason="moved",
        ),
        Mutant(
            name="the way back is lost",
            edit=change_truth(at=NOW, environment="prod", previous=0),
            verdict=Verdict.DISPROVED,
            reason="moved",
        ),
        Mutant(
            name="the refused model is the champion",
            edit=_ended_otherwise(phase="committed", champion=999999, digest="0" * 64),
            verdict=Verdict.DISPROVED,
            reason="moved",
            collateral=("rollback_restored",),
        ),
        Mutant(
            name="its generation is left open",
            edit=_ended_otherwise(phase="open"),
            verdict=Verdict.DISPROVED,
            reason="not_aborted",
        ),
        Mutant(
            name="nobody asked whether anything was published",
            edit=drop(Answer, at=NOW, where=asked(SKIPPED, "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="an outcome that nobody knows",
            edit=change(Answer, at=NOW, where=asked(STOPPED, "prod"), outcome="fine"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unknown_outcome",
        ),
        Mutant(
            name="the run took no generation",
            edit=_never_begun,
            verdict=Verdict.INCONCLUSIVE,
            reason="no_generation",
        ),
        Mutant(
            name="nobody read the ledger of one environment",
            edit=drop(Generation, at=NOW, where=lambda one: one.environment == "prod"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_truth",
            collateral=("rollback_restored",),
        ),
        Mutant(
            name="nobody read the ledger before the run",
            edit=drop(Generation, at=BEFORE, where=lambda one: one.environment == "prod"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_truth",
            collateral=("promotion_traced",),
        ),
        Mutant(
            name="nothing was recorded of the run",
            edit=drop(Answer, at=NOW),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="the ledger could not be read",
            edit=blind(Generation, at=NOW),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
            collateral=("rollback_restored",),
        ),
    ],
)
def refusal_moved_nothing(facts: Facts) -> Finding:
    """Hold the ledger after the refused run against the one before it, and read what every other place was asked."""
    before, now = facts.at(BEFORE), facts.at(NOW)
    return merge((
        *answered(now, probes=(RED,), environments=ENVIRONMENTS, reason="not_red"),
        *answered(now, probes=(STOPPED,), environments=ENVIRONMENTS, reason="not_stopped"),
        *answered(now, probes=(SKIPPED,), environments=ENVIRONMENTS, reason="published"),
        *answered(now, probes=PLACES, environments=ENVIRONMENTS, reason="moved_elsewhere"),
        *ledgers_clear(before, environments=ENVIRONMENTS),
        *ledgers_clear(now, environments=ENVIRONMENTS),
        *(finding for environment in ENVIRONMENTS for finding in _unmoved(before, now, environment)),
        *(finding for environment in ENVIRONMENTS for finding in _given_up(before, now, environment)),
    ))  # fmt: skip


def _taken(before: Facts, now: Facts, environment: str) -> tuple[Generation, ...]:
    """What the refused run took: generations that were not there before it."""
    known = {one.generation for one in ledger(before, environment)}
    return tuple(one for one in ledger(now, environment) if one.generation not in known)


def _unmoved(before: Facts, now: Facts, environment: str) -> Iterator[Finding]:
    old, new = truth(before, environment), truth(now, environment)
    if old is None or new is None:
        return  # the ledgers say why
    was, is_now = ((one.champion, one.previous, one.digest) for one in (old, new))
    told = f"{environment}: champion, version before it and digest are {is_now}"
    yield proved(told) if is_now == was else disproved("moved", f"{told}, and were {was}")


def _given_up(before: Facts, now: Facts, environment: str) -> Iterator[Finding]:
    if truth(before, environment) is None or truth(now, environment) is None:
        return  # what was not read before the run is none of its generations
    taken = _taken(before, now, environment)
    if not taken:
        yield inconclusive("no_generation", f"{environment}: the refused run took no generation, so it did not begin")
    for one in taken:
        told = f"{environment}: generation {one.generation} of the refused run is {one.phase}"
        yield proved(told) if one.phase == "aborted" else disproved("not_aborted", told)
