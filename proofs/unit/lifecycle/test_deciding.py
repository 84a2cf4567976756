"""Two who decide at once: what a decision leads to, who is woken when, and which ends show nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, cast

import pytest
from proofs.lifecycle import deciding, inside, running
from proofs.lifecycle.attempt import Attempt
from proofs.lifecycle.forged import sound
from proofs.lifecycle.foundry import Foundry
from proofs.lifecycle.standing import rolled_back
from proofs.lifecycle.story import Story
from proofs.services.inquiry import Inquiry

from yardfacts.facts import Answer, Generation
from yardflow import steps
from yardflow.errors import Fenced, Overtaken
from yardflow.flow import Flow

# The commands themselves, where no server is.
from .keyboard import Run
from .test_rows import _flow, _foundry, _run  # noqa: F401  fixtures are found by their name

SLEEPER = "sleeper"


def _truth(flow: Flow) -> Generation:
    now = flow.current
    return Generation(
        environment="dev",
        generation=now.generation,
        deploy_id=now.deploy_id,
        action=str(now.action),
        phase=str(now.phase),
        champion=now.version("champion") or 0,
        previous=now.version("previous") or 0,
        digest="",
        reason="",
        took_s=0.0,
    )


def _said(one: Generation) -> tuple[str, int, int]:
    return one.action, one.champion, one.previous


@pytest.fixture(name="before")
def _before(flow: Flow, foundry: Foundry, run: Run) -> Generation:
    """The truth after two promotions."""
    for seed in (500, 502):
        assert run("promote", str(foundry.register(sound(seed=seed)))).code == 0
    return _truth(flow)


@pytest.fixture(name="sleep")
def _sleep(flow: Flow, foundry: Foundry) -> Callable[..., int]:
    """Come with a deployment as far as its last step is: ``sleep(steps.switch)`` is one that replicas follow."""

    def sleep(*last: Callable[[Flow, str, int], steps.Evidence]) -> int:
        version = foundry.register(sound(seed=504))
        steps.begin(flow, SLEEPER, actor="proof", reason="asked for")
        for step in (steps.publish, steps.load, steps.smoke, *last):
            step(flow, SLEEPER, version)
        return version

    return sleep


def test_rollbacks_lead_there_and_back(flow: Flow, run: Run, before: Generation) -> None:
    """The one that is refused between them says why, and takes no number."""
    assert run("rollback").code == 0
    assert _said(_truth(flow)) == _said(rolled_back(before))
    refused = run("rollback")
    assert (refused.code, refused.failure) == (10, "Flapping")
    assert run("rollback", "--again").code == 0
    assert _said(_truth(flow)) == ("rollback", before.champion, before.previous)
    assert _truth(flow).generation == before.generation + 2


def test_a_rollback_before_the_switch_leads_to_the_version_before(
    flow: Flow, run: Run, before: Generation, sleep: Callable[..., int]
) -> None:
    """Its number is the one after the sleeper's, whom a gateway refuses."""
    version = sleep()
    assert run("rollback").code == 0
    assert _said(_truth(flow)) == _said(rolled_back(before))
    assert _truth(flow).generation == before.generation + 2
    with pytest.raises(Fenced):
        steps.switch(flow, SLEEPER, version)


def test_a_rollback_after_the_switch_leads_to_the_champion(
    flow: Flow, run: Run, before: Generation, sleep: Callable[..., int]
) -> None:
    """Which is still the committed one; the sleeper sees somebody else's answers."""
    version = sleep(steps.switch)
    assert run("rollback").code == 0
    assert _said(_truth(flow)) == ("rollback", before.champion, before.previous)
    assert _truth(flow).generation == before.generation + 2
    with pytest.raises(Overtaken):
        steps.verify(flow, SLEEPER, version)


@pytest.mark.usefixtures("before")
def test_who_is_held_wakes_when_nobody_else_has_the_lock(
    flow: Flow, run: Run, sleep: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would be the lock that stops it, and no fence was tried; its own lock keeps nobody asleep."""
    monkeypatch.setattr(inside, "WAIT_S", 0.2)
    sleep()
    with pytest.raises(TimeoutError, match="wanted somebody to overtake"):
        inside._hold(flow, SLEEPER, "smoked")
    assert run("rollback").code == 0
    inside._hold(flow, SLEEPER, "smoked")
    flow.lock.release(SLEEPER)
    flow.lock.take("later")
    with pytest.raises(TimeoutError):
        inside._hold(flow, SLEEPER, "smoked")
    flow.lock.release("later")
    inside._hold(flow, SLEEPER, "smoked")


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (Attempt(11, ("Fenced: wanted 5 at a, got 6",)), ["right", "right"]),
        (Attempt(0, ("told",)), ["right", "wrong"]),
        (Attempt(11, ("WrongAnswers: wanted 5, got 6",)), ["right", "wrong"]),
        (Attempt(11, ("Locked: wanted the lock, got it held",)), ["wrong"]),
        (Attempt(1, ("TimeoutError: wanted somebody to overtake generation 5",)), ["wrong"]),
    ],
    ids=["a fence", "let through", "another error", "the lock", "gave up"],
)
def test_who_met_no_fence_is_not_asked_what_it_said(ended: Attempt, said: list[str]) -> None:
    """It was neither refused nor let through: nothing was shown."""
    inquiry, sleeper = Inquiry("dev"), Future[Attempt]()
    sleeper.set_result(ended)

    deciding._refused(inquiry, "zombie", sleeper)

    assert [one.outcome for one in inquiry.facts if isinstance(one, Answer)] == said


@dataclass(frozen=True)
class _Run:
    """A story, its door and its hands in one, whose run has ended."""

    gate: str
    state: str
    name: str = "proof-0"

    @property
    def door(self) -> _Run:
        return self

    @property
    def hands(self) -> _Run:
        return self

    def tasks(self, run: str, *, dag: str) -> dict[str, Any]:
        return {"gate": {"state": "success" if self.gate else "upstream_failed"}}

    def returned(self, run: str, task: str, *, dag: str) -> dict[str, Any]:
        return {"outcome": self.gate}

    def run(self, run: str, *, dag: str) -> dict[str, Any]:
        return {"state": self.state}


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (_Run("promotion", "success"), ["right", "right"]),
        (_Run("promotion", "failed"), ["right", "wrong"]),
        (_Run("stop", "failed"), ["wrong"]),
        (_Run("shadow", "success"), ["wrong"]),
        (_Run("", "failed"), ["right", "wrong"]),
    ],
    ids=["promoted", "failed later", "stopped", "shadowed", "failed before"],
)
def test_a_run_that_the_gate_lets_serve_nobody_is_not_asked_for_its_end(run: _Run, said: list[str]) -> None:
    """It ended so for its rows, and not for anybody's decision; one that was not kept out is asked."""
    inquiry = Inquiry("dev")

    ended = running._ended(cast(Story, run), inquiry, "beside-a-promotion", probe="run", wanted="success")

    assert [one.outcome for one in inquiry.facts if isinstance(one, Answer)] == said
    assert ended is (said == ["right", "right"])
