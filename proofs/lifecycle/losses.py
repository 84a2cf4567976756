"""
Deployments whose neighbours go: Triton is away, or one of the gateway's replicas is deleted in the middle of a switch.

What such a deployment comes to depends on the moment, and so the moment is no chance: Triton is away before it begins,
and it waits between two replicas until the first one is gone. The ledger says who serves, and once the neighbours are
back, everybody follows it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from proofs.lifecycle.aftermath import BECAUSE, Aftermath
from proofs.lifecycle.attempt import FAILED, Attempt, attempt
from proofs.lifecycle.inside import GONE, HELD
from proofs.lifecycle.replicas import BACK_S, GONE_S, delete, replicas

from yardfacts.facts import Fact, Generation

__all__ = ["lose_replica", "lose_triton", "regain_triton", "said_killed", "said_unlike", "told_killed", "told_unlike"]

NOTICED_S: Final = 60.0
"""A replica asks Triton every two seconds whether it is ready itself, and the kubelet believes the third answer."""
WITHOUT_TRITON: Final = ("GatewayAway", "TritonAway")
"""Without Triton no replica is ready either: what is undone asks the replicas first, and tells that."""


def lose_triton(after: Aftermath) -> tuple[Fact, ...]:
    """
    Promote a sound version while Triton is away and the replicas know it.

    What is loaded cannot be known then, so it is not undone either: the generation stays open, and nobody waits for it.
    """
    after.chapter()
    inquiry, taken, version = after.inquiry, after.next, after.forge()
    inquiry.ask("triton-lost-noticed", wanted="0 ready", got=lambda: _ready(after), within_s=NOTICED_S)
    ended = Attempt(*_promoted(after, version))
    _keep(after, "triton-lost-refused", ended, errors=WITHOUT_TRITON)
    after.ended("triton-lost", taken, "open", champion=after.home)
    return tuple(inquiry.facts)


def regain_triton(after: Aftermath) -> tuple[Fact, ...]:
    """Triton is there again, with what ``config.pbtxt`` named last: everything is made to follow the ledger."""
    after.chapter()
    version = max(after.foundry.made)
    after.inquiry.ask("triton-lost-back", wanted="2 ready", got=lambda: _ready(after), within_s=BACK_S)
    after.inquiry.ask("triton-lost-converged", wanted="exit code 0", got=lambda: after.code("converge"))
    after.unloaded("triton-lost", version)
    after.whole("triton-lost", champion=after.home)
    return tuple(after.inquiry.facts)


def lose_replica(after: Aftermath) -> tuple[Fact, ...]:
    """
    Promote what failed without Triton once more, and delete the replica that has switched before the next one has.

    The deployment goes on when another pod is in its place. That one begins with the ledger, which knows nothing of
    what is on its way: the other replica switches, this one answers as before, and not all answer as they were told.
    So it is no promotion: what was switched is rolled back, as the generation after it.
    """
    after.chapter()
    inquiry, taken, version = after.inquiry, after.next, max(after.foundry.made)
    after.remember(version)  # the replicas that have switched answer with it, until they are brought back
    ended, gone = _bereaved(after, version)
    if not inquiry.ask("replica-lost-killed", wanted=said_killed(1), got=lambda: told_killed(ended, gone)):
        return tuple(inquiry.facts)
    wanted = said_unlike(after.home)
    inquiry.ask("replica-lost-refused", wanted=wanted, got=lambda: told_unlike(ended, wanted))
    inquiry.ask("replica-lost-back", wanted="2 ready", got=lambda: _back(after, gone), within_s=BACK_S)
    restored = replace(after.home, generation=taken + 1)
    after.ended("replica-lost", taken, "rolled_back", champion=restored)
    after.unloaded("replica-lost", version)
    inquiry.ask("replica-lost-converged", wanted="exit code 0", got=lambda: after.code("converge"))
    after.whole("replica-lost", champion=restored, within_s=GONE_S)
    after.home = restored
    return tuple(inquiry.facts)


def said_unlike(home: Generation) -> str:
    """How a deployment has to end whose replicas do not all answer as they were told: one does as *home* says."""
    return f"exit code {FAILED}, WrongAnswers: got version {home.champion} of {home.generation} and a difference"


def told_unlike(ended: Attempt, wanted: str) -> str:
    """How an attempt ended, in the words of *wanted* where it used them."""
    said = wanted.partition(": ")[2]
    told = said if said in "\n".join(ended.lines) else " / ".join(ended.lines[-3:])
    return f"exit code {ended.code}, {ended.failure or 'no error'}: {told}"


def said_killed(deleted: int) -> str:
    """That the deployment was between two replicas when the first one was deleted, and until it was gone."""
    return f"held when 1 had switched; {deleted} deleted; went on when it was gone"


def _bereaved(after: Aftermath, version: int) -> tuple[Attempt, list[str]]:
    """Promote *version*, and delete the replica that has switched while the deployment waits; which that was."""
    hands, gone = after.story.hands, list[str]()

    def heard(line: str) -> None:
        if line.startswith(HELD):
            replica = line.removeprefix(HELD).strip()
            gone.extend([replica] * delete(hands, replica))

    words = ("--outlive", "--promote", str(version))
    return attempt(hands, f"{hands.run_id}-replica-lost", *words, tell=heard), gone


def told_killed(ended: Attempt, gone: Sequence[str]) -> str:
    """What became of the replica that was deleted, in the words of ``said_killed`` where that is so."""
    if not gone or f"{HELD} {gone[0]}" not in ended.lines or f"{GONE} {gone[0]}" not in ended.lines:
        return f"{len(gone)} deleted; {' / '.join(ended.lines[-3:])}"
    return said_killed(len(gone))


def _promoted(after: Aftermath, version: int) -> tuple[int, tuple[str, ...]]:
    code, lines = after.story.command("promote", str(version), *BECAUSE)
    return code, tuple(lines)


def _keep(after: Aftermath, probe: str, ended: Attempt, *, errors: Collection[str]) -> None:
    """Keep how a deployment ended that may end with either error."""
    after.inquiry.keep(
        probe,
        outcome="right" if ended.code == FAILED and ended.failure in errors else "wrong",
        wanted=f"exit code {FAILED} with {' or '.join(errors)}",
        got=f"exit code {ended.code}, {ended.failure or 'no error'}: {' / '.join(ended.lines[-2:])}",
        took_s=0.0,
    )


def _ready(after: Aftermath) -> str:
    return f"{len(replicas(after.story.hands))} ready"


def _back(after: Aftermath, gone: Collection[str]) -> str:
    """How many replicas are ready, none of them the one that was deleted."""
    return f"{len(set(replicas(after.story.hands)) - set(gone))} ready"
