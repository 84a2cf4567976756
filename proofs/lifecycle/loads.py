"""Twenty loads of a version beside the champion, while nothing else goes on: who waited for them, and how long."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from proofs.lifecycle import lurking
from proofs.lifecycle.attempt import sent
from proofs.lifecycle.contest import Contest
from proofs.lifecycle.delays import delays

from yardfacts.facts import Fact

__all__ = ["ROUNDS", "load"]

ROUNDS: Final = 20
SEEN: Final = 20
"""Answers that were waited for while a version was loaded: one a load, as the client asks ten times a second."""

Round = Mapping[str, Any]


def load(contest: Contest) -> tuple[Fact, ...]:
    """Ask while nothing goes on, then while a version is loaded and unloaded, and again while nothing goes on."""
    after, rounds = contest.after, list[Round]()
    after.chapter()
    contest.asked("before", spans=contest.alone)
    after.inquiry.ask("looped", wanted="exit code 0", got=lambda: f"exit code {_looped(contest, rounds)}")
    contest.now = after.story.truth()
    contest.asked("after", spans=contest.alone)
    anew = [one for one in rounds if one["was"] != "READY"]
    after.inquiry.ask("loads", wanted=f"{ROUNDS} loaded anew", got=lambda: f"{len(anew)} loaded anew")
    during = [(one["load_from_s"], one["load_to_s"]) for one in anew]
    seen = sum(any(from_s <= at_s <= to_s for from_s, to_s in during) for at_s, _ in contest.client.answers)
    enough = f"{SEEN} answers or more"
    after.inquiry.ask("seen", wanted=enough, got=lambda: enough if seen >= SEEN else f"{seen} answers")
    after.unloaded("loads", contest.sound)
    after.whole("loads", champion=replace(after.home, generation=contest.now.generation))
    timings = delays(
        contest.client.answers, by=f"a load in {after.story.environment}", during=during, otherwise=contest.alone
    )
    return (*after.inquiry.facts, *timings)


def _looped(contest: Contest, rounds: list[Round]) -> int:
    """Run the loop in a pod; *rounds* takes what each round says."""

    def heard(line: str) -> None:
        if line.startswith("{"):
            rounds.append(json.loads(line))

    return sent(contest.after.story.hands, lurking, str(contest.sound), str(ROUNDS), tell=heard).code
