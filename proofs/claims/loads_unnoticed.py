"""A load is Triton's business: whoever asks the champion meanwhile is answered by it, and by nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yardfacts.claims import Mutant, claim
from yardfacts.clients import answered_as_recorded
from yardfacts.facts import Answer, Facts, Known, Served, Traffic
from yardfacts.judges import answered, presupposed
from yardfacts.mutants import asked, blind, change, drop
from yardfacts.verdict import Finding, Verdict, merge

ENVIRONMENTS = ("dev", "prod")
AT, CLIENT = "loads", "loads.client"
"""What was asked of the platform, and what a client was answered meanwhile."""
GIVEN = ("begun-converged", "layer-meanwhile", "loads", "seen", "before-timed", "after-timed")
"""Without these something else was going on, nothing was loaded, or nobody asked while it was."""
QUESTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "broken_off": ("looped",),
    "not_champion": ("before-answered", "after-answered", "loads-champion", "loads-golden"),
    "still_loaded": ("loads-unloaded",),
    "not_free": ("loads-free",),
}
"""Reason of a disproof, and the questions whose wrong answer it is."""


def _in_prod(fact: Traffic | Served | Known) -> bool:
    return fact.environment == "prod"


def _never_kept(facts: Facts) -> Facts:
    """Evidence of a client in prod that had a new connection for every request."""
    (traffic,) = filter(_in_prod, facts.at(CLIENT).of(Traffic))
    return change(Traffic, at=CLIENT, where=_in_prod, new=traffic.answered)(facts)


@claim(
    "In both environments a version is loaded and unloaded twenty times beside the champion, and whoever asks is "
    "answered each time, by the champion, with the numbers that its training recorded; how much longer that takes is "
    "printed, and not judged.",
    mutants=[
        *(
            Mutant(name=name, edit=edit, verdict=Verdict.DISPROVED, reason=reason)
            for name, edit, reason in (
                (
                    "a load fails, and ends the row",
                    change(Answer, at=AT, where=asked("looped", "prod"), outcome="wrong", got="exit code 1"),
                    "broken_off",
                ),
                (
                    "somebody else answers at one replica",
                    change(Answer, at=AT, where=asked("after-answered", "prod"), outcome="wrong", got="by champion 7"),
                    "not_champion",
                ),
                (
                    "the version stays loaded",
                    change(
                        Answer, at=AT, where=asked("loads-unloaded", "dev"), outcome="wrong", got="version 4 is READY"
                    ),
                    "still_loaded",
                ),
                (
                    "somebody still holds the lock",
                    change(
                        Answer, at=AT, where=asked("loads-free", "dev"), outcome="wrong", got="deploying 3a; follows"
                    ),
                    "not_free",
                ),
                (
                    "one request fails",
                    change(Traffic, at=CLIENT, where=_in_prod, failed=1, detail="HTTP 503"),
                    "failed",
                ),
                (
                    "the version that is loaded answers",
                    change(Served, at=CLIENT, where=_in_prod, version=999999),
                    "other_version",
                ),
                (
                    "the champion's numbers are others",
                    change(Served, at=CLIENT, where=_in_prod, outputs=(0.1, 0.2, 0.7)),
                    "wrong_numbers",
                ),
            )
        ),
        *(
            Mutant(name=name, edit=edit, verdict=Verdict.INCONCLUSIVE, reason=reason)
            for name, edit, reason in (
                (
                    "it was loaded all the time",
                    change(Answer, at=AT, where=asked("loads", "prod"), outcome="wrong", got="1 loaded anew"),
                    "not_loaded",
                ),
                (
                    "hardly anybody asked while it was loaded",
                    change(Answer, at=AT, where=asked("seen", "dev"), outcome="wrong", got="3 answers"),
                    "not_loaded",
                ),
                (
                    "the layer was not as somebody wanted it",
                    change(Answer, at=AT, where=asked("layer-meanwhile", "dev"), outcome="wrong", got="on to the end"),
                    "not_loaded",
                ),
                (
                    "an outcome that nobody knows",
                    change(Answer, at=AT, where=asked("loads-golden", "dev"), outcome="fine"),
                    "unknown_outcome",
                ),
                ("nobody counted loads", drop(Answer, at=AT, where=asked("loads", "prod")), "not_asked"),
                ("too few requests", change(Traffic, at=CLIENT, where=_in_prod, sent=10, answered=10), "few_samples"),
                ("the client was late", change(Traffic, at=CLIENT, where=_in_prod, late=1_000_000), "late_client"),
                ("every connection was a new one", _never_kept, "one_connection"),
                ("answers are counted that nobody kept", drop(Served, at=CLIENT, where=_in_prod), "miscounted"),
                ("nobody asked in one environment", drop(Traffic, at=CLIENT, where=_in_prod), "no_client"),
                ("nobody knows what the champion has to answer", drop(Known, at=AT, where=_in_prod), "not_known"),
                ("the commands could not be run", blind(Answer, at=AT), "unreadable"),
            )
        ),
    ],
)
def loads_unnoticed(facts: Facts) -> Finding:
    """Read what was asked, and hold the client's answers against the training; by how much they waited is printed."""
    at, seen = facts.at(AT), facts.at(CLIENT)
    return merge((
        *(
            finding
            for reason, probes in QUESTIONS.items()
            for finding in answered(at, probes=probes, environments=ENVIRONMENTS, reason=reason)
        ),
        *presupposed(at, probes=GIVEN, environments=ENVIRONMENTS, reason="not_loaded"),
        *(finding for environment in ENVIRONMENTS for finding in answered_as_recorded(seen, at, environment)),
    ))  # fmt: skip
