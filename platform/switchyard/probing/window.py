"""A window: samples from here to there, fetched, written into the bundle, and folded into facts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from switchyard.errors import NotFound, SwitchyardError, Unreachable
from switchyard.kinds import PODS
from switchyard.kube import Kube
from switchyard.objects import dig
from switchyard.probing.door import Door, Ended
from switchyard.probing.manifests import NAMESPACE
from switchyard.probing.questions import CONTROL
from switchyard.probing.rounds import Rounds
from switchyard.probing.stand import Stand, is_ready, standing
from switchyard.yard import Yard
from yardfacts.bundle import Bundle
from yardfacts.facts import Answer, Fact, Unreadable, Usage
from yardfacts.folding import Head, Lane, fold, head_line

__all__ = ["FOLDER", "Prober", "probing"]

FOLDER: Final = "probes"
WARMING: Final = "warming-up"
WARM_S: Final = 90.0
"""A policy lets a new pod in after some ten seconds; a stack that has just come up may take a minute to be ready."""
ROUND_S: Final = 60.0
"""A round takes the longest period, four seconds; a node that stands still takes longer."""
SETTLES_S: Final = 2.0
"""A change is told by each replica of a service within two seconds: the gateway looks that often."""
CPUS: Final = 0.1
"""Watching may cost a tenth of a core."""
INTACT: Final = "the same pod, ready, never restarted"

_MISSED: Final = (SwitchyardError, ValueError, LookupError, TypeError)
"""The prober, or the API server, is silent, refuses, or says something else than it was asked."""


@dataclass
class _Sampling:
    """One window that is open."""

    window: str
    process: str
    rounds: Rounds
    start_s: float


@dataclass
class Prober:
    """One prober that samples; every window has a name of its own."""

    kube: Kube
    stand: Stand
    door: Door

    def warm_up(self, *, within_s: float) -> None:
        """
        Sample until every question was answered right, the last time that it was asked.

        Raises:
            Unmet: Some were not; nothing of it is evidence about a window.
            Unreadable: The prober does not answer.
        """
        self.door.start(WARMING)
        try:
            Rounds(self.door, self.stand.plan, WARMING).all_right(within_s=within_s)
        finally:
            self.door.stop(WARMING)

    @contextmanager
    def window(self, name: str, *, bundle: Bundle) -> Iterator[list[Fact]]:
        """
        Sample while the block runs; the list has its facts when the block has ended, however it ended.

        It begins and ends with a round in which every question is asked: what the block changes is seen by each of
        them as it was before, and as it is afterwards. What could not be sampled or fetched is an ``Unreadable`` among
        the facts, and never an exception.
        """
        begun = self._begun(name)
        if isinstance(begun, Unreadable):
            yield [begun]
            return
        facts = self._round(begun, since_ms=0)
        try:
            yield facts
        finally:
            facts += self._round(begun, since_ms=(time.monotonic() - begun.start_s + SETTLES_S) * 1000)
            facts += self._fetched(begun, bundle=bundle)

    def _begun(self, name: str) -> _Sampling | Unreadable:
        """What samples from now on, or why nothing does."""
        try:
            process = self.door.start(name)
        except _MISSED as exc:
            return _unreadable(name, exc)
        return _Sampling(name, process, Rounds(self.door, self.stand.plan, name), start_s=time.monotonic())

    def _round(self, begun: _Sampling, *, since_ms: float) -> list[Fact]:
        """Wait for a round; nothing, or why there was none."""
        try:
            begun.rounds.one(since_ms=since_ms, within_s=ROUND_S)
        except _MISSED as exc:
            return [_unreadable(begun.window, exc)]
        return []

    def _fetched(self, begun: _Sampling, *, bundle: Bundle) -> list[Fact]:
        try:
            return self._ended(begun.window, process=begun.process, bundle=bundle)
        except _MISSED as exc:
            return [_unreadable(begun.window, exc)]

    def _ended(self, name: str, *, process: str, bundle: Bundle) -> list[Fact]:
        ended = self.door.stop(name)
        if ended.process != process:
            raise Unreachable(f"the prober that began {name} is gone; another one answers in its place")
        samples = self.door.samples(name, size_bytes=ended.size_bytes)
        head = self._head(name, ended, skew_ms=self.door.skew_ms())
        path = bundle.text(f"{FOLDER}/{name}.jsonl", head_line(head) + samples.decode())
        # What the bundle holds, redacted, is what the facts are made of: whoever verifies has nothing else.
        facts: list[Fact] = list(fold(f"{FOLDER}/{name}.jsonl", path.read_bytes()))
        facts += [self._intact(pod) for pod in self.stand.pods]
        window_s = (ended.stop_ms - ended.start_ms) / 1000
        facts.append(
            Usage(
                phase=f"prober {name}",
                window_s=window_s,
                cpus=round(ended.cpu_s / window_s, 4) if window_s else 0.0,
                memory_bytes=ended.memory_bytes,
                cpus_limit=CPUS,
            )
        )
        return facts

    def _head(self, name: str, ended: Ended, *, skew_ms: int) -> Head:
        return Head(
            window=name,
            process=ended.process,
            start_ms=ended.start_ms,
            stop_ms=ended.stop_ms,
            skew_ms=skew_ms,
            questions=tuple(
                Lane(
                    probe=one.probe,
                    environment=one.environment,
                    connection=one.connection,
                    period_ms=one.period_ms,
                    phase_ms=one.phase_ms,
                )
                for one in self.stand.plan.questions
            ),
        )

    def _intact(self, name: str) -> Answer:
        """Whether a control's own pod is the one that was made: only then does it tell anything about the rest."""
        try:
            pod = self.kube.get(PODS, name, namespace=NAMESPACE)
        except NotFound:
            got = "gone"
        else:
            restarts = sum(one["restartCount"] for one in dig(pod, "status", "containerStatuses") or ())
            same = dig(pod, "metadata", "uid") == self.stand.pods[name]
            got = INTACT if same and not restarts and is_ready(pod) else str(dig(pod, "status"))[:400]
        outcome = "right" if got == INTACT else "wrong"
        return Answer(probe=f"{name}-pod", environment=CONTROL, outcome=outcome, wanted=INTACT, got=got, took_s=0.0)


def _unreadable(name: str, error: Exception) -> Unreadable:
    return Unreadable(what=f"Sampled of window {name}", error=f"{type(error).__name__}: {error}")


@contextmanager
def probing(
    kube: Kube,
    *,
    yard: Yard,
    secrets_file: Path | None,
    run_id: str,
    tell: Callable[[str], None],
    warm_s: float = WARM_S,
) -> Iterator[Prober]:
    """
    Put up the prober, warm it up, and take it away when the block ends.

    Raises:
        SwitchyardError: As ``standing`` and ``Prober.warm_up``.
    """
    with standing(kube, yard=yard, secrets_file=secrets_file, run_id=run_id, tell=tell) as stand:
        door = Door(stand.prober)
        try:
            prober = Prober(kube, stand, door)
            prober.warm_up(within_s=warm_s)
            yield prober
        finally:
            door.close()
