"""
Deployments whose neighbours go: Triton is away, or one of the gateway's replicas is deleted while it is being switched.

What such a deployment comes to depends on the moment. What the contract allows is written down here, and what is the
same in every case: the ledger says who serves, and once the neighbours are back, everybody follows it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from proofs.lifecycle.aftermath import BECAUSE, Aftermath
from proofs.lifecycle.attempt import Attempt
from proofs.lifecycle.replicas import delete, replicas
from proofs.lifecycle.story import JOB

from switchyard.jobs import run
from yardfacts.facts import Fact

__all__ = ["lose_replica", "lose_triton", "regain_triton"]

FAILED: Final = 11
NOTICED_S: Final = 60.0
"""A replica asks Triton every two seconds whether it is ready itself, and the kubelet believes the third answer."""
BACK_S: Final = 120.0
"""A pod that starts on two busy cores, until it is ready."""
FORGOTTEN_S: Final = 30.0
"""The cluster's name server gives the address of a pod that is gone for some seconds more, and converge asks it."""
SMOKED: Final = "rows as it was trained"
"""With these words a deployment ends its smoke test: the switch is next."""
WITHOUT_TRITON: Final = ("GatewayAway", "TritonAway")
"""Without Triton no replica is ready either: what is undone asks the replicas first, and tells that."""
WITHOUT_A_REPLICA: Final = ("GatewayAway", "NotFollowed", "NotReloaded", "WrongAnswers")
"""It does not answer, does not follow in time, refuses; or the one in its place answers as the ledger still says."""


def lose_triton(after: Aftermath) -> tuple[Fact, ...]:
    """
    Promote a sound version while Triton is away and the replicas know it.

    What is loaded cannot be known then, so it is not undone either: the generation stays open, and nobody waits for it.
    """
    after.chapter()
    inquiry, taken, version = after.inquiry, after.next, after.forge()
    inquiry.ask("triton-lost-noticed", wanted="0 ready", got=lambda: _ready(after), within_s=NOTICED_S)
    ended = Attempt(*_promoted(after, version))
    _keep(after, "triton-lost-refused", ended, errors=WITHOUT_TRITON, may_succeed=False)
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
    Promote what failed without Triton once more, and delete a replica between the smoke test and the switch.

    Where that is not committed it was undone, or is by the next ``converge``; where it is, it is rolled back from.
    """
    after.chapter()
    inquiry, taken, version = after.inquiry, after.next, max(after.foundry.made)
    after.remember(version)
    gone: list[str] = []
    ended = Attempt(*_promoted(after, version, gone=gone))
    inquiry.ask("replica-lost-killed", wanted="1 deleted", got=lambda: f"{len(gone)} deleted")
    _keep(after, "replica-lost-refused", ended, errors=WITHOUT_A_REPLICA, may_succeed=True)
    inquiry.ask("replica-lost-back", wanted="2 ready", got=lambda: _back(after, gone), within_s=BACK_S)
    inquiry.ask(
        "replica-lost-converged", wanted="exit code 0", got=lambda: after.code("converge"), within_s=FORGOTTEN_S
    )

    now = after.story.truth()
    phase = next((one.phase for one in after.story.last if one.generation == taken), "absent")
    is_new = phase == "committed"
    champion = version if is_new else after.home.champion
    # A generation that nobody ended stays open until a later one is committed.
    is_closed = phase in ("aborted", "committed") or (phase == "open" and now.generation < taken)
    inquiry.keep(
        "replica-lost-ended",
        outcome="right" if is_closed and now.champion == champion else "wrong",
        wanted=f"generation {taken} committed with champion {version}, or not and champion {after.home.champion}",
        got=f"generation {taken} {phase} with champion {now.champion}",
        took_s=0.0,
    )
    # The pod that was deleted answers and is listed until its grace is over.
    after.whole("replica-lost", champion=replace(now, champion=champion), within_s=NOTICED_S)
    _return(after, is_new=is_new)
    return tuple(inquiry.facts)


def _return(after: Aftermath, *, is_new: bool) -> None:
    """Bring the champion from before back, where another one is."""
    after.inquiry.ask(
        "replica-lost-returned",
        wanted="exit code 0",
        got=lambda: after.code("rollback", *BECAUSE) if is_new else after.code("converge"),
    )
    now = after.story.truth()
    after.whole("replica-lost-returned", champion=replace(now, champion=after.home.champion))


def _promoted(after: Aftermath, version: int, *, gone: list[str] | None = None) -> tuple[int, tuple[str, ...]]:
    """Promote *version*; with *gone*, delete a replica when it is about to be switched to, and name it there."""
    lines: list[str] = []
    hands = after.story.hands

    def heard(line: str) -> None:
        lines.append(line)
        if gone is not None and not gone and line.endswith(SMOKED):
            gone.append(replicas(hands)[0])
            delete(hands, gone[-1])

    code = run(
        hands.kube,
        job=hands.declared.jobs[JOB],
        environment=hands.environment,
        arguments=("promote", str(version), *BECAUSE),
        tell=heard,
        run_id=hands.run_id,
    )
    return code, tuple(lines)


def _keep(after: Aftermath, probe: str, ended: Attempt, *, errors: Collection[str], may_succeed: bool) -> None:
    """Keep how a deployment ended that may end in several ways."""
    allowed = f"exit code {FAILED} with {' or '.join(errors)}"
    is_right = ended.code == FAILED and ended.failure in errors
    after.inquiry.keep(
        probe,
        outcome="right" if is_right or (may_succeed and ended.code == 0) else "wrong",
        wanted=f"exit code 0, or {allowed}" if may_succeed else allowed,
        got=f"exit code {ended.code}, {ended.failure or 'no error'}: {' / '.join(ended.lines[-2:])}",
        took_s=0.0,
    )


def _ready(after: Aftermath) -> str:
    return f"{len(replicas(after.story.hands))} ready"


def _back(after: Aftermath, gone: Collection[str]) -> str:
    """How many replicas are ready, none of them the one that was deleted."""
    return f"{len(set(replicas(after.story.hands)) - set(gone))} ready"
