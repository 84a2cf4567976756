"""
Triton's process is killed: while nobody deploys anything, and in the middle of a deployment.

What it served stands in ``config.pbtxt`` on a volume, so it is served again without a task or a command; and a
deployment whose candidate was loaded already goes on. There is one server an environment: meanwhile requests fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from proofs.containers import kill
from proofs.lifecycle.aftermath import Aftermath
from proofs.lifecycle.attempt import Attempt, attempt
from proofs.lifecycle.inside import GONE, HELD, TRITON
from proofs.lifecycle.replicas import BACK_S, replicas
from proofs.services.exercise import Hands

from switchyard.kinds import PODS
from switchyard.objects import dig
from yardfacts.facts import Fact

__all__ = ["kill_midway", "kill_triton", "said_held", "told_held"]

SELECTOR: Final = "app.kubernetes.io/name=triton"
KILLED: Final = 137
"""128 and the number of SIGKILL: what a kubelet says of a process that was ended so."""


@dataclass(frozen=True)
class _Server:
    """Triton's one container. ended: exit code of the process before this one, None where there was none."""

    container: str
    starts: int
    ended: int | None
    is_ready: bool


def kill_triton(after: Aftermath) -> tuple[Fact, ...]:
    """Kill it and type nothing: the champion has to answer again by itself."""
    after.chapter()
    (before,) = _servers(after.story.hands)
    kill(before.container)
    _ask_back(after, "triton-killed", before)
    after.whole("triton-killed", champion=after.home, within_s=BACK_S)
    return tuple(after.inquiry.facts)


def kill_midway(after: Aftermath) -> tuple[Fact, ...]:
    """
    Promote a sound version, and kill Triton between its load and its smoke test.

    The deployment is held until Triton is back. It has the candidate loaded again, and no step has to be repeated; who
    is not held finds nobody, which is ``lose_triton``'s row. Then the champion from before is brought back.
    """
    after.chapter()
    inquiry, hands, taken, version = after.inquiry, after.story.hands, after.next, after.forge()
    promoted = replace(after.home, generation=taken, champion=version, previous=after.home.champion)
    after.remember(version)
    (before,) = _servers(hands)
    ended, killed = _held(after, version, before)
    if not inquiry.ask("killed-midway-signalled", wanted=said_held(1), got=lambda: told_held(ended, killed)):
        return tuple(inquiry.facts)
    _ask_back(after, "killed-midway", before)
    inquiry.ask("killed-midway-accepted", wanted="exit code 0", got=lambda: ended.told)
    after.ended("killed-midway", taken, "committed", champion=promoted)
    after.whole("killed-midway", champion=promoted, within_s=BACK_S)
    after.bring_back("killed-midway", promoted)
    return tuple(inquiry.facts)


def said_held(killed: int) -> str:
    """That the deployment was between its load and its smoke test when Triton was killed, and until it was back."""
    return f"held when the version was loaded; {killed} killed; went on when Triton was back"


def told_held(ended: Attempt, killed: Sequence[int]) -> str:
    """What became of a deployment that was to be held, in the words of ``said_held`` where that is so."""
    if not killed or not {f"{HELD} {TRITON}", f"{GONE} {TRITON}"} <= {*ended.lines}:
        return f"{len(killed)} killed; {' / '.join(ended.lines[-3:])}"
    return said_held(len(killed))


def _held(after: Aftermath, version: int, before: _Server) -> tuple[Attempt, list[int]]:
    """Promote *version*, and kill the server while the deployment waits; the processes that were."""
    hands, killed = after.story.hands, list[int]()

    def heard(line: str) -> None:
        if line == f"{HELD} {TRITON}":
            killed.append(kill(before.container))

    words = ("--survive", "--promote", str(version))
    return attempt(hands, f"{hands.run_id}-killed-midway", *words, tell=heard), killed


def _ask_back(after: Aftermath, name: str, before: _Server) -> None:
    """Ask the API server whether that very process was killed, and one more has been started and is ready."""
    wanted = _told(replace(before, starts=before.starts + 1, ended=KILLED, is_ready=True))
    hands = after.story.hands
    after.inquiry.ask(
        f"{name}-back",
        wanted=f"{wanted}; 2 replicas ready",
        got=lambda: f"{', '.join(map(_told, _servers(hands)))}; {len(replicas(hands))} replicas ready",
        within_s=BACK_S,
    )


def _told(server: _Server) -> str:
    readiness = "ready" if server.is_ready else "not ready"
    return f"start {server.starts}, the one before ended with {server.ended}, {readiness}"


def _servers(hands: Hands) -> Sequence[_Server]:
    """Triton's containers as the API server tells of them."""
    return [
        _Server(
            container=str(one.get("containerID", "")),
            starts=1 + int(one["restartCount"]),
            ended=dig(one, "lastState", "terminated", "exitCode"),
            is_ready=bool(one["ready"]),
        )
        for pod in hands.kube.list(PODS, namespace=f"triton-{hands.environment}", selector=SELECTOR).items
        for one in dig(pod, "status", "containerStatuses") or ()
    ]
