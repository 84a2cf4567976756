"""Nothing of Core's and Baseline's is lost: what a proof wrote into every store is there after each switch."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import legible, observed
from yardfacts.mutants import asked, blind, change, drop
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

ENVIRONMENTS = ("dev", "prod")
STORES = (
    *("model-volume", "minio", "loki-pushed", "loki-shipped", "mlflow-run", "mlflow-artifact", "mlflow-version"),
    *("airflow-run", "airflow-variable", "prometheus", "feast-offline"),
)
WRITTEN = "written"
LATER = ("detached", "attached")
"""Looks that follow a switch; those that a stage has not taken are another stage's."""

PROBE = "canary-"
GONE, GAP = "not there", "a gap"
"""How an answer begins where the store has nothing, and where samples are missing in between."""


def _written_last(facts: Facts) -> Facts:
    """What was written was recorded after it was looked for."""
    late = tuple(entry for entry in facts.entries if entry[0] == WRITTEN)
    return Facts((*(entry for entry in facts.entries if entry[0] != WRITTEN), *late))


@claim(
    "In both environments what this proof wrote into every store before the switch and read back (a file on the model "
    "volume, an object, a pushed and a shipped log line, a run, its file, a DAG run, a Variable, a row of features) is "
    "given back unchanged after it, the serving version's entry is the same, and Prometheus kept every sample.",
    mutants=[
        Mutant(
            name="an object is lost",
            edit=change(
                Answer,
                at="detached",
                where=asked("canary-minio", "prod"),
                outcome="wrong",
                got=f"{GONE}: GET bucket/key: NoSuchKey",
            ),
            verdict=Verdict.DISPROVED,
            reason="lost",
        ),
        Mutant(
            name="a file of the model volume is lost on the way back",
            edit=change(
                Answer,
                at="attached",
                where=asked("canary-model-volume", "dev"),
                outcome="wrong",
                got=f"{GONE}: no file",
            ),
            verdict=Verdict.DISPROVED,
            reason="lost",
        ),
        Mutant(
            name="bytes are changed",
            edit=change(
                Answer, at="detached", where=asked("canary-minio", "dev"), outcome="wrong", got="3 bytes, sha256 1"
            ),
            verdict=Verdict.DISPROVED,
            reason="changed",
        ),
        Mutant(
            name="Prometheus was away",
            edit=change(
                Answer,
                at="attached",
                where=asked("canary-prometheus", "prod"),
                outcome="wrong",
                got=f"{GAP} of 61.0 s after 0",
            ),
            verdict=Verdict.DISPROVED,
            reason="gap",
        ),
        Mutant(
            name="a store does not answer",
            edit=change(
                Answer,
                at="detached",
                where=asked("canary-airflow-variable", "prod"),
                outcome="unanswered",
                got="HTTP 500",
            ),
            verdict=Verdict.DISPROVED,
            reason="not_given",
        ),
        Mutant(
            name="a line was never seen before",
            edit=change(
                Answer, at="written", where=asked("canary-loki-shipped", "prod"), outcome="unanswered", got="not there"
            ),
            verdict=Verdict.INCONCLUSIVE,
            reason="never_seen",
        ),
        Mutant(
            name="nobody wrote to a store",
            edit=drop(Answer, at="written", where=asked("canary-mlflow-artifact", "dev")),
            verdict=Verdict.INCONCLUSIVE,
            reason="never_seen",
        ),
        Mutant(
            name="a store was not asked",
            edit=drop(Answer, at="detached", where=asked("canary-mlflow-run", "dev")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="an environment was not asked",
            edit=drop(Answer, at="attached", where=lambda a: a.probe.startswith(PROBE) and a.environment == "prod"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="another object was read than the one written",
            edit=change(Answer, at="detached", where=asked("canary-minio", "prod"), wanted="1 byte", got="1 byte"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_the_same",
        ),
        Mutant(
            name="it was written after the switch",
            edit=_written_last,
            verdict=Verdict.INCONCLUSIVE,
            reason="written_late",
        ),
        Mutant(
            name="an outcome that nobody knows",
            edit=change(Answer, at="detached", where=asked("canary-airflow-run", "dev"), outcome="fine"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unknown_outcome",
        ),
        Mutant(
            name="the reader could not be reached",
            edit=blind(Answer, at="written"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
            collateral=("feature_survives",),
        ),
    ],
)
def data_survives(facts: Facts) -> Finding:
    """Compare what every store gave back before the switch with what it gives at each look after it."""
    later = [moment for moment in LATER if moment in observed(facts) or _has_canaries(facts.at(moment))]
    if not later:
        return inconclusive("not_asked", "nothing was looked for after a switch")
    return merge(finding for moment in later for finding in _after(facts, moment))


def _after(facts: Facts, moment: str) -> tuple[Finding, ...]:
    before, after, order = facts.at(WRITTEN), facts.at(moment), facts.moments()
    is_late = WRITTEN in order and order.index(moment) < order.index(WRITTEN)
    return (
        *legible(before, Answer),
        *legible(after, Answer),
        *([inconclusive("written_late", f"{moment}: looked at before anything was written")] if is_late else []),
        *(
            finding
            for store in STORES
            for environment in ENVIRONMENTS
            for finding in _one(f"{PROBE}{store}", environment, before=before, after=after, moment=moment)
        ),
    )


def _one(probe: str, environment: str, *, before: Facts, after: Facts, moment: str) -> tuple[Finding, ...]:
    written, read = (list(filter(asked(probe, environment), facts.of(Answer))) for facts in (before, after))
    where = f"{moment}: {probe} in {environment}"
    if not written or any(answer.outcome != "right" for answer in written):
        # Lost before the switch is nobody's proof: what was never there cannot be lost.
        return (inconclusive("never_seen", f"{where}: {written[0].got if written else 'nothing was written'}"),)
    if not read:
        return (inconclusive("not_asked", f"{where}: nobody asked for it"),)
    return tuple(_fate(answer, {one.wanted for one in written}, where) for answer in read)


def _fate(answer: Answer, written: set[str], where: str) -> Finding:
    if {answer.wanted} != written:
        return inconclusive("not_the_same", f"{where}: {answer.wanted} was looked for, {', '.join(written)} written")
    if answer.outcome == "right":
        return proved(f"{where}: {answer.got}")
    if answer.outcome == "unanswered":
        return disproved("not_given", f"{where}: {answer.got}")
    if answer.outcome != "wrong":
        return inconclusive("unknown_outcome", f"{where}: outcome {answer.outcome!r}")
    known = {GONE: "lost", GAP: "gap"}
    reason = next((reason for text, reason in known.items() if answer.got.startswith(text)), "changed")
    return disproved(reason, f"{where}: wanted {answer.wanted}, got {answer.got}")


def _has_canaries(facts: Facts) -> bool:
    return any(answer.probe.startswith(PROBE) for answer in facts.of(Answer))
