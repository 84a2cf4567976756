"""Questions whose right answer is known beforehand: asked, timed, and kept as facts. Claims say what they mean."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from switchyard.errors import JobFailed, Late, NotAnswering, NotFound, Stuck, SwitchyardError, Unreadable, as_fact
from switchyard.waiting import wait_until
from yardfacts.facts import Answer, Fact

from .errors import ServiceError, Unanswered

__all__ = ["Inquiry"]

RIGHT: Final = "right"
UNTOLD: Final = (Unreadable, Late, JobFailed, NotAnswering, Stuck)
"""With these a question ends that nobody was asked: the API server is silent, or a command's pod never started."""


@dataclass
class Inquiry:
    """What one service was asked in one environment. Not thread-safe: every thread has its own."""

    environment: str
    facts: list[Fact] = field(default_factory=list)

    def ask(
        self,
        probe: str,
        *,
        wanted: str,
        got: Callable[[], str],
        within_s: float = 0.0,
        is_over: Callable[[str], bool] = lambda _: False,
    ) -> bool:
        """
        Ask once, or until the answer is *wanted*, for *within_s* seconds; keep the last answer with the whole wait.

        Args:
            probe: Name of the question; claims know it.

            wanted: The right answer, to the letter.

            got: Asks. What it raises of a service's is an answer too; what it raises of the cluster's is none.

            within_s: For what is allowed to take a moment.

            is_over: Says of an answer that no other will follow.

        Returns:
            Whether the answer was right. False too where nobody could be asked, which becomes a fact.
        """
        start_s = time.monotonic()
        seen: list[tuple[str, str]] = []

        def once() -> tuple[str, str]:
            try:
                seen.append(_asked(got, wanted=wanted))
            except UNTOLD as exc:
                raise _Untold(exc) from exc
            return seen[-1]

        try:
            wait_until(
                once,
                what=probe,
                ready=lambda answer: answer[0] == RIGHT,
                failed=lambda answer: is_over(answer[1]),
                within_s=within_s,
            )
        except Late:
            pass  # this wait's own: the wrong answer is the observation
        except _Untold as exc:
            self.facts.append(as_fact(f"probe {probe} ({self.environment})", exc.error))
            return False
        outcome, answer = seen[-1]
        self.keep(probe, outcome=outcome, wanted=wanted, got=answer, took_s=time.monotonic() - start_s)
        return outcome == RIGHT

    def keep(self, probe: str, *, outcome: str, wanted: str, got: str, took_s: float) -> None:
        """Keep an answer that was found out otherwise."""
        self.facts.append(
            Answer(
                probe=probe,
                environment=self.environment,
                outcome=outcome,
                wanted=wanted,
                got=got,
                took_s=round(took_s, 3),
            )
        )


class _Untold(Exception):
    """Nobody was asked; *error* says why. Told apart from what the wait for a right answer raises itself."""

    def __init__(self, error: SwitchyardError) -> None:
        self.error = error
        super().__init__(str(error))


def _asked(got: Callable[[], str], *, wanted: str) -> tuple[str, str]:
    try:
        answer = got()
    except (Unanswered, NotFound) as exc:
        return "unanswered", str(exc)
    except ServiceError as exc:
        return "wrong", str(exc)
    except (LookupError, TypeError, ValueError) as exc:
        # A service that answers in another shape answers wrong; a mistake of ours shows itself the same way.
        return "wrong", f"{type(exc).__name__}: {exc}"
    return (RIGHT if answer == wanted else "wrong"), answer
