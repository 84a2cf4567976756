"""One version, three places: what the registry calls champion is what is served, and what answers."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered
from yardfacts.mutants import asked, change, drop
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

ENVIRONMENTS = ("dev", "prod")
PLACES = ("version-in-registry", "version-in-triton", "version-in-answer")
DIGEST = "digest-in-registry"


@claim(
    "In both environments the version that MLflow names champion is the one that Triton serves and the one that the "
    "gateway's answer carries, and its digest is that of the files that were packaged.",
    mutants=[
        Mutant(
            name="nothing is registered",
            edit=change(
                Answer, at="exercised", where=asked("version-in-registry", "prod"), outcome="wrong", got="HTTP 404"
            ),
            verdict=Verdict.DISPROVED,
            reason="broken_trace",
        ),
        Mutant(
            name="Triton serves two versions",
            edit=change(
                Answer,
                at="exercised",
                where=asked("version-in-triton", "prod"),
                outcome="wrong",
                got="wine version 1, 2",
            ),
            verdict=Verdict.DISPROVED,
            reason="broken_trace",
        ),
        Mutant(
            name="the gateway answers with another version, as somebody wanted",
            edit=change(
                Answer,
                at="exercised",
                where=asked("version-in-answer", "prod"),
                wanted="wine version 999999",
                got="wine version 999999",
            ),
            verdict=Verdict.DISPROVED,
            reason="versions_differ",
        ),
        Mutant(
            name="other files were registered",
            edit=change(Answer, at="exercised", where=asked(DIGEST, "prod"), outcome="wrong", got="no digest"),
            verdict=Verdict.DISPROVED,
            reason="other_files",
        ),
        Mutant(
            name="nobody asked Triton",
            edit=drop(Answer, at="exercised", where=asked("version-in-triton", "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="an outcome that nobody knows",
            edit=change(Answer, at="exercised", where=asked(DIGEST, "prod"), outcome="fine"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unknown_outcome",
        ),
    ],
)
def version_traced(facts: Facts) -> Finding:
    """Hold the places against each other, not only each against what was wanted of it."""
    exercised = facts.at("exercised")
    return merge((
        *answered(exercised, probes=PLACES, environments=ENVIRONMENTS, reason="broken_trace"),
        *answered(exercised, probes=(DIGEST,), environments=ENVIRONMENTS, reason="other_files"),
        *(_same(exercised, environment) for environment in ENVIRONMENTS),
    ))  # fmt: skip


def _same(facts: Facts, environment: str) -> Finding:
    said = {
        answer.got
        for answer in facts.of(Answer)
        if answer.environment == environment and answer.probe in PLACES and answer.outcome == "right"
    }
    if len(said) > 1:
        return disproved("versions_differ", f"{environment}: {', '.join(sorted(said))}")
    if not said:
        return inconclusive("not_asked", f"no place in {environment} gave its version")
    return proved(f"{environment}: {said.pop()} everywhere")
