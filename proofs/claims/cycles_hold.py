"""Once is luck: the layer leaves and comes again and again, and nobody who uses the rest gets a wrong answer."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Cycle, Facts, Sampled, Toggle
from yardfacts.judges import legible
from yardfacts.mutants import change, drop, plant
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

ENVIRONMENTS = ("dev", "prod")
TOGGLES = ("detached", "attached")
FIRST = "cycle-1"


def _all_but_the_first(facts: Facts) -> Facts:
    """What a series looks like that was given up."""
    return Facts(tuple((at, fact) for at, fact in facts.entries if not isinstance(fact, Cycle) or at == FIRST)).plus(
        FIRST, [Cycle(number=2, of=3, failed=False, detail="")]
    )


@claim(
    "In every cycle that was asked for the layer is detached and attached, and no sample of any service is wrong or "
    "unanswered in either environment.",
    mutants=[
        Mutant(
            name="a cycle fails",
            edit=change(Cycle, at=FIRST, failed=True, detail="attach: Late"),
            verdict=Verdict.DISPROVED,
            reason="cycle_failed",
        ),
        Mutant(
            name="a sample is wrong",
            edit=change(Sampled, at=FIRST, wrong=1),
            verdict=Verdict.DISPROVED,
            reason="sample_failed",
            collateral=("nobody_noticed",),
        ),
        Mutant(
            name="a sample is not answered",
            edit=change(Sampled, at=FIRST, unanswered=1),
            verdict=Verdict.DISPROVED,
            reason="sample_failed",
            collateral=("nobody_noticed",),
        ),
        Mutant(
            name="the series was given up",
            edit=_all_but_the_first,
            verdict=Verdict.INCONCLUSIVE,
            reason="incomplete",
        ),
        Mutant(
            name="a cycle is counted twice",
            edit=plant(Cycle(number=1, of=2, failed=False, detail=""), at=FIRST),
            verdict=Verdict.INCONCLUSIVE,
            reason="incomplete",
        ),
        Mutant(
            name="the layer was gone already",
            edit=change(Toggle, at=FIRST, changed=False),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_toggled",
        ),
        Mutant(
            name="nobody asked one environment",
            edit=drop(Sampled, at=FIRST, where=lambda sampled: sampled.environment == "prod"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_sampled",
            collateral=("nobody_noticed",),
        ),
        Mutant(
            name="no sample was sent",
            edit=change(Sampled, at=FIRST, sent=0, right=0),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_sampled",
            collateral=("nobody_noticed",),
        ),
    ],
)
def cycles_hold(facts: Facts) -> Finding:
    """Read each cycle by the facts of its moment; how long it took is reported, and not judged."""
    moments = [moment for moment in facts.moments() if facts.at(moment).of(Cycle)]
    return merge((
        _all_there(facts.of(Cycle)),
        *(finding for moment in moments for finding in _one(facts.at(moment), moment)),
        *legible(facts, Cycle),
    ))  # fmt: skip


def _all_there(cycles: tuple[Cycle, ...]) -> Finding:
    numbers = sorted(cycle.number for cycle in cycles)
    wanted = max((cycle.of for cycle in cycles), default=0)
    if not cycles or len(numbers) != wanted or any(number != place for place, number in enumerate(numbers, start=1)):
        return inconclusive("incomplete", f"cycles {', '.join(map(str, numbers)) or 'none'} of {wanted}")
    return proved(f"all of {wanted} cycles were recorded")


def _one(cycle: Facts, moment: str) -> tuple[Finding, ...]:
    done = {toggle.wanted for toggle in cycle.of(Toggle) if toggle.changed}
    asked = {sampled.environment for sampled in cycle.of(Sampled)}
    return (
        *(_ended(one, moment) for one in cycle.of(Cycle)),
        *(
            inconclusive("not_toggled", f"{moment}: the layer was not {wanted} by it")
            for wanted in TOGGLES
            if wanted not in done
        ),
        *(
            inconclusive("not_sampled", f"{moment}: nobody was asked in {environment}")
            for environment in ENVIRONMENTS
            if environment not in asked
        ),
        *(_answered(sampled, moment) for sampled in cycle.of(Sampled)),
        *legible(cycle, Cycle, Toggle, Sampled),
    )


def _ended(cycle: Cycle, moment: str) -> Finding:
    return disproved("cycle_failed", f"{moment}: {cycle.detail}") if cycle.failed else proved(f"{moment} went well")


def _answered(sampled: Sampled, moment: str) -> Finding:
    where = f"{moment}: {sampled.probe} in {sampled.environment} ({sampled.connection})"
    if sampled.wrong or sampled.unanswered:
        return disproved("sample_failed", f"{where}: {sampled.wrong} wrong, {sampled.unanswered} unanswered")
    if sampled.sent <= 0:
        return inconclusive("not_sampled", f"{where}: no sample was sent")
    return proved(f"{where}: {sampled.right} right")
