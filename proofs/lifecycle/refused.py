"""What one environment is sent that must not be taken, in three chapters, and what stands there before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from proofs.lifecycle.intruder import Intruder
from proofs.lifecycle.ledger import truth_of
from proofs.lifecycle.spoiled import Spoiled, Trial
from proofs.lifecycle.standing import aborted, places_told, undisturbed, unmoved, witnessed
from proofs.lifecycle.story import Story
from proofs.services.inquiry import Inquiry

from yardfacts.facts import Fact, Generation

__all__ = ["Refused"]


@dataclass
class Refused:
    """One environment's; each chapter gives the facts of its own questions."""

    story: Story
    batches: Sequence[Spoiled]
    ledger: tuple[Generation, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    """The ledger, and what stood in each place, before anything was sent."""

    def look(self) -> tuple[Fact, ...]:
        """Remember what stands where; nothing is asked yet."""
        self.ledger = self.story.before = self.story.ledger()
        self.places = places_told(self.story, self.ledger)
        return ()

    def intrude(self) -> tuple[Fact, ...]:
        """Ask the gateway for what it must not give; the wrong tokens last, for they shut the door."""
        inquiry = Inquiry(self.story.environment)
        intruder = Intruder.of(self.story.hands, inquiry)
        intruder.predict()
        intruder.announce()
        intruder.knock()
        return tuple(inquiry.facts)

    def deliver(self) -> tuple[Fact, ...]:
        """Let the life cycle have each batch that must not serve."""
        inquiry = Inquiry(self.story.environment)
        Trial(self.story.hands, self.batches).run(inquiry)
        return tuple(inquiry.facts)

    def look_again(self) -> tuple[Fact, ...]:
        """Offer the right token until it counts again, and hold what stands where against before."""
        inquiry = Inquiry(self.story.environment)
        now = self.story.ledger()  # takes a while, which has to pass anyway
        Intruder.of(self.story.hands, inquiry).come_back()
        unmoved(self.story, inquiry, now, since=self.places)
        wanted = f"{len(self.batches)} generations, aborted"
        inquiry.ask("generations-aborted", wanted=wanted, got=lambda: aborted(now, since=self.ledger))
        return tuple(inquiry.facts)

    def witness(self, seen: Sequence[Fact]) -> tuple[Fact, ...]:
        """What the champion's client saw meanwhile, as an answer."""
        inquiry, known = Inquiry(self.story.environment), self.story.known()
        wanted = undisturbed(truth_of(self.ledger))
        inquiry.ask("champion-meanwhile", wanted=wanted, got=lambda: witnessed(seen, known))
        return tuple(inquiry.facts)
