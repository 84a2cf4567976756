"""
What operators type while a run of the DAG is at work: a promotion is refused, for somebody deploys already, and a
rollback is not, for it waits for nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from proofs.lifecycle.arrivals import delivered
from proofs.lifecycle.attempt import UNWATCHED, Attempt
from proofs.lifecycle.standing import rolled_back, stands
from proofs.lifecycle.story import DAG, OVER, READ_S, RUN_S, Story
from proofs.services.inquiry import Inquiry

__all__ = ["type_beside_runs"]

BEGUN_S: Final = 120.0
"""Until a run holds the lock: the scheduler's look and the start of one task, on two busy cores."""
REASON: Final = "decided by a proof, while a run of the DAG was at work"
PROMOTION: Final = "promotion"
"""What the gate says of a model that is to be the champion; of any other it is not shown who wins."""
LET_IN: Final = "not kept out"

Ends = Callable[[str, str], bool]
"""Waits for a run's end, and asks a question of that name whether it is the one that is wanted; whether it is."""


def type_beside_runs(story: Story, inquiry: Inquiry) -> None:
    """Promote beside a run, which goes on as if nothing had been; roll back beside another one, which is over then."""
    _promote_beside(story, inquiry, "beside-a-promotion")
    _roll_back_beside(story, inquiry, "beside-a-rollback")


def _promote_beside(story: Story, inquiry: Inquiry, name: str) -> None:
    before, number = story.truth(), story.next
    with _running(story, inquiry, name, seed=205) as ends:
        inquiry.ask(
            "promotion-beside-a-run",
            wanted="exit code 10, Locked",
            got=lambda: _typed(story, "promote", str(before.previous)),
        )
        succeeded = ends(f"run-{name}", "success")
    if succeeded:
        made = int(story.door.returned(_run(story, name), "register", dag=DAG)["version"])
        then = replace(before, action="deploy", generation=number, champion=made, previous=before.champion)
        stands(story, inquiry, f"stands-{name}", then=then)


def _roll_back_beside(story: Story, inquiry: Inquiry, name: str) -> None:
    before, number = story.truth(), story.next
    with _running(story, inquiry, name, seed=206) as ends:
        inquiry.ask(
            "rollback-beside-a-run",
            wanted="exit code 0, accepted",
            got=lambda: _typed(story, "rollback", "--again", *UNWATCHED),
        )
        decided = story.truth()
        ends(f"run-{name}", "failed")
    # Where the run had come to its switch already, the champion was brought back, and else the version before it.
    then = replace(before, action="rollback") if decided.champion == before.champion else rolled_back(before)
    stands(story, inquiry, f"stands-{name}", then=replace(then, generation=number + 1))


def _typed(story: Story, *words: str) -> str:
    """Type a command that wants a reason; how it ended."""
    code, lines = story.command(*words, "--reason", REASON)
    return f"exit code {code}, {Attempt(code, tuple(lines)).failure or 'accepted'}"


def _run(story: Story, name: str) -> str:
    return f"{story.hands.name}-{name}"


@contextmanager
def _running(story: Story, inquiry: Inquiry, name: str, *, seed: int) -> Iterator[Ends]:
    """A run of the DAG that has taken the lock when the block begins; what is given waits for its end, and asks it."""
    run = _run(story, name)

    def accepted() -> str:
        story.door.trigger(run, conf={"reason": f"proof {story.hands.run_id}"}, dag=DAG)
        return "accepted"

    with delivered(story.hands, name, seed=seed):
        inquiry.ask(f"accepted-{name}", wanted="accepted", got=accepted, within_s=READ_S)
        inquiry.ask(
            f"begun-{name}",
            wanted="success",
            got=lambda: str(story.door.tasks(run, dag=DAG)["begin"]["state"]),
            within_s=BEGUN_S,
        )
        yield lambda probe, wanted: _ended(story, inquiry, name, probe=probe, wanted=wanted)


def _ended(story: Story, inquiry: Inquiry, name: str, *, probe: str, wanted: str) -> bool:
    """
    Ask whether the gate kept the model of a run out, then for the run's end.

    One that was kept out ends so for reasons of its rows: its end is not asked for. A run that meets the lock of
    whoever rolls back may be over before it comes to its gate.
    """
    run, said = _run(story, name), list[str]()

    def decided() -> str:
        if story.door.tasks(run, dag=DAG)["gate"]["state"] == "success":
            said.append(str(story.door.returned(run, "gate", dag=DAG)["outcome"]))
            return LET_IN if said[-1] == PROMOTION else f"kept out: {said[-1]}"
        state = str(story.door.run(run, dag=DAG)["state"])
        return LET_IN if state in OVER else f"not known yet, and the run is {state}"

    inquiry.ask(f"gate-{name}", wanted=LET_IN, got=decided, within_s=RUN_S, is_over=lambda _: bool(said))
    return said[-1:] in ([], [PROMOTION]) and inquiry.ask(
        probe,
        wanted=wanted,
        got=lambda: str(story.door.run(run, dag=DAG)["state"]),
        within_s=RUN_S,
        is_over=lambda state: state in OVER,
    )
