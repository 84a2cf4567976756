"""The online store is a cache of the offline store: what was written before the detach is read after the attach."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered
from yardfacts.mutants import asked, blind, change, drop
from yardfacts.verdict import Finding, Verdict, inconclusive, merge, proved

ENVIRONMENTS = ("dev", "prod")
WRITTEN, READ = "feature-written", "feature-read"


@claim(
    "A feature value unique to this proof, written to the offline store before the detach, is read online after the "
    "attach, in both environments.",
    mutants=[
        Mutant(
            name="the value is lost",
            edit=change(Answer, at="attached", where=lambda a: a.probe == READ, outcome="wrong", got="null"),
            verdict=Verdict.DISPROVED,
            reason="wrong_answer",
        ),
        Mutant(
            name="the feature server does not answer",
            edit=change(Answer, at="attached", where=lambda a: a.probe == READ, outcome="unanswered"),
            verdict=Verdict.DISPROVED,
            reason="unanswered",
        ),
        Mutant(
            name="the value was never seen in the offline store",
            edit=change(Answer, at="written", where=lambda a: a.probe == WRITTEN, outcome="unanswered"),
            verdict=Verdict.INCONCLUSIVE,
            reason="never_written",
        ),
        Mutant(
            name="another value was read",
            edit=change(Answer, at="attached", where=lambda a: a.probe == READ, wanted="13.2", got="13.2"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_unique",
        ),
        Mutant(
            name="nobody read in one environment",
            edit=drop(Answer, at="attached", where=asked(READ, "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="the addresses could not be looked up",
            edit=blind(Answer, at="written"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
            collateral=("data_survives",),
        ),
    ],
)
def feature_survives(facts: Facts) -> Finding:
    """Compare what was written with what was read."""
    written, on = facts.at("written"), facts.at("attached")
    values = {answer.environment: answer.wanted for answer in written.of(Answer) if answer.probe == WRITTEN}
    return merge((
        *(_seen(finding) for finding in answered(written, probes=(WRITTEN,), environments=ENVIRONMENTS)),
        *(_same(answer, values) for answer in on.of(Answer) if answer.probe == READ),
        *answered(on, probes=(READ,), environments=ENVIRONMENTS),
    ))  # fmt: skip


def _seen(finding: Finding) -> Finding:
    """Lost before the detach is nobody's proof: a value that was never there cannot be lost."""
    if finding.verdict is Verdict.DISPROVED:
        return inconclusive("never_written", finding.detail)
    return finding


def _same(answer: Answer, values: dict[str, str]) -> Finding:
    wanted = values.get(answer.environment)
    if wanted is None or wanted not in answer.wanted:
        return inconclusive("not_unique", f"{answer.environment}: read {answer.wanted}, but {wanted} was written")
    return proved(f"{answer.environment}: {wanted} was read back")
