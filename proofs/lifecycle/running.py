"""
What operators type while a run of the DAG is at work: a promotion is refused, for somebody deploys already, and a
rollback is not, for it waits for nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from proofs.lifecycle.arrivals import delivered
from proofs.lifecycle.attempt import Attempt
from proofs.lifecycle.story import DAG, READ_S, RUN_S, Story
from proofs.services.inquiry import Inquiry

__all__ = ["type_beside_runs"]

BEGUN_S: Final = 120.0
"""Until a run holds the lock: the scheduler's look and the start of one task, on two busy cores."""
REASON: Final = "decided by a proof, while a run of the DAG was at work"


def type_beside_runs(story: Story, inquiry: Inquiry) -> None:
    """Promote beside a run, which goes on as if nothing had been; roll back beside another one, which is over then."""
    before = story.truth()
    with _running(story, inquiry, "beside-a-promotion", seed=205) as ends:
        inquiry.ask(
            "promotion-beside-a-run", wanted="exit code 10, Locked", got=lambda: _promoted(story, before.previous)
        )
        ends("run-beside-a-promotion", "success")
    decided = story.truth()
    who = "a new version" if decided.champion not in (before.champion, before.previous) else "one from before"
    inquiry.ask(
        "stands-beside-a-promotion",
        wanted=f"a new version: {story.places.said_everywhere(decided.champion, decided.generation)}",
        got=lambda: f"{who}: {story.places.everywhere(decided.champion, decided.generation)}",
    )
    with _running(story, inquiry, "beside-a-rollback", seed=206) as ends:
        inquiry.ask(
            "rollback-beside-a-run",
            wanted="exit code 0",
            got=lambda: f"exit code {story.command('rollback', '--again', '--reason', REASON)[0]}",
        )
        decided = story.truth()
        ends("run-beside-a-rollback", "failed")
    now = story.truth()
    inquiry.ask(
        "stands-beside-a-rollback",
        wanted=f"generation {decided.generation}: {story.places.said_everywhere(decided.champion, decided.generation)}",
        got=lambda: f"generation {now.generation}: {story.places.everywhere(decided.champion, decided.generation)}",
    )


def _promoted(story: Story, version: int) -> str:
    code, lines = story.command("promote", str(version), "--reason", REASON)
    return f"exit code {code}, {Attempt(code, tuple(lines)).failure or 'accepted'}"


@contextmanager
def _running(story: Story, inquiry: Inquiry, name: str, *, seed: int) -> Iterator[Callable[[str, str], None]]:
    """A run of the DAG that has taken the lock when the block begins; what is given waits for its end, and asks it."""
    run = f"{story.hands.name}-{name}"

    def accepted() -> str:
        story.door.trigger(run, conf={"reason": f"proof {story.hands.run_id}"}, dag=DAG)
        return "accepted"

    def ends(probe: str, wanted: str) -> None:
        inquiry.ask(
            probe,
            wanted=wanted,
            got=lambda: str(story.door.run(run, dag=DAG)["state"]),
            within_s=RUN_S,
            is_over=lambda state: state in ("success", "failed"),
        )

    with delivered(story.hands, name, seed=seed):
        inquiry.ask(f"accepted-{name}", wanted="accepted", got=accepted, within_s=READ_S)
        inquiry.ask(
            f"begun-{name}",
            wanted="success",
            got=lambda: str(story.door.tasks(run, dag=DAG)["begin"]["state"]),
            within_s=BEGUN_S,
        )
        yield ends
