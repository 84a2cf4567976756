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
SERVICES = ("airflow", "fastapi", "mlflow", "triton")
"""Whose namespaces are shipped, always; said a second time, on purpose."""
LAYER = "feature-store"
"""And this one, while its layer is there: monitors then want somebody in it."""


def _but_one(facts: Facts) -> Facts:
    """All lines of prod are forgotten but the first."""
    kept = next(fact for fact in facts.at("exercised").of(Answer) if asked(LINE, "prod")(fact))
    return drop(Answer, at="exercised", where=asked(LINE, "prod"))(facts).plus("exercised", [kept])


def _of_triton(answer: Answer) -> bool:
    return asked(LINE, "prod")(answer) and " from triton-prod " in answer.wanted


def _of_layer(answer: Answer) -> bool:
    return asked(LINE, "dev")(answer) and f" from {LAYER}-dev " in answer.wanted


@claim(
    "In both environments each of at least ten lines that pods wrote, some in every namespace that is shipped, is in "
    "Loki exactly once, with the labels namespace, pod, container, app and env and no others; a line that a pod wrote "
    "elsewhere is not, and no other namespace has lines there.",
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
            name="a line from elsewhere is shipped",
            edit=change(
                Answer,
                at="exercised",
                where=asked("stranger-left-out", "prod"),
                outcome="wrong",
                got="in monitoring-prod",
            ),
            verdict=Verdict.DISPROVED,
            reason="other_namespaces",
        ),
        Mutant(
            name="nobody elsewhere wrote a line",
            edit=change(
                Answer, at="exercised", where=asked("stranger-wrote", "prod"), outcome="unanswered", got="refused"
            ),
            verdict=Verdict.INCONCLUSIVE,
            reason="stranger_silent",
        ),
        Mutant(
            name="Triton was not asked for a line",
            edit=drop(Answer, at="exercised", where=_of_triton),
            verdict=Verdict.INCONCLUSIVE,
            reason="service_silent",
        ),
        Mutant(
            name="the layer is there and was not asked for a line",
            edit=drop(Answer, at="exercised", where=_of_layer),
            verdict=Verdict.INCONCLUSIVE,
            reason="service_silent",
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
        *(_heard(lines, place) for environment in ENVIRONMENTS for place in _places(exercised, environment)),
        *(_written(exercised, environment) for environment in ENVIRONMENTS),
        *answered(exercised, probes=("stranger-left-out",), environments=ENVIRONMENTS, reason="other_namespaces"),
        *map(_line, lines),
    ))  # fmt: skip


def _enough(lines: list[Answer], environment: str) -> Finding:
    count = sum(line.environment == environment for line in lines)
    if count < LINES:
        return inconclusive("too_few", f"{count} lines of {environment} were looked for; wanted {LINES}")
    return proved(f"{count} lines of {environment} were looked for")


def _places(exercised: Facts, environment: str) -> tuple[str, ...]:
    """The namespaces that have to have written."""
    wanted = {one.wanted for one in exercised.of(Answer) if asked("targets of feast", environment)(one)}
    services = (*SERVICES, LAYER) if "all up" in wanted else SERVICES
    return tuple(f"{service}-{environment}" for service in services)


def _heard(lines: list[Answer], place: str) -> Finding:
    count = sum(f" from {place} " in line.wanted for line in lines)
    if not count:
        return inconclusive("service_silent", f"no line of {place} was looked for")
    return proved(f"{count} lines of {place} were looked for")


def _written(exercised: Facts, environment: str) -> Finding:
    """A line that nobody wrote would be nowhere as well."""
    found = [one for one in exercised.of(Answer) if asked("stranger-wrote", environment)(one)]
    if not found or any(one.outcome != "right" for one in found):
        got = ", ".join(one.got for one in found) or "nothing"
        return inconclusive("stranger_silent", f"{environment}: wanted a line from elsewhere, got {got}")
    return proved(f"{environment}: a line was written elsewhere")


def _line(line: Answer) -> Finding:
    where = f"{line.environment}: wanted a line {line.wanted}, got {line.got}"
    if line.outcome == "right":
        return proved(f"{line.environment}: {line.got}")
    if line.outcome not in ("wrong", "unanswered"):
        return inconclusive("unknown_outcome", f"{line.environment}: outcome {line.outcome!r}")
    if line.got.startswith("once"):
        return disproved("other_labels", where)
    return disproved("line_doubled" if " times" in line.got else "line_lost", where)
