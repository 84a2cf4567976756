"""What a pod writes is found in Loki: once, by who wrote it, and nobody else's with it."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered
from yardfacts.mutants import asked, change, drop
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

ENVIRONMENTS = ("dev", "prod")
LINE = "line-shipped"
LINES = 10
"""An environment; one line that arrives may be luck."""


def _but_one(facts: Facts) -> Facts:
    """All lines of prod are forgotten but the first."""
    kept = next(fact for fact in facts.at("exercised").of(Answer) if asked(LINE, "prod")(fact))
    return drop(Answer, at="exercised", where=asked(LINE, "prod"))(facts).plus("exercised", [kept])


@claim(
    "In both environments each of at least ten lines that a pod wrote is in Loki exactly once, with the labels "
    "namespace, pod, container, app and env and no others, and no namespace but the platform's has lines there.",
    mutants=[
        Mutant(
            name="a line is lost",
            edit=change(Answer, at="exercised", where=asked(LINE, "prod"), outcome="wrong", got="not there"),
            verdict=Verdict.DISPROVED,
            reason="line_lost",
        ),
        Mutant(
            name="a line is there twice",
            edit=change(
                Answer, at="exercised", where=asked(LINE, "prod"), outcome="wrong", got="2 times, from mlflow-prod"
            ),
            verdict=Verdict.DISPROVED,
            reason="line_doubled",
        ),
        Mutant(
            name="a line has a label too many",
            edit=change(
                Answer, at="exercised", where=asked(LINE, "prod"), outcome="wrong", got="once, labels app filename"
            ),
            verdict=Verdict.DISPROVED,
            reason="other_labels",
        ),
        Mutant(
            name="Loki does not answer",
            edit=change(
                Answer, at="exercised", where=asked("lines-looked-for", "prod"), outcome="unanswered", got="refused"
            ),
            verdict=Verdict.DISPROVED,
            reason="line_lost",
        ),
        Mutant(
            name="another namespace is shipped",
            edit=change(
                Answer,
                at="exercised",
                where=asked("lines-of-platform", "prod"),
                outcome="wrong",
                got="strangers: kube-system",
            ),
            verdict=Verdict.DISPROVED,
            reason="other_namespaces",
        ),
        Mutant(
            name="only one line was written",
            edit=_but_one,
            verdict=Verdict.INCONCLUSIVE,
            reason="too_few",
        ),
        Mutant(
            name="nobody asked whose lines there are",
            edit=drop(Answer, at="exercised", where=asked("lines-of-platform", "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="an outcome that nobody knows",
            edit=change(Answer, at="exercised", where=asked(LINE, "prod"), outcome="fine"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unknown_outcome",
        ),
    ],
)
def lines_shipped(facts: Facts) -> Finding:
    """Read what Loki answered for each line; how long it took is reported, and not judged."""
    exercised = facts.at("exercised")
    lines = [answer for answer in exercised.of(Answer) if answer.probe == LINE]
    return merge((
        *answered(exercised, probes=("lines-looked-for",), environments=ENVIRONMENTS, reason="line_lost"),
        *answered(exercised, probes=("lines-of-platform",), environments=ENVIRONMENTS, reason="other_namespaces"),
        *(_enough(lines, environment) for environment in ENVIRONMENTS),
        *map(_line, lines),
    ))  # fmt: skip


def _enough(lines: list[Answer], environment: str) -> Finding:
    count = sum(line.environment == environment for line in lines)
    if count < LINES:
        return inconclusive("too_few", f"{count} lines of {environment} were looked for; wanted {LINES}")
    return proved(f"{count} lines of {environment} were looked for")


def _line(line: Answer) -> Finding:
    where = f"{line.environment}: wanted a line {line.wanted}, got {line.got}"
    if line.outcome == "right":
        return proved(f"{line.environment}: {line.got}")
    if line.outcome not in ("wrong", "unanswered"):
        return inconclusive("unknown_outcome", f"{line.environment}: outcome {line.outcome!r}")
    if line.got.startswith("once"):
        return disproved("other_labels", where)
    return disproved("line_doubled" if " times" in line.got else "line_lost", where)
