"""What good evidence consists of: answers as they were wanted, and what one environment's client saw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from yardfacts.facts import Answer, Fact, Served, Traffic

__all__ = ["ENVIRONMENTS", "answers", "client", "right"]

ENVIRONMENTS = ("dev", "prod")


def right(probe: str, environment: str, said: str) -> Answer:
    """An answer as it was wanted."""
    return Answer(probe=probe, environment=environment, outcome="right", wanted=said, got=said, took_s=0.01)


def answers(probes: Iterable[str], said: str) -> list[Answer]:
    """The same answer to each of *probes*, in every environment."""
    return [right(probe, environment, said) for probe in probes for environment in ENVIRONMENTS]


def client(
    environment: str,
    seen: Mapping[tuple[int, int], int],
    outputs: Mapping[int, tuple[float, ...]],
    *,
    failed: int = 0,
    late: int = 0,
) -> Iterator[Fact]:
    """
    What a client counted and kept.

    Args:
        seen: Number of answers by generation and version.
        outputs: What each version answers.
        failed: How many requests were not answered.
        late: How many the client itself sent too late.
    """
    answered = sum(seen.values())
    yield Traffic(
        environment=environment,
        sent=answered + failed,
        answered=answered,
        failed=failed,
        late=late,
        new=answered // 2,
        slowest_ms=80.0,
        span_s=120.0,
        detail="request 7 after 3.1 s: ReadTimeout" if failed else "",
    )
    for (generation, version), count in seen.items():
        yield Served(
            environment=environment, generation=generation, version=version, answers=count, outputs=outputs[version]
        )
