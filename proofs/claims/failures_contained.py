"""A deployment that fails is nobody's business but its own: it says so, and whoever asks gets the champion's answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from yardfacts.claims import Mutant, claim
from yardfacts.clients import REPLICA_LOST, answered_as_recorded
from yardfacts.facts import Answer, Facts, Known, Served, Traffic
from yardfacts.judges import answered, presupposed
from yardfacts.mutants import NothingToChange, asked, blind, change, drop
from yardfacts.verdict import Finding, Verdict, merge

ENVIRONMENTS = ("dev", "prod")
AT, REPLICA, TRITON = "failures", "failures.replica", "failures.triton"
"""What was asked, and what a client saw through the rows that nobody may notice; the same while a replica was deleted,
where a few requests may fail that were with it; and while Triton was killed."""
TRITON_LOST: Final = 600
"""
So many may fail where Triton, of which there is one, is killed twice: a minute of a client that asks ten times a
second. On two cores seven to ten seconds a kill were measured until it answers again.
"""
MAY_FAIL: Final[Mapping[str, int]] = {AT: 0, REPLICA: REPLICA_LOST, TRITON: TRITON_LOST}
"""By moment: how many requests may go unanswered."""

LIES = ("unready", "unloadable", "unloadable-again", "misremembered", "narrow", "slow")
ROWS = (*LIES, "fenced", "untold", "triton-lost", "replica-lost")
BACK = ("untold-returned", "killed-midway-returned")
"""Where the champion from before had to be brought back."""
KILLED = ("triton-killed", "killed-midway")
"""Where nothing fails but Triton's process."""
WHOLE = (*ROWS, *BACK, *KILLED)
GIVEN = (
    "begun-converged",
    "layer-meanwhile",
    "fenced-ahead",
    "triton-lost-noticed",
    "replica-lost-killed",
    "killed-midway-signalled",
)
"""Without these nothing was broken, too much was, or the optional layer was not as it was wanted."""


def _of(kind: str, *rows: str) -> tuple[str, ...]:
    return tuple(f"{row}-{kind}" for row in rows)


QUESTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "other_error": _of("refused", *ROWS),
    "other_end": _of("ended", *ROWS, *BACK, "killed-midway"),
    "champion_moved": _of("champion", *WHOLE),
    "golden_differs": _of("golden", *WHOLE),
    "still_loaded": _of("unloaded", *LIES, "fenced", "triton-lost", "replica-lost"),
    "not_free": _of("free", *WHOLE),
    "not_converged": _of("converged", "fenced", "untold", "triton-lost", "replica-lost"),
    "not_told": ("untold-silent", "untold-told"),
    "not_back": (*_of("rolled-back", "untold", "killed-midway"), *_of("back", "triton-lost", "replica-lost", *KILLED)),
    "not_gone_on": ("killed-midway-accepted",),
}
"""Reason of a disproof, and the questions whose wrong answer it is."""


def _in_prod(fact: Traffic | Served | Known) -> bool:
    return fact.environment == "prod"


def _swapped(facts: Facts) -> Facts:
    """Evidence of one version's numbers under the name of another in prod."""
    versions = {one.version: one for one in facts.at(AT).of(Known) if _in_prod(one)}
    seen = [one for one in facts.at(AT).of(Served) if _in_prod(one)]
    others = [known for known in versions.values() if seen and known.version != seen[0].version]
    if not others:
        raise NothingToChange("one version answered in prod, and no other is known")
    return change(Served, at=AT, where=lambda one: one == seen[0], outputs=others[0].outputs)(facts)


def _uncounted(facts: Facts) -> Facts:
    """Evidence of a client in prod that kept fewer answers than it counted."""
    seen = [one for one in facts.at(AT).of(Served) if _in_prod(one)]
    if not seen:
        raise NothingToChange("no answer was seen in prod")
    left = drop(Served, at=AT, where=lambda one: one == seen[0])(facts)
    return left.plus(AT, [replace(seen[0], answers=seen[0].answers - 1)])


@claim(
    "Deployments that fail leave the champion as it was, in both environments: each ends with its own error, nothing "
    "is promoted that was not committed, nobody gets wrong numbers, and the next deployment may begin. A Triton "
    "that is killed comes back with what it had.",
    mutants=[
        *(
            Mutant(
                name=name,
                edit=change(Answer, at=AT, where=asked(probe, "prod"), outcome="wrong", got=got),
                verdict=Verdict.DISPROVED,
                reason=reason,
            )
            for name, probe, got, reason in (
                ("a lie is believed", "narrow-refused", "exit code 0, no error", "other_error"),
                ("two seconds for a row are fast enough", "slow-refused", "exit code 0, no error", "other_error"),
                ("another error ends it", "unready-refused", "exit code 11, RegistryAway", "other_error"),
                ("what cannot be loaded is, later", "unloadable-again-refused", "exit code 0", "other_error"),
                ("a generation is left open", "unloadable-ended", "generation 7 open; champion 1", "other_end"),
                ("what failed is committed", "misremembered-ended", "generation 8 committed", "other_end"),
                ("what was loaded is told as if not", "narrow-ended", "generation 11 aborted", "other_end"),
                ("what was never loaded is rolled back", "unready-ended", "generation 7 rolled_back", "other_end"),
                ("nobody was there before", "fenced-ended", "generation 12 superseded", "other_end"),
                ("what people do not know is taken back", "untold-ended", "generation 10 aborted", "other_end"),
                ("a replica has another champion", "fenced-champion", "version 6, in 1 of 2", "champion_moved"),
                ("the champion does not come back", "untold-returned-champion", "wine version 6", "champion_moved"),
                ("the champion answers otherwise", "unloadable-golden", "a difference of 0.2", "golden_differs"),
                ("the candidate stays loaded", "narrow-unloaded", "version 5 is READY", "still_loaded"),
                ("the lock is kept", "misremembered-free", "deploying 0123456789ab", "not_free"),
                ("nobody follows any more", "fenced-converged", "exit code 11", "not_converged"),
                ("people never hear of it", "untold-told", "told 0 times", "not_told"),
                ("Triton comes back and no replica", "triton-lost-back", "0 ready", "not_back"),
                ("a replica of another opinion is not seen", "replica-lost-refused", "exit code 0", "other_error"),
                ("Triton comes back as somebody else", "triton-killed-champion", "wine version 0", "champion_moved"),
                ("Triton was not killed, but stopped", "triton-killed-back", "ended with 0, ready", "not_back"),
                ("what was loaded is lost with it", "killed-midway-accepted", "exit code 11", "not_gone_on"),
                ("a promotion is lost with it", "killed-midway-ended", "generation 19 aborted", "other_end"),
                ("a promotion cannot be taken back", "killed-midway-rolled-back", "exit code 11", "not_back"),
                ("half a switch is committed", "replica-lost-ended", "generation 16 committed", "other_end"),
                ("half a switch stays", "replica-lost-champion", "generation 16, in 1 of 2", "champion_moved"),
                ("what half has switched to is loaded", "replica-lost-unloaded", "version 7 is READY", "still_loaded"),
            )
        ),
        Mutant(
            name="a place does not answer",
            edit=change(Answer, at=AT, where=asked("unready-champion", "prod"), outcome="unanswered", got="refused"),
            verdict=Verdict.DISPROVED,
            reason="champion_moved",
        ),
        Mutant(
            name="a request fails while versions lie",
            edit=change(Traffic, at=AT, where=_in_prod, failed=1, detail="request 7: HTTP 503"),
            verdict=Verdict.DISPROVED,
            reason="failed",
        ),
        Mutant(
            name="a version answers that nobody may hear",
            edit=change(Served, at=AT, where=_in_prod, version=999999),
            verdict=Verdict.DISPROVED,
            reason="other_version",
        ),
        Mutant(
            name="the champion's name with another's numbers",
            edit=_swapped,
            verdict=Verdict.DISPROVED,
            reason="wrong_numbers",
        ),
        Mutant(
            name="answers that are no numbers, while a replica is deleted",
            edit=change(Served, at=REPLICA, where=_in_prod, outputs=(float("nan"),) * 3),
            verdict=Verdict.DISPROVED,
            reason="wrong_numbers",
        ),
        Mutant(
            name="every request fails while a replica is deleted",
            edit=change(Traffic, at=REPLICA, where=_in_prod, sent=400, answered=0, failed=400, detail="ConnectError"),
            verdict=Verdict.DISPROVED,
            reason="failed",
        ),
        Mutant(
            name="more fail than can have been with the replica",
            edit=change(Traffic, at=REPLICA, where=_in_prod, failed=REPLICA_LOST + 1, detail="request 7: HTTP 503"),
            verdict=Verdict.DISPROVED,
            reason="failed",
        ),
        Mutant(
            name="too few requests while a replica is deleted",
            edit=change(Traffic, at=REPLICA, where=_in_prod, sent=10, answered=10, failed=0),
            verdict=Verdict.INCONCLUSIVE,
            reason="few_samples",
        ),
        Mutant(
            name="a version answers that nobody may hear, when Triton is back",
            edit=change(Served, at=TRITON, where=_in_prod, version=999999),
            verdict=Verdict.DISPROVED,
            reason="other_version",
        ),
        Mutant(
            name="Triton is away for longer than two starts take",
            edit=change(Traffic, at=TRITON, where=_in_prod, failed=TRITON_LOST + 1, detail="request 7: HTTP 503"),
            verdict=Verdict.DISPROVED,
            reason="failed",
        ),
        Mutant(
            name="no deployment was under way when Triton was killed",
            edit=change(Answer, at=AT, where=asked("killed-midway-signalled", "prod"), outcome="wrong", got="0 killed"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_broken",
        ),
        Mutant(
            name="the deployment was not between two replicas",
            edit=change(Answer, at=AT, where=asked("replica-lost-killed", "prod"), outcome="wrong", got="0 deleted"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_broken",
        ),
        Mutant(
            name="the replica was not ahead",
            edit=change(Answer, at=AT, where=asked("fenced-ahead", "prod"), outcome="wrong", got="HTTP 401"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_broken",
        ),
        Mutant(
            name="the layer was not as somebody wanted it",
            edit=change(Answer, at=AT, where=asked("layer-meanwhile", "dev"), outcome="wrong", got="on to the end"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_broken",
        ),
        Mutant(
            name="a row was not run",
            edit=drop(Answer, at=AT, where=lambda one: one.environment == "prod" and one.probe.startswith("narrow-")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="nobody pushed a replica",
            edit=drop(Answer, at=AT, where=asked("fenced-ahead", "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="an outcome that nobody knows",
            edit=change(Answer, at=AT, where=asked("fenced-refused", "prod"), outcome="fine"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unknown_outcome",
        ),
        Mutant(
            name="too few requests",
            edit=change(Traffic, at=AT, where=_in_prod, sent=10, answered=10),
            verdict=Verdict.INCONCLUSIVE,
            reason="few_samples",
        ),
        Mutant(
            name="answers are counted that nobody kept",
            edit=_uncounted,
            verdict=Verdict.INCONCLUSIVE,
            reason="miscounted",
        ),
        Mutant(
            name="nobody asked while a replica was deleted",
            edit=drop(Traffic, at=REPLICA, where=_in_prod),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_client",
        ),
        Mutant(
            name="nobody knows what the versions have to answer",
            edit=drop(Known, at=AT, where=_in_prod),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_known",
        ),
        Mutant(
            name="the commands could not be run",
            edit=blind(Answer, at=AT),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def failures_contained(facts: Facts) -> Finding:
    """
    Read every row's answers, and hold what the clients saw against what the trainings recorded.

    A replica that is deleted after it has switched could end a deployment in two ways: committed, where nobody is in
    its place yet when the others are asked, or rolled back, where somebody is, who answers as the ledger says. The
    deployment is held until somebody is there, and so only the second is right.
    """
    at = facts.at(AT)
    return merge((
        *(
            finding
            for reason, probes in QUESTIONS.items()
            for finding in answered(at, probes=probes, environments=ENVIRONMENTS, reason=reason)
        ),
        *presupposed(at, probes=GIVEN, environments=ENVIRONMENTS, reason="not_broken"),
        *(
            finding
            for moment in MAY_FAIL
            for environment in ENVIRONMENTS
            for finding in answered_as_recorded(facts.at(moment), at, environment, may_fail=MAY_FAIL[moment])
        ),
    ))  # fmt: skip
