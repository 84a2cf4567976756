"""A run that the gate stops moves nothing anywhere: every place that knows who serves is asked before it and after."""

from __future__ import annotations

from proofs.lifecycle.ledger import truth_of
from proofs.lifecycle.memory import Memory
from proofs.lifecycle.standing import places_told, unmoved
from proofs.lifecycle.story import Story
from proofs.services.inquiry import Inquiry

from yardfacts.facts import Fact

__all__ = ["refuse"]


def refuse(story: Story) -> tuple[Fact, ...]:
    """Let the gate stop a run, and hold what stands where, and what the champion answers, against before."""
    before = story.ledger()
    places, memory = places_told(story, before), Memory.of(story.hands, truth_of(before).champion)
    facts = story.refuse()
    if story.last is before:
        return facts  # the run did not come to its end, and nobody has read the ledger since
    inquiry = Inquiry(story.environment)
    unmoved(story, inquiry, story.last, since=places)
    inquiry.ask("golden-unmoved", wanted=memory.said, got=lambda: memory.asked(story.hands))
    return (*facts, *inquiry.facts)
