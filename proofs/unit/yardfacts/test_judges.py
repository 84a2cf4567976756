"""When evidence is too thin to tell, and when an Application is settled."""

from __future__ import annotations

import pytest

from yardfacts.facts import Answer, Commit, Fact, Facts, Pod, Root, Unreadable
from yardfacts.judges import answered, each_moment, legible, observed
from yardfacts.verdict import Verdict, merge, proved

COMMIT = Commit(sha="a" * 40, served="b" * 40, dirty=False)


def _answer(**fields: str) -> Answer:
    given = {"probe": "p", "environment": "dev", "outcome": "right", "wanted": "1", "got": "1", **fields}
    return Answer(**given, took_s=0.0)


@pytest.mark.parametrize(
    ("what", "counts"),
    [("Pod", True), ("Pods of a namespace", True), ("everything", True), ("Roots", False), ("probe p (dev)", False)],
)
def test_unreadable_counts_for_what_it_names(what: str, counts: bool) -> None:
    """An observation that failed blinds the claims about its kind, and all claims when it names none."""
    pod = Pod(namespace="n", name="p", uid="u", node="", ready=True, restarts=0, images=())
    facts = Facts().plus("now", [pod, Unreadable(what=what, error="HTTP 503")])
    assert [finding.reason for finding in legible(facts, Pod)] == (["unreadable"] if counts else [])


def test_a_kind_that_was_not_recorded_is_no_evidence() -> None:
    """Emptiness is not absence."""
    (finding,) = legible(Facts().plus("now", [COMMIT]), Root)
    assert (finding.verdict, finding.reason) == (Verdict.INCONCLUSIVE, "no_evidence")


def test_only_whole_looks_are_observed_moments() -> None:
    """A moment that holds the facts of one act is not a look at the yard."""
    facts = Facts().plus("before", [COMMIT]).plus("held", [_answer()]).plus("after", [COMMIT])
    assert observed(facts) == ("before", "after")


def test_each_moment_without_any_is_inconclusive() -> None:
    """A claim about every look is not proved by no look at all."""
    assert each_moment(Facts().plus("held", [_answer()]), lambda _: proved("fine")).reason == "nothing_judged"


def test_each_moment_names_the_moment() -> None:
    """What went wrong is said together with when."""
    facts = Facts().plus("before", [COMMIT]).plus("after", [COMMIT, _answer(outcome="wrong")])
    finding = each_moment(facts, lambda part: merge(answered(part, probes=["p"], environments=["dev"])))
    assert "after: p in dev: wanted 1" in finding.detail


@pytest.mark.parametrize(
    ("facts", "verdict", "reason"),
    [
        pytest.param([_answer()], Verdict.PROVED, "holds", id="right"),
        pytest.param([_answer(), _answer(outcome="wrong")], Verdict.DISPROVED, "wrong_answer", id="wrong once"),
        pytest.param([_answer(outcome="unanswered")], Verdict.DISPROVED, "unanswered", id="no answer"),
        pytest.param([_answer(outcome="")], Verdict.INCONCLUSIVE, "unknown_outcome", id="an unknown outcome"),
        pytest.param([_answer(environment="prod")], Verdict.INCONCLUSIVE, "not_asked", id="asked elsewhere"),
        pytest.param([], Verdict.INCONCLUSIVE, "no_evidence", id="nothing"),
    ],
)
def test_answers_are_judged_one_by_one(facts: list[Fact], verdict: Verdict, reason: str) -> None:
    """Every answer has to be right; one that was not asked for is not."""
    finding = merge(answered(Facts().plus("now", facts), probes=["p"], environments=["dev"]))
    assert (finding.verdict, finding.reason) == (verdict, reason)
