"""A promotion is one version in every place, each asked for itself: from the commit of its run to the message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts, Generation, Receipt
from yardfacts.generations import change_truth, ledgers_clear, told_everywhere, truth
from yardfacts.judges import answered
from yardfacts.mutants import NothingToChange, asked, blind, change, drop
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

ENVIRONMENTS = ("dev", "prod")
BEFORE, NOW = "lifecycle.before", "promoted"
COMMIT = ("dag-of-commit", "run-of-commit")
"""The commit that the DAG was read from before the run, and the one that the run says of itself."""
RUN, TRAINED, DIGEST, CRITERIA = "run-succeeded", "run-in-registry", "digest-in-registry", "criteria-met"


def _of_prod(receipt: Receipt) -> bool:
    return receipt.environment == "prod"


def _same_evidence(facts: Facts) -> Facts:
    """A receipt in prod of which one look shows two criteria."""
    for receipt in filter(_of_prod, facts.at(NOW).of(Receipt)):
        first, second, *others = receipt.criteria
        criteria = (first, replace(second, evidence=first.evidence), *others)
        return change(Receipt, at=NOW, where=_of_prod, criteria=criteria)(facts)
    raise NothingToChange("prod has no receipt")


def _unfounded(facts: Facts) -> Facts:
    """A receipt in prod whose last criterion is met by nothing that anybody saw."""
    for receipt in filter(_of_prod, facts.at(NOW).of(Receipt)):
        *others, last = receipt.criteria
        return change(Receipt, at=NOW, where=_of_prod, criteria=(*others, replace(last, evidence="")))(facts)
    raise NothingToChange("prod has no receipt")


def _same_version(facts: Facts) -> Facts:
    """The ledger as if the champion from before had been deployed once more in prod."""
    old = truth(facts.at(BEFORE), "prod")
    if old is None:
        raise NothingToChange("prod had no champion")
    return change_truth(at=NOW, environment="prod", champion=old.champion)(facts)


def _history_edited(facts: Facts) -> Facts:
    """The ledger as if the promotion in prod had been written into the generation from before."""
    opened = change_truth(at=NOW, environment="prod", phase="open")(facts)
    return change_truth(at=NOW, environment="prod", champion=999999)(opened)


@claim(
    "In both environments a run with good data is promoted: all six criteria are met, each by its own evidence, and "
    "one version is traced from the served commit and its run to the registry, the bytes, Triton, every replica, the "
    "answer and the message.",
    mutants=[
        Mutant(
            name="the run fails",
            edit=change(Answer, at=NOW, where=asked(RUN, "prod"), outcome="wrong", got="failed"),
            verdict=Verdict.DISPROVED,
            reason="not_promoted",
        ),
        Mutant(
            name="the run is one of a commit that was served before",
            edit=change(Answer, at=NOW, where=asked("run-of-commit", "prod"), outcome="wrong", got="0" * 40),
            verdict=Verdict.DISPROVED,
            reason="other_commit",
        ),
        Mutant(
            name="nobody knows which commit the DAG was read from",
            edit=drop(Answer, at=NOW, where=asked("dag-of-commit", "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="the champion comes from another run",
            edit=change(Answer, at=NOW, where=asked(TRAINED, "prod"), outcome="wrong", got="0" * 32),
            verdict=Verdict.DISPROVED,
            reason="broken_trace",
        ),
        Mutant(
            name="one replica still follows the generation before",
            edit=change(
                Answer,
                at=NOW,
                where=asked("version-in-replicas", "prod"),
                outcome="wrong",
                got="wine version 3, generation 4, in 1 of 2",
            ),
            verdict=Verdict.DISPROVED,
            reason="broken_trace",
        ),
        Mutant(
            name="Triton does not answer",
            edit=change(Answer, at=NOW, where=asked("version-in-triton", "prod"), outcome="unanswered"),
            verdict=Verdict.DISPROVED,
            reason="broken_trace",
        ),
        Mutant(
            name="the gateway answers with another version, as somebody wanted",
            edit=change(
                Answer,
                at=NOW,
                where=asked("version-in-answer", "prod"),
                wanted="wine version 0",
                got="wine version 0",
            ),
            verdict=Verdict.DISPROVED,
            reason="versions_differ",
        ),
        Mutant(
            name="the message is about another deployment, as somebody wanted",
            edit=change(
                Answer,
                at=NOW,
                where=asked("message-in-channel", "prod"),
                wanted="1 message of 0-0 with version 0",
                got="1 message of 0-0 with version 0",
            ),
            verdict=Verdict.DISPROVED,
            reason="versions_differ",
        ),
        Mutant(
            name="half of the replicas are enough for somebody",
            edit=change(
                Answer,
                at=NOW,
                where=asked("version-in-replicas", "prod"),
                wanted="wine version 0, generation 0, in 1 of 2",
                got="wine version 0, generation 0, in 1 of 2",
            ),
            verdict=Verdict.DISPROVED,
            reason="versions_differ",
        ),
        Mutant(
            name="the ledger has another champion",
            edit=change_truth(at=NOW, environment="prod", champion=999999),
            verdict=Verdict.DISPROVED,
            reason="versions_differ",
            collateral=("refusal_moved_nothing",),
        ),
        Mutant(
            name="other bytes were registered",
            edit=change(Answer, at=NOW, where=asked(DIGEST, "prod"), outcome="wrong", got="none"),
            verdict=Verdict.DISPROVED,
            reason="other_files",
        ),
        Mutant(
            name="other bytes lie on the volume, as somebody wanted",
            edit=change_truth(at=NOW, environment="prod", digest="0" * 64),
            verdict=Verdict.DISPROVED,
            reason="other_files",
            collateral=("refusal_moved_nothing",),
        ),
        Mutant(
            name="a criterion is not met",
            edit=change(Answer, at=NOW, where=asked(CRITERIA, "prod"), outcome="wrong", got="registered, ready"),
            verdict=Verdict.DISPROVED,
            reason="criteria_unmet",
        ),
        Mutant(
            name="one look shows two criteria",
            edit=_same_evidence,
            verdict=Verdict.DISPROVED,
            reason="shared_evidence",
        ),
        Mutant(
            name="a criterion is met, and nobody knows by what",
            edit=_unfounded,
            verdict=Verdict.DISPROVED,
            reason="shared_evidence",
        ),
        Mutant(
            name="nobody kept a receipt",
            edit=drop(Receipt, at=NOW, where=_of_prod),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_receipt",
        ),
        Mutant(
            name="people are told twice",
            edit=change(
                Answer,
                at=NOW,
                where=asked("message-in-channel", "prod"),
                outcome="wrong",
                got="2 messages of 5-rehearsal with version 3",
            ),
            verdict=Verdict.DISPROVED,
            reason="not_announced",
        ),
        Mutant(
            name="the ledger has no new generation",
            edit=change_truth(at=NOW, environment="prod", phase="open"),
            verdict=Verdict.DISPROVED,
            reason="not_committed",
            collateral=("refusal_moved_nothing",),
        ),
        Mutant(
            name="the new generation has the champion from before",
            edit=_same_version,
            verdict=Verdict.DISPROVED,
            reason="not_committed",
            collateral=("refusal_moved_nothing",),
        ),
        Mutant(
            name="the generation from before was edited",
            edit=_history_edited,
            verdict=Verdict.DISPROVED,
            reason="not_committed",
            collateral=("refusal_moved_nothing",),
        ),
        Mutant(
            name="the version from before is forgotten",
            edit=change_truth(at=NOW, environment="prod", previous=0),
            verdict=Verdict.DISPROVED,
            reason="other_previous",
            collateral=("refusal_moved_nothing",),
        ),
        Mutant(
            name="nobody asked what the gateway answers with",
            edit=drop(Answer, at=NOW, where=asked("version-in-answer", "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="an outcome that nobody knows",
            edit=change(Answer, at=NOW, where=asked(CRITERIA, "prod"), outcome="fine"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unknown_outcome",
        ),
        Mutant(
            name="nobody read who the champion was",
            edit=drop(Generation, at=BEFORE, where=lambda one: one.environment == "prod"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_truth",
            collateral=("rollback_restored", "traffic_unharmed"),
        ),
        Mutant(
            name="nothing was recorded of the promotion",
            edit=drop(Answer, at=NOW),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="the ledger could not be read",
            edit=blind(Generation, at=NOW),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
            collateral=("refusal_moved_nothing",),
        ),
    ],
)
def promotion_traced(facts: Facts) -> Finding:
    """Ask each place, and hold all of them against the ledger, and the ledger against what it was."""
    before, now = facts.at(BEFORE), facts.at(NOW)
    return merge((
        *answered(now, probes=(RUN,), environments=ENVIRONMENTS, reason="not_promoted"),
        *answered(now, probes=COMMIT, environments=ENVIRONMENTS, reason="other_commit"),
        *ledgers_clear(before, environments=ENVIRONMENTS),
        *ledgers_clear(now, environments=ENVIRONMENTS),
        *(finding for environment in ENVIRONMENTS for finding in _committed(before, now, environment)),
        *answered(now, probes=(TRAINED,), environments=ENVIRONMENTS, reason="broken_trace"),
        *told_everywhere(now, environments=ENVIRONMENTS),
        *answered(now, probes=(DIGEST,), environments=ENVIRONMENTS, reason="other_files"),
        *(_bytes(now, environment) for environment in ENVIRONMENTS),
        *answered(now, probes=(CRITERIA,), environments=ENVIRONMENTS, reason="criteria_unmet"),
        *(_founded(now, environment) for environment in ENVIRONMENTS),
    ))  # fmt: skip


def _committed(before: Facts, now: Facts, environment: str) -> Iterator[Finding]:
    old, new = truth(before, environment), truth(now, environment)
    if old is None or new is None:
        return  # the ledgers say why
    told = f"{environment}: generation {new.generation} with champion {new.champion} and previous {new.previous}"
    if new.generation <= old.generation or new.champion == old.champion:
        yield disproved("not_committed", f"{told} after generation {old.generation} with champion {old.champion}")
    elif new.previous != old.champion:
        yield disproved("other_previous", f"{told}, but version {old.champion} was the champion")
    else:
        yield proved(told)


def _bytes(now: Facts, environment: str) -> Finding:
    """A digest that is registered as wanted may still not be that of the champion's bytes."""
    new = truth(now, environment)
    others = [
        answer.got
        for answer in now.of(Answer)
        if asked(DIGEST, environment)(answer) and answer.outcome == "right" and new and answer.got != new.digest
    ]
    if others:
        return disproved("other_files", f"{environment}: {', '.join(others)} is not the digest in the ledger")
    return proved(f"{environment}: registered are the bytes on the volume")


def _founded(now: Facts, environment: str) -> Finding:
    """Six that rest on one look are one criterion: each has to name what was seen of it and of nothing else."""
    receipts = [one for one in now.of(Receipt) if one.environment == environment]
    if len(receipts) != 1:
        return inconclusive("no_receipt", f"{environment}: {len(receipts)} receipts, wanted one")
    seen = [one.evidence for one in receipts[0].criteria]
    told = "; ".join(f"{one.name} by {one.evidence or 'nothing'}" for one in receipts[0].criteria)
    if "" in seen or len(set(seen)) != len(seen):
        return disproved("shared_evidence", f"{environment}: {told}")
    return proved(f"{environment}: {told}")
