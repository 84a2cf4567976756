"""What the proofs of the life cycle start from, and what they give back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from proofs.lifecycle.story import Story

from switchyard.scenario import Scenario
from switchyard.yard import Yard

if TYPE_CHECKING:
    from proofs.services.exercise import Hands

__all__ = ["_stories"]


@pytest.fixture(name="stories")
def _stories(yard: Scenario, declared: Yard, hands: Callable[[str], Hands]) -> Iterator[Sequence[Story]]:
    """One an environment; the champion that each found is the champion again, and what it delivered is taken away."""
    stories = [Story(hands(environment)) for environment in declared.environments]
    try:
        yield stories
    finally:
        with (
            yard.recorder.step("restore: the champion is who it was, and the proof's batches are taken away"),
            ThreadPoolExecutor(len(stories), thread_name_prefix="restore") as threads,
        ):
            for done in [threads.submit(act) for story in stories for act in (story.clear, story.restore)]:
                done.result()
