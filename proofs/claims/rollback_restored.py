"""The way back is a new generation with the champion from before, and every place says so."""

from __future__ import annotations

from collections.abc import Iterator

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts, Generation
from yardfacts.generations import change_truth, ledgers_clear, told_everywhere, truth
from yardfacts.judges import answered, presupposed
from yardfacts.mutants import NothingToChange, asked, blind, change, drop
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

ENVIRONMENTS = ("dev", "prod")
BEFORE, LEFT, NOW = "lifecycle.before", "refused", "rolled-back"
"""Before the promotion, right before the rollback, and after it."""
ACCEPTED, WATCHED = "rollback-accepted", "rollback-watched"
GIVEN = ("layer-meanwhile",)
"""Whether the optional layer was as it was wanted, from the promotion to the way back."""


def _never_promoted(facts: Facts) -> Facts:
    """The ledger as if, before the rollback in prod, the champion had been the one from before all along."""
    old = truth(facts.at(BEFORE), "prod")
    if old is None:
        raise NothingToChange("prod had no champion")
    return change_truth(at=LEFT, environment="prod", champion=old.champion)(facts)


def _history_edited(facts: Facts) -> Facts:
    """The ledger as if the rollback in prod had been written into the generation that was left."""
    new = truth(facts.at(NOW), "prod")
    if new is None:
        raise NothingToChange("prod has no champion")
    opened = change_truth(at=NOW, environment="prod", phase="open")(facts)
    said = {name: getattr(new, name) for name in ("action", "champion", "previous", "digest", "took_s")}
    return change_truth(at=NOW, environment="prod", **said)(opened)


@claim(
    "In both environments the operator's rollback ends well: a new generation has the version and the bytes from "
    "before as champion and the one that was left as the version before it, every place tells of it, and in the "
    "thirty seconds after it users ask and none is failed.",
    mutants=[
        Mutant(
            name="the command fails",
            edit=change(Answer, at=NOW, where=asked(ACCEPTED, "prod"), outcome="wrong", got="1"),
            verdict=Verdict.DISPROVED,
            reason="not_rolled_back",
        ),
        Mutant(
            name="the command says that all is well, and commits nothing",
            edit=change_truth(at=NOW, environment="prod", phase="open"),
            verdict=Verdict.DISPROVED,
            reason="not_rolled_back",
            collateral=("traffic_unharmed",),
        ),
        Mutant(
            name="the old version was deployed anew instead",
            edit=change_truth(at=NOW, environment="prod", action="deploy"),
            verdict=Verdict.DISPROVED,
            reason="not_rolled_back",
        ),
        Mutant(
            name="the generation that was left was edited",
            edit=_history_edited,
            verdict=Verdict.DISPROVED,
            reason="not_rolled_back",
            collateral=("traffic_unharmed",),
        ),
        Mutant(
            name="another version comes back",
            edit=change_truth(at=NOW, environment="prod", champion=999999),
            verdict=Verdict.DISPROVED,
            reason="other_champion",
            collateral=("traffic_unharmed",),
        ),
        Mutant(
            name="the version from before comes back with other bytes",
            edit=change_truth(at=NOW, environment="prod", digest="0" * 64),
            verdict=Verdict.DISPROVED,
            reason="other_champion",
        ),
        Mutant(
            name="the version that was left is forgotten",
            edit=change_truth(at=NOW, environment="prod", previous=0),
            verdict=Verdict.DISPROVED,
            reason="other_previous",
        ),
        Mutant(
            name="the registry still names the version that was left",
            edit=change(
                Answer, at=NOW, where=asked("version-in-registry", "prod"), outcome="wrong", got="wine version 3"
            ),
            verdict=Verdict.DISPROVED,
            reason="broken_trace",
        ),
        Mutant(
            name="the replicas follow an older generation, as somebody wanted",
            edit=change(
                Answer,
                at=NOW,
                where=asked("version-in-replicas", "prod"),
                wanted="wine version 1, generation 0, in 2 of 2",
                got="wine version 1, generation 0, in 2 of 2",
            ),
            verdict=Verdict.DISPROVED,
            reason="versions_differ",
        ),
        Mutant(
            name="nobody is told",
            edit=change(
                Answer,
                at=NOW,
                where=asked("message-in-channel", "prod"),
                outcome="wrong",
                got="0 messages of 7-rollback with version 1",
            ),
            verdict=Verdict.DISPROVED,
            reason="not_announced",
        ),
        Mutant(
            name="users get errors after it",
            edit=change(Answer, at=NOW, where=asked(WATCHED, "prod"), outcome="wrong", got="users asked, 3 failed"),
            verdict=Verdict.DISPROVED,
            reason="unsteady",
        ),
        Mutant(
            name="nobody counted users' errors",
            edit=drop(Answer, at=NOW, where=asked(WATCHED, "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="there was nothing to roll back from",
            edit=_never_promoted,
            verdict=Verdict.INCONCLUSIVE,
            reason="nothing_to_restore",
            collateral=("refusal_moved_nothing",),
        ),
        Mutant(
            name="the layer was not as somebody wanted it",
            edit=change(Answer, at=NOW, where=asked(*GIVEN, "prod"), outcome="wrong", got="on to the end"),
            verdict=Verdict.INCONCLUSIVE,
            reason="layer_otherwise",
        ),
        Mutant(
            name="nobody took the time",
            edit=change_truth(at=NOW, environment="prod", took_s=0.0),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_duration",
        ),
        Mutant(
            name="nobody asked Triton",
            edit=drop(Answer, at=NOW, where=asked("version-in-triton", "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="an outcome that nobody knows",
            edit=change(Answer, at=NOW, where=asked(ACCEPTED, "prod"), outcome="fine"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unknown_outcome",
        ),
        Mutant(
            name="nobody read the ledger of one environment",
            edit=drop(Generation, at=NOW, where=lambda one: one.environment == "prod"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_truth",
            collateral=("traffic_unharmed",),
        ),
        Mutant(
            name="nothing was recorded of the rollback",
            edit=drop(Answer, at=NOW),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="the ledger could not be read",
            edit=blind(Generation, at=NOW),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
            collateral=("traffic_unharmed",),
        ),
    ],
)
def rollback_restored(facts: Facts) -> Finding:
    """Hold the ledger against what it was before the promotion; how long it took is reported, and not judged."""
    now = facts.at(NOW)
    return merge((
        *answered(now, probes=(ACCEPTED,), environments=ENVIRONMENTS, reason="not_rolled_back"),
        *answered(now, probes=(WATCHED,), environments=ENVIRONMENTS, reason="unsteady"),
        *presupposed(now, probes=GIVEN, environments=ENVIRONMENTS, reason="layer_otherwise"),
        *(clear for at in (BEFORE, LEFT, NOW) for clear in ledgers_clear(facts.at(at), environments=ENVIRONMENTS)),
        *(finding for environment in ENVIRONMENTS for finding in _restored(facts, environment)),
        *told_everywhere(now, environments=ENVIRONMENTS),
    ))  # fmt: skip


def _restored(facts: Facts, environment: str) -> Iterator[Finding]:
    old, left, new = (truth(facts.at(at), environment) for at in (BEFORE, LEFT, NOW))
    if old is None or left is None or new is None:
        return  # the ledgers say why
    if left.champion == old.champion:
        yield inconclusive("nothing_to_restore", f"{environment}: version {old.champion} was the champion all along")
        return
    told = f"{environment}: generation {new.generation} ({new.action}) with champion {new.champion}"
    if new.generation <= left.generation or new.action != "rollback":
        yield disproved("not_rolled_back", f"{told} after generation {left.generation}")
    elif (new.champion, new.digest) != (old.champion, old.digest):
        yield disproved("other_champion", f"{told}, {new.digest}; before it was {old.champion}, {old.digest}")
    elif new.previous != left.champion:
        yield disproved("other_previous", f"{told} and previous {new.previous}; left was version {left.champion}")
    elif not 0 < new.took_s < float("inf"):
        yield inconclusive("no_duration", f"{told}: it says that it took {new.took_s} s")
    else:
        yield proved(f"{told} after {new.took_s} s")
