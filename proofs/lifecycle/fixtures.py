"""What the proofs of the life cycle start from, and what they give back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from proofs.lifecycle.aftermath import Aftermath
from proofs.lifecycle.arrivals import clear_deserted
from proofs.lifecycle.contest import Contest
from proofs.lifecycle.layered import Layered
from proofs.lifecycle.meanwhile import putting_back
from proofs.lifecycle.story import Story

from switchyard.errors import SwitchyardError
from switchyard.judging import verdict_of
from switchyard.scenario import Scenario
from switchyard.yard import Yard

if TYPE_CHECKING:
    from proofs.services.exercise import Hands

__all__ = ["_contests", "_layered", "_stories"]


@pytest.fixture(name="layered")
def _layered(request: pytest.FixtureRequest, yard: Scenario, declared: Yard, layer: str) -> Layered:
    """The optional layer, as ``--layer`` wants it while the test goes on."""
    return Layered(yard, layer, declared.environments, how=request.config.option.switchyard_layer)


@pytest.fixture(name="stories")
def _stories(yard: Scenario, declared: Yard, hands: Callable[[str], Hands]) -> Iterator[Sequence[Story]]:
    """One an environment; the champion that each found is the champion again, and what it delivered is taken away."""
    stories = [Story(hands(environment)) for environment in declared.environments]
    with yard.recorder.step("take away the batches of a proof that was killed"):
        try:
            deserted = [key for story in stories for key in clear_deserted(story.hands)]
        except SwitchyardError as exc:
            raise verdict_of(exc) from exc
        yard.recorder.note(", ".join(deserted) or "none")
    try:
        yield stories
    finally:
        with (
            yard.recorder.step("restore: the champion is who it was, and the proof's batches are taken away"),
            ThreadPoolExecutor(len(stories), thread_name_prefix="restore") as threads,
        ):
            for done in [threads.submit(act) for story in stories for act in (story.clear, story.restore)]:
                done.result()


@pytest.fixture(name="contests")
def _contests(yard: Scenario, declared: Yard, hands: Callable[[str], Hands]) -> Iterator[Mapping[str, Contest]]:
    """One an environment, by its name; each is put back whatever becomes of the other."""
    contests = {environment: Contest(Aftermath(Story(hands(environment)))) for environment in declared.environments}
    back = [contest.restore for contest in contests.values()]
    with putting_back(yard, back, until="nothing is on trial, the champion is who it was, and what was forged is gone"):
        yield contests
