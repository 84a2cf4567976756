"""
Deployments that fail in one environment, one after the other: a version lies, a replica is ahead, nobody is told.

Whatever fails, the champion has to be who it was, in the ledger, in the registry, at every replica and in what it
answers; only what is committed already stays, and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from proofs.lifecycle.aftermath import Aftermath
from proofs.lifecycle.attempt import FAILED, REFUSED
from proofs.lifecycle.forged import NAME, REASON, Forged, misremembered, narrow, slow, unloadable, unready
from proofs.lifecycle.replicas import replicas
from proofs.services.rest import Rest

from switchyard.probe.secret import secret
from yardfacts.facts import Fact, Generation

__all__ = ["fence", "hush", "lie"]

TOKEN: Final = "gateway_token"  # noqa: S105 - the name of a secret


@dataclass(frozen=True)
class Lie:
    """
    A row that only its version makes. said: of the error's words, those that tell it from others of its kind.

    end: What the ledger says of it: aborted where nothing of it was loaded, rolled_back where it was.
    """

    name: str
    forge: Callable[..., Forged]
    error: str
    said: str
    end: str
    times: int = 1


LIES: Final = (
    Lie("unready", unready, "NotReady", "these are not the files that were trained", "aborted"),
    # Twice: what is in quarantine is published once more, and refused for the same reason.
    Lie("unloadable", unloadable, "LoadRefused", REASON, "aborted", times=2),
    Lie(
        "misremembered",
        misremembered,
        "WrongAnswers",
        "the golden outputs of wine version {version} from Triton",
        "rolled_back",
    ),
    Lie("narrow", narrow, "WrongAnswers", "version {version} to score as it was trained", "rolled_back"),
    Lie("slow", slow, "TooSlow", "wanted version {version} to take", "rolled_back"),
)


def lie(after: Aftermath) -> tuple[Fact, ...]:
    """Promote one version after another that is not what it says: each is undone as far as it got."""
    after.chapter()
    for one in LIES:
        version = after.forge(one.forge)
        for time in range(one.times):
            name, taken = f"{one.name}{'-again' * time}", after.next
            after.refused(
                name, "promote", str(version), code=FAILED, error=one.error, said=one.said.format(version=version)
            )
            after.ended(name, taken, one.end, champion=after.home)
            after.unloaded(name, version)
            after.whole(name, champion=after.home)
    return tuple(after.inquiry.facts)


def fence(after: Aftermath) -> tuple[Fact, ...]:
    """
    Let the replica that a deployment comes to last follow a generation that nobody took, and promote a sound version.

    The deployment takes that very number. The other replica has switched when this one refuses, so it is no abort but
    a rollback: the generation after it has the champion from before, and both replicas follow that.
    """
    after.chapter()
    taken, version = after.next, after.forge()
    after.remember(version)  # the replica that has switched answers with it, until it is brought back
    replica = replicas(after.story.hands)[-1]
    after.inquiry.ask(
        "fenced-ahead", wanted=f"generation {taken}, changed True", got=lambda: _push(after, replica, taken)
    )
    after.refused(
        "fenced", "promote", str(version), code=REFUSED, error="Fenced", said=f"generation {taken} at {replica}"
    )
    restored = replace(after.home, generation=taken + 1)
    after.ended("fenced", taken, "rolled_back", champion=restored)
    after.unloaded("fenced", version)
    after.inquiry.ask("fenced-converged", wanted="exit code 0", got=lambda: after.code("converge"))
    after.whole("fenced", champion=restored)
    after.home = restored
    return tuple(after.inquiry.facts)


def hush(after: Aftermath) -> tuple[Fact, ...]:
    """Promote a sound version while Slack refuses: it serves, and people hear of it once Slack takes messages again."""
    after.chapter()
    taken, version = after.next, after.forge()
    promoted = replace(after.home, generation=taken, champion=version, previous=after.home.champion)
    after.slack.behave("refuse")
    try:
        after.refused(
            "untold", "promote", str(version), code=FAILED, error="NotDelivered", said="403 action_prohibited"
        )
        after.ended("untold", taken, "committed", champion=promoted)
        after.inquiry.ask("untold-silent", wanted="told 0 times", got=lambda: _heard(after, taken))
    finally:
        after.slack.behave("ok")
    after.inquiry.ask("untold-converged", wanted="exit code 0", got=lambda: after.code("converge"))
    after.inquiry.ask("untold-told", wanted="told 1 times", got=lambda: _heard(after, taken))
    after.whole("untold", champion=promoted)

    after.bring_back("untold", promoted)
    return tuple(after.inquiry.facts)


def _push(after: Aftermath, replica: str, generation: int) -> str:
    """Announce the champion to one replica, as if *generation* were somebody's."""
    hands, home = after.story.hands, after.home
    token = secret(hands.target.secrets_file, environment=hands.environment, key=TOKEN)
    announced = {"deploy_id": hands.name, "generation": generation, **_champion(home)}
    got = Rest(hands.kube, replica, token=token).post("/v1/aliases/champion/reload", announced)
    return f"generation {got['generation']}, changed {got['changed']}"


def _champion(now: Generation) -> dict[str, str | int]:
    return {"model": NAME, "version": now.champion, "digest": now.digest}


def _heard(after: Aftermath, generation: int) -> str:
    """How often people heard of *generation*."""
    (told,) = (one for one in after.story.last if one.generation == generation)
    return f"told {len(after.slack.messages(f'{generation}-{told.deploy_id}'))} times"
