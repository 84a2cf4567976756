"""
The crash table, live: a deployment that dies of SIGKILL at a place, runs again, and has happened once.

What the places are stands in ``inside``; which of them a proof has to take is the claim's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proofs.lifecycle.arrivals import delivered
from proofs.lifecycle.attempt import Attempt, attempt
from proofs.lifecycle.inside import PLACES
from proofs.lifecycle.story import Story
from proofs.services.inquiry import Inquiry

from yardfacts.facts import Fact

__all__ = ["die_everywhere"]


def die_everywhere(story: Story) -> tuple[Fact, ...]:
    """Take one place after another, each with a model of its own; facts in their order."""
    inquiry = Inquiry(story.environment)
    for number, place in enumerate(PLACES):
        _die(story, inquiry, place, number=number)
    return tuple(inquiry.facts)


def _die(story: Story, inquiry: Inquiry, place: str, *, number: int) -> None:
    name = place.replace(" ", "-")
    deploy_id = f"{story.hands.run_id}-{name}"
    with delivered(story.hands, "dying", seed=100 + number):
        inquiry.ask(
            f"killed-{name}",
            wanted="exit code 137",
            got=lambda: f"exit code {attempt(story.hands, deploy_id, '--kill', place).code}",
        )
        ended: list[Attempt] = []

        def again() -> str:
            ended.append(attempt(story.hands, deploy_id))
            return ended[-1].told

        if not inquiry.ask(f"again-{name}", wanted="exit code 0", got=again):
            return
    ledger: list[Mapping[str, Any]] = ended[-1].end["ledger"]
    mine = [one for one in ledger if one["deploy_id"] == deploy_id]
    version = int(mine[-1]["champion"] or 0)
    story.deployed.add(version)
    inquiry.ask(
        f"once-{name}",
        # The committed champion, held against what the registry has of this very deployment.
        wanted=f"version {version} registered, 1 committed generation, nobody holds the lock",
        got=lambda: (
            f"version {', '.join(map(str, story.registered(deploy_id))) or 'none'} registered, "
            f"{sum(one['phase'] == 'committed' for one in mine)} committed generation, "
            f"{ended[-1].end['lock'] or 'nobody'} holds the lock"
        ),
    )
    inquiry.ask(
        f"everywhere-{name}",
        wanted=story.places.said_everywhere(version, mine[-1]["generation"]),
        got=lambda: story.places.everywhere(version, mine[-1]["generation"]),
    )
