"""Questions: right, wrong and unanswered are three things, and what the cluster's API did not say is none of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from proofs.services.errors import Declined, Unanswered
from proofs.services.inquiry import Inquiry

from switchyard.errors import NotFound, TimedOut
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


def test_an_unreadable_cluster_is_no_answer() -> None:
    """Whoever needs it knows nothing; claims read it as such."""
    inquiry = Inquiry("dev")

    assert not inquiry.ask("probe", wanted="a", got=_raising(TimedOut("slow")))
    assert inquiry.facts == [Unreadable(what="probe probe (dev)", error="TimedOut: slow")]


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
