"""Questions: right, wrong and unanswered are three things, and what the cluster's API did not say is none of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from proofs.services.errors import Declined, Unanswered
from proofs.services.inquiry import Inquiry

from switchyard.errors import JobFailed, Late, LeaseLost, NotFound, SwitchyardError, TimedOut
from yardfacts.facts import Answer, Unreadable


def _raising(error: Exception) -> Callable[[], str]:
    def got() -> str:
        raise error

    return got


def _outcome(got: Callable[[], str]) -> tuple[bool, str]:
    inquiry = Inquiry("dev")
    said = inquiry.ask("probe", wanted="a", got=got)
    (answer,) = inquiry.facts
    assert isinstance(answer, Answer)
    return said, answer.outcome


def test_the_wanted_answer_is_right() -> None:
    """To the letter."""
    assert _outcome(lambda: "a") == (True, "right")
    assert _outcome(lambda: "A") == (False, "wrong")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Unanswered("refused"), "unanswered"),
        (NotFound("no Service"), "unanswered"),
        (Declined("HTTP 500", status=500), "wrong"),
        (KeyError("version"), "wrong"),
        (TypeError("a list"), "wrong"),
    ],
)
def test_an_error_of_the_service_is_an_answer(error: Exception, outcome: str) -> None:
    """It was asked, and this is what it does."""
    assert _outcome(_raising(error)) == (False, outcome)


@pytest.mark.parametrize("within_s", [0.0, 5.0])
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TimedOut("slow"), "TimedOut: slow"),
        (Late("the pod does not run"), "Late: the pod does not run"),
        (JobFailed("no pod any more"), "JobFailed: no pod any more"),
    ],
)
def test_a_question_that_reached_nobody_has_no_answer(error: SwitchyardError, told: str, within_s: float) -> None:
    """An unreadable cluster, or a command whose pod does not start: whoever needs it knows nothing, and claims do."""
    inquiry = Inquiry("dev")

    assert not inquiry.ask("probe", wanted="a", got=_raising(error), within_s=within_s)
    assert inquiry.facts == [Unreadable(what="probe probe (dev)", error=told)]


def test_an_answer_from_before_does_not_stand_for_one_that_never_came() -> None:
    """It was wrong, and the one after it, which could have been right, was never told."""
    asked: list[int] = []
    inquiry = Inquiry("dev")

    def got() -> str:
        asked.append(1)
        if len(asked) > 1:
            raise Late("the pod does not run")
        return "b"

    assert not inquiry.ask("probe", wanted="a", got=got, within_s=5.0)
    assert inquiry.facts == [Unreadable(what="probe probe (dev)", error="Late: the pod does not run")]


def test_a_wait_that_ends_without_the_wanted_answer_keeps_the_last_one() -> None:
    """It was asked, and this is what it says; only the wait was in vain."""
    inquiry = Inquiry("dev")

    assert not inquiry.ask("probe", wanted="a", got=lambda: "b", within_s=0.1)
    (answer,) = inquiry.facts
    assert isinstance(answer, Answer)
    assert (answer.outcome, answer.got) == ("wrong", "b")


def test_whoever_lost_the_lease_does_not_go_on() -> None:
    """Another writer is at work: that ends the proof, and is no answer to one of its questions."""
    with pytest.raises(LeaseLost):
        Inquiry("dev").ask("probe", wanted="a", got=_raising(LeaseLost("taken")))


def test_a_mistake_of_the_suite_is_not_swallowed() -> None:
    """Only what a service can do wrong becomes an answer."""
    with pytest.raises(ZeroDivisionError):
        Inquiry("dev").ask("probe", wanted="a", got=_raising(ZeroDivisionError()))


def test_the_last_answer_is_kept_with_the_whole_wait() -> None:
    """Waiting is for what may take a moment."""
    answers = iter("bba")
    inquiry = Inquiry("dev")

    assert inquiry.ask("probe", wanted="a", got=lambda: next(answers), within_s=5.0)
    (answer,) = inquiry.facts
    assert isinstance(answer, Answer)
    assert (answer.got, answer.took_s > 0.1) == ("a", True)


def test_nobody_waits_for_what_is_over() -> None:
    """A run that failed does not succeed later."""
    answers = iter(("running", "failed"))
    inquiry = Inquiry("dev")

    assert not inquiry.ask(
        "probe", wanted="success", got=lambda: next(answers), within_s=60.0, is_over=lambda got: got == "failed"
    )
