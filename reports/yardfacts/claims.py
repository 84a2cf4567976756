"""
A claim: one sentence, the judge that decides it from facts alone, and the mutants that must turn it red.

A claim's file imports nothing but ``yardfacts``, so a live run and an offline replay execute the same file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from yardfacts.facts import Facts, Malformed
from yardfacts.verdict import Finding, Verdict, inconclusive

__all__ = ["Claim", "Mutant", "Survivor", "claim", "survivors"]

Judge = Callable[[Facts], Finding]


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """An edit of good evidence after which the claim must reach exactly *verdict* for exactly *reason*."""

    name: str
    edit: Callable[[Facts], Facts]
    verdict: Verdict
    reason: str
    collateral: tuple[str, ...] = ()
    """Names of other claims that may fall with it."""


@dataclass(frozen=True)
class Claim:
    """A sentence that a reviewer can read, and the only code that decides it."""

    name: str
    sentence: str
    judge: Judge
    mutants: tuple[Mutant, ...]

    def decide(self, facts: Facts) -> Finding:
        """
        Judge *facts*; total by construction.

        A judge that stumbles over the evidence (a lookup, a shape) decides nothing: INCONCLUSIVE.
        """
        try:
            return self.judge(facts)
        except (Malformed, LookupError, TypeError, ValueError, AttributeError) as exc:
            return inconclusive("judge_stumbled", f"{type(exc).__name__}: {exc}")


@dataclass(frozen=True)
class Survivor:
    """A mutant that was not killed as declared: the suite is defective."""

    claim: str
    mutant: str
    wanted: str
    got: str


def claim(sentence: str, *, mutants: Sequence[Mutant]) -> Callable[[Judge], Claim]:
    """
    Turn a judge into a claim that carries the judge's name.

    Raises:
        ValueError: No mutant is declared: a claim that nothing can break proves nothing.
    """
    if not mutants:
        raise ValueError(f"the claim {sentence!r} declares no mutant; say what would make it red")

    def decorate(judge: Judge) -> Claim:
        return Claim(judge.__name__, sentence, judge, tuple(mutants))

    return decorate


def survivors(claims: Sequence[Claim], evidence: Facts) -> tuple[Survivor, ...]:
    """
    Break *evidence* mutant by mutant and return every one that was not killed exactly as declared.

    Claims other than the mutant's own must keep their verdict unless the mutant lists them as collateral.
    """
    sound = {other.name: other.decide(evidence).verdict for other in claims}
    left: list[Survivor] = []
    for owner in claims:
        for mutant in owner.mutants:
            broken = mutant.edit(evidence)
            got = owner.decide(broken)
            if (got.verdict, got.reason) != (mutant.verdict, mutant.reason):
                left.append(Survivor(owner.name, mutant.name, f"{mutant.verdict.name} ({mutant.reason})", str(got)))
            left.extend(
                Survivor(
                    owner.name, mutant.name, f"{other.name} stays {sound[other.name].name}", str(other.decide(broken))
                )
                for other in claims
                if other.name not in {owner.name, *mutant.collateral}
                and other.decide(broken).verdict is not sound[other.name]
            )
    return tuple(left)
