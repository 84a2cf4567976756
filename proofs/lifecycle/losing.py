"""
The volume with the ledger is lost while everybody serves. It is made again: in one go, and after a rebuild was killed.

How it is lost stands in ``wiping``, how a rebuild dies in ``reviving``. Pods that run keep their mounts; a volume that
is replaced by another one means pods that start anew, and that is not shown here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from proofs.lifecycle import reviving, wiping
from proofs.lifecycle.aftermath import BECAUSE, Aftermath
from proofs.lifecycle.arrivals import delivered
from proofs.lifecycle.attempt import REFUSED, UNWATCHED, Attempt, attempt, sent
from proofs.lifecycle.forged import NAME
from proofs.lifecycle.replicas import BACK_S, FORGOTTEN_S, GONE_S, delete, replicas
from proofs.lifecycle.standing import PLACES
from proofs.services.exercise import Hands

from switchyard.judging import Inconclusive
from yardfacts.facts import Fact

__all__ = ["SAID_WIPED", "begin", "commands", "die", "go_on", "lose", "rebuild", "renew", "restore", "wiped"]

SEEDS: Final = (400, 401)
"""Of the batches that the two versions are trained on; other proofs' are others."""
SAID_WIPED: Final = f"exit code 0: {', '.join(wiping.MOUNTED)}"
WEIGHT: Final = "0.1"
"""The share of a challenger that nobody gets."""


def begin(after: Aftermath) -> tuple[Fact, ...]:
    """Promote a new version, so that there is one from before, and remember who is the champion."""
    after.begin()
    _deploy(after, "begun", seed=SEEDS[0])
    after.home = after.story.truth()
    after.known.clear()  # who was the champion until now may answer nobody from here on
    after.whole("begun", champion=after.home)
    _warm(after, "begun")
    return tuple(after.inquiry.facts)


def lose(after: Aftermath) -> tuple[Fact, ...]:
    """Take the volume away, and type commands: each is refused, and everybody is and has what he had before."""
    after.chapter()
    inquiry, story, home = after.inquiry, after.story, after.home
    followed = PLACES["replicas-unmoved"](story, ())
    _wipe(after, "lost")
    for command in commands(str(home.previous)):
        _refused(after, f"lost-{command[0]}", command, error="LedgerLost")
    inquiry.ask("lost-replicas", wanted=followed, got=lambda: PLACES["replicas-unmoved"](story, ()))
    inquiry.ask("lost-aliases", wanted=_aliases(after), got=lambda: PLACES["registry-unmoved"](story, (home,)))
    # Each by itself: Triton lists no model whose folder is gone, though it answers with it.
    inquiry.ask("lost-loaded", wanted=_loaded(after), got=lambda: _ready(after))
    memory = after.remember(home.champion)
    inquiry.ask("lost-golden", wanted=memory.said, got=lambda: memory.asked(story.hands))
    return tuple(inquiry.facts)


def rebuild(after: Aftermath) -> tuple[Fact, ...]:
    """Type the operator's command: the same aliases as one generation above what was followed, and only once."""
    after.chapter()
    after.inquiry.ask("rebuilt-accepted", wanted="exit code 0", got=lambda: after.code("rebuild", *BECAUSE))
    after.home = replace(after.home, generation=after.home.generation + 1)
    _made(after, "rebuilt")
    after.inquiry.ask("rebuilt-converged", wanted="exit code 0: everything follows", got=lambda: _converged(after))
    after.inquiry.ask("rebuilt-status", wanted="exit code 0", got=lambda: after.code("status"))
    _refused(after, "rebuilt-again", ("rebuild", *BECAUSE), error="NotLost")
    return tuple(after.inquiry.facts)


def renew(after: Aftermath) -> tuple[Fact, ...]:
    """Delete a replica: the one in its place begins with the ledger that was made again, before anybody calls it."""
    after.chapter()
    if not _stands(after):
        return ()
    inquiry, story, home = after.inquiry, after.story, after.home
    gone = replicas(story.hands)[0]
    inquiry.ask("replica-deleted", wanted="1 deleted", got=lambda: f"{delete(story.hands, gone)} deleted")
    inquiry.ask(
        "replica-back",
        wanted="2 ready",
        got=lambda: f"{len(set(replicas(story.hands)) - {gone})} ready",
        within_s=BACK_S,
    )
    inquiry.ask(
        "replica-follows",
        wanted=story.places.said_everywhere(home.champion, home.generation),
        got=lambda: story.places.everywhere(home.champion, home.generation),
        within_s=GONE_S,
    )
    inquiry.ask("replica-converged", wanted="exit code 0", got=lambda: after.code("converge"), within_s=FORGOTTEN_S)
    after.whole("replica", champion=home)
    return tuple(inquiry.facts)


def go_on(after: Aftermath) -> tuple[Fact, ...]:
    """Promote another version on the ledger that was made again, and roll it back."""
    after.chapter()
    if not _stands(after):
        return ()
    home, taken = after.home, after.next
    _deploy(after, "next", seed=SEEDS[1])
    version = after.story.truth().champion
    promoted = replace(home, generation=taken, champion=version, previous=home.champion)
    after.ended("next", taken, "committed", champion=promoted)
    after.whole("next", champion=promoted)

    after.inquiry.ask(
        "returned-accepted", wanted="exit code 0", got=lambda: after.code("rollback", *UNWATCHED, *BECAUSE)
    )
    after.home = replace(home, generation=taken + 1, previous=version)
    after.ended("returned", taken + 1, "committed", champion=after.home)
    after.whole("returned", champion=after.home)
    return tuple(after.inquiry.facts)


def die(after: Aftermath) -> tuple[Fact, ...]:
    """Take the volume away once more, kill the rebuild when one replica has switched, and type it again."""
    after.chapter()
    if not _stands(after):
        return ()
    inquiry, killed = after.inquiry, after.home.generation + 1
    _wipe(after, "killed")
    deploy_id = f"{after.story.hands.run_id}-revived"
    inquiry.ask(
        "killed-died",
        wanted="exit code 137",
        got=lambda: f"exit code {sent(after.story.hands, reviving, deploy_id).code}",
    )
    inquiry.ask("killed-open", wanted=f"generation {killed} open", got=lambda: _rebuilds(after))
    inquiry.ask("again-accepted", wanted="exit code 0", got=lambda: after.code("rebuild", *BECAUSE))
    after.home = replace(after.home, generation=killed + 1)
    _made(after, "again")
    once = f"generation {killed} aborted, generation {killed + 1} committed"
    inquiry.ask("again-once", wanted=once, got=lambda: _rebuilds(after))
    return tuple(inquiry.facts)


def restore(after: Aftermath) -> None:
    """
    Make the ledger again where the proof broke off while it was lost; then restore what was before.

    Raises:
        Inconclusive: A command failed; who serves is what its last words say.
    """
    decided = [one for one in after.story.ledger() if one.phase == "committed" and one.action != "seed"]
    if after.story.before and not decided and (said := after.code("rebuild", *BECAUSE)) != "exit code 0":
        raise Inconclusive(f"wanted a ledger in {after.story.environment} again, got {said}")
    after.restore()


def _stands(after: Aftermath) -> bool:
    """
    Whether the ledger was seen to end as it should: else nothing more is taken away, and nobody starts anew.

    Where every replica has, nobody remembers any more which generation was followed.
    """
    committed = [one.generation for one in after.story.last if one.phase == "committed"]
    return max(committed, default=0) == after.home.generation


def _deploy(after: Aftermath, name: str, *, seed: int) -> None:
    """Let a batch arrive, and make what is trained on it the champion."""
    hands = after.story.hands

    def deployed() -> str:
        with delivered(hands, name, seed=seed):
            return f"exit code {attempt(hands, f'{hands.run_id}-{name}').code}"

    after.inquiry.ask(f"{name}-promoted", wanted="exit code 0", got=deployed)


def _wipe(after: Aftermath, name: str) -> None:
    """
    Take the volume away, where MLflow and Triton have all that it is made again of.

    Raises:
        Inconclusive: They have not, and nothing was taken: what stood in the ledger could be lost for good.
    """
    story, home = after.story, after.home
    wanted = f"{_aliases(after)}; {story.places.said_everywhere(home.champion, home.generation)}"
    said = f"{PLACES['registry-unmoved'](story, (home,))}; {story.places.everywhere(home.champion, home.generation)}"
    if said != wanted:
        raise Inconclusive(f"wanted in {story.environment}, before its volume goes, {wanted}; got {said}")
    after.inquiry.ask(f"{name}-wiped", wanted=SAID_WIPED, got=lambda: wiped(story.hands))
    after.inquiry.ask(f"{name}-ledger", wanted="0 generations", got=lambda: f"{len(story.ledger())} generations")


def wiped(hands: Hands) -> str:
    """Take the volume away; what its program says, which is ``SAID_WIPED`` where nothing is left."""
    ended = sent(hands, wiping)
    return f"exit code {ended.code}: {' / '.join(ended.lines[-1:])}"


def _made(after: Aftermath, name: str) -> None:
    """Ask every place for what was there before, in the generation that the rebuild has to have taken."""
    home = after.home

    def read() -> str:
        now = after.story.truth()
        return f"{now.action} as generation {now.generation}: {now.champion} {now.digest}, previous {now.previous}"

    wanted = f"rebuild as generation {home.generation}: {home.champion} {home.digest}, previous {home.previous}"
    after.inquiry.ask(f"{name}-ledger-read", wanted=wanted, got=read)
    after.whole(name, champion=home)
    _warm(after, name)


def _warm(after: Aftermath, name: str) -> None:
    """Ask for the version from before, too: MLflow knows it, and Triton has it and nothing else beside the champion."""
    story, now = after.story, (after.home,)
    after.inquiry.ask(f"{name}-aliases", wanted=_aliases(after), got=lambda: PLACES["registry-unmoved"](story, now))
    after.inquiry.ask(f"{name}-loaded", wanted=_loaded(after), got=lambda: PLACES["triton-unmoved"](story, now))


def _aliases(after: Aftermath) -> str:
    return f"champion {after.home.champion}, previous {after.home.previous}"


def _loaded(after: Aftermath) -> str:
    return f"versions {', '.join(map(str, _versions(after)))} ready"


def _ready(after: Aftermath) -> str:
    triton, model = after.story.hands.trace().triton, f"/v2/models/{NAME}"
    ready = [one for one in _versions(after) if triton.send("GET", f"{model}/versions/{one}/ready").is_success]
    return f"versions {', '.join(map(str, ready)) or 'none'} ready"


def _versions(after: Aftermath) -> list[int]:
    return sorted((after.home.champion, after.home.previous))


def commands(version: str) -> tuple[tuple[str, ...], ...]:
    """Every command that reads the truth or decides, but the one that makes it again."""
    decisions = (
        ("promote", version),
        ("shadow", version),
        ("challenge", version, "--weight", WEIGHT),
        ("retire", "shadow"),
        ("rollback",),
    )
    return (("status",), ("converge",), *((*words, *BECAUSE) for words in decisions))


def _refused(after: Aftermath, probe: str, command: Sequence[str], *, error: str) -> None:
    """Type a command that has to be refused for that very reason."""

    def typed() -> str:
        code, lines = after.story.command(*command)
        return f"exit code {code}, {Attempt(code, tuple(lines)).failure or 'no error'}"

    after.inquiry.ask(probe, wanted=f"exit code {REFUSED}, {error}", got=typed)


def _converged(after: Aftermath) -> str:
    """How ``converge`` ended; its last words say whether anything differed."""
    code, lines = after.story.command("converge")
    return f"exit code {code}: {' / '.join(lines[-1:])}"


def _rebuilds(after: Aftermath) -> str:
    """Every number that a rebuild took, and how it ended."""
    taken = [one for one in after.story.ledger() if one.action == "rebuild"]
    return ", ".join(f"generation {one.generation} {one.phase}" for one in taken) or "none"
