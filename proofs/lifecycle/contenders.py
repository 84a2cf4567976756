"""
Versions on trial, one after the other: in the shadow, where they are compared, and as a challenger, who has a share.

One that contradicts the champion stays where it is, one that agrees is promoted by what was seen of it, and a third one
answers some of those callers who name themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from proofs.lifecycle.callers import said_by
from proofs.lifecycle.contest import Contest
from proofs.lifecycle.shadows import REPLICAS, copies, kept, mirrored, said_kept

from switchyard.objects import dig
from yardfacts.facts import Fact

__all__ = ["KEYS", "WEIGHT", "agree", "challenge", "contradict", "lurk", "retire"]

WEIGHT: Final = 0.3
KEYS: Final = 400
"""Callers who name themselves; five standard deviations of their share are 0.11 then, so that 0.5 would be seen."""
FROM_EVIDENCE: Final = "--from-evidence"


def lurk(contest: Contest) -> tuple[Fact, ...]:
    """Promote from evidence what nobody has seen; and ask while there is no shadow yet."""
    contest.after.chapter()
    contest.asked("alone", spans=contest.alone)
    said = f"version {contest.sound} in the shadow, where evidence comes from"
    contest.refused("unseen", "promote", str(contest.sound), FROM_EVIDENCE, error="Unproven", said=said)
    return tuple(contest.inquiry.facts)


def contradict(contest: Contest) -> tuple[Fact, ...]:
    """Let a version into the shadow that says something else than the champion each time: there it stays."""
    contest.after.chapter()
    version = contest.contrary
    contest.decided("contrary", "shadow", str(version), then=contest.now)
    contest.asked("contrary", spans=contest.shadowed)
    contest.watched("contrary", version, disagree="all")
    said = "it is another model"
    contest.refused("unproven", "promote", str(version), FROM_EVIDENCE, error="Unproven", said=said)
    return tuple(contest.inquiry.facts)


def agree(contest: Contest) -> tuple[Fact, ...]:
    """Let one that agrees into the shadow in its place: it is counted by itself, and becomes the champion."""
    contest.after.chapter()
    version, former = contest.sound, contest.now.champion
    contest.decided("sound", "shadow", str(version), then=contest.now)
    contest.after.unloaded("contrary", contest.contrary)
    contest.asked("sound", spans=contest.shadowed)
    shadowed, seen = contest.now.generation, copies(contest.watched("sound", version, disagree="none"))

    promoted = replace(contest.now, champion=version, previous=former)
    contest.decided("promoted", "promote", str(version), FROM_EVIDENCE, then=promoted)
    contest.inquiry.ask(
        "promoted-evidence",
        wanted=said_kept(version, shadowed, seen=seen),
        got=lambda: kept(_evidence(contest), seen=seen),
    )
    return tuple(contest.inquiry.facts)


def challenge(contest: Contest) -> tuple[Fact, ...]:
    """Give a version a share of the callers: not the former champion, which a rollback returns to, but another one."""
    contest.after.chapter()
    champion, rival, share = contest.now.champion, contest.rival, ("--weight", f"{WEIGHT:g}")
    words, said = ("challenge", str(contest.now.previous), *share), "as challenger, got that it is previous"
    contest.refused("previous", *words, error="Standing", said=said)

    contest.after.remember(rival)
    contest.decided("challenged", "challenge", str(rival), *share, then=contest.now)
    told = f"challenger {rival} with weight {WEIGHT:g}, at {REPLICAS} replicas"
    contest.inquiry.ask("challenged-share", wanted=told, got=lambda: _share(contest))

    contest.named = named = contest.call(_keys(contest))
    both = said_by(REPLICAS * KEYS, generation=contest.now.generation, champion=champion, challenger=rival)
    contest.inquiry.ask("challenged-answered", wanted=both, got=lambda: named.by)
    contest.inquiry.ask("challenged-sticky", wanted=f"0 of {KEYS} keys changed", got=lambda: named.changed)
    return tuple(contest.inquiry.facts)


def retire(contest: Contest) -> tuple[Fact, ...]:
    """End the challenger's trial: the same callers get the champion, every one of them."""
    contest.after.chapter()
    contest.decided("retired", "retire", "challenger", then=contest.now)
    contest.after.unloaded("retired", contest.rival)
    contest.answered("retired", _keys(contest))
    return tuple(contest.inquiry.facts)


def _evidence(contest: Contest) -> Mapping[str, Any]:
    """What the ledger keeps of the shadow that was promoted."""
    code, lines = contest.after.story.command("history", "--json")
    if code != 0:
        raise ValueError(f"wanted the ledger, got exit code {code}: {lines[-3:]}")
    return mirrored(lines, generation=contest.now.generation)


def _share(contest: Contest) -> str:
    """Which challenger the replicas follow, and with which share."""
    tables = [door.get("/v1/aliases") for door in contest.doors]
    placed = [dig(one, "aliases", "challenger") or {} for one in tables]
    found = {f"challenger {one.get('version')} with weight {one.get('weight')}" for one in placed}
    return f"{'; '.join(sorted(found))}, at {len(tables)} replicas"


def _keys(contest: Contest) -> tuple[str, ...]:
    """The callers who name themselves, the same each time."""
    return tuple(f"{contest.after.story.hands.name}-{number}" for number in range(KEYS))
