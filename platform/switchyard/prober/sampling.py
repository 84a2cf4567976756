"""One window of sampling: every question on its own grid, from the start until somebody stops it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .grid import Grid
from .lane import MISSED, UNANSWERED, Lane, Outcome
from .plan import Plan
from .samples import Samples
from .stillness import Stillness

__all__ = ["Span", "Window"]

LEAD_MS: Final = 20
"""From the request to start until the start: every lane is armed by then."""


@dataclass(frozen=True)
class Span:
    """When a window began and ended, by the prober's own clock, and what watching cost."""

    start_ms: int
    stop_ms: int
    lines: int
    size_bytes: int
    cpu_s: float
    """Processor time of the whole process in the window."""


class Window:
    """
    Samples while it is open.

    A timer that runs late moves nothing: what was due more than a period ago is recorded as missed and never sent, and
    the next sample is due when it always was. Deadlines of samples that wait are put off by as long as this process
    stood still: what nobody could have received is not unanswered.
    """

    def __init__(self, plan: Plan, *, samples: Samples) -> None:
        self._samples, self._loop, self._stillness = samples, asyncio.get_running_loop(), Stillness()
        self._lanes: Sequence[Lane] = [Lane(question) for question in plan.questions]
        self._grids = [Grid(one.period_ms, one.phase_ms) for one in plan.questions]
        self._next = [0] * len(self._lanes)
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self._deadlines: set[asyncio.Timeout] = set()
        self._stop_ms = float("inf")
        self._start_s = self._loop.time() + LEAD_MS / 1000
        self.start_ms = round(time.time() * 1000) + LEAD_MS
        self._cpu_s = time.process_time()
        for number in range(len(self._lanes)):
            self._arm(number)

    async def stop(self) -> Span:
        """End the window now; returns when every sample that was sent has its outcome."""
        # Rounded up: a sample that was sent within the last millisecond was due before the stop.
        stop_ms = max(int(self._now_ms()) + 1, 0)
        self._stop_ms = stop_ms
        for number, timer in list(self._timers.items()):
            timer.cancel()
            self._due(number)  # what was due before the stop, and has not run yet
        while self._asking:
            await asyncio.wait(self._asking)
        for lane in self._lanes:
            lane.close()
        self._samples.close()
        return Span(
            start_ms=self.start_ms,
            stop_ms=self.start_ms + stop_ms,
            lines=self._samples.lines,
            size_bytes=self._samples.size_bytes,
            cpu_s=round(time.process_time() - self._cpu_s, 4),
        )

    def _now_ms(self) -> float:
        return (self._loop.time() - self._start_s) * 1000

    def _arm(self, number: int) -> None:
        due_s = self._start_s + self._grids[number].due_ms(self._next[number]) / 1000
        self._timers[number] = self._loop.call_at(due_s, self._due, number)

    def _due(self, number: int) -> None:
        """Send, or record as missed, every sample of a lane that is due, and arm the next one."""
        grid, now_ms = self._grids[number], self._now_ms()
        self._put_off(due_ms=grid.due_ms(self._next[number]), now_ms=now_ms)
        while grid.due_ms(self._next[number]) <= now_ms and grid.due_ms(self._next[number]) < self._stop_ms:
            sample = self._next[number]
            self._next[number] += 1
            if grid.is_missed(sample, now_ms=now_ms):
                self._samples.write(number, sample, Outcome(MISSED), at_ms=now_ms, took_ms=None)
                continue
            task = self._loop.create_task(self._ask(number, sample))
            self._asking.add(task)
            task.add_done_callback(self._asked)
        if self._stop_ms == float("inf"):
            self._arm(number)

    async def _ask(self, number: int, sample: int) -> None:
        lane, at_ms = self._lanes[number], self._now_ms()
        outcome = Outcome(UNANSWERED, f"no answer within {lane.question.deadline_ms} ms")
        try:
            async with asyncio.timeout(lane.question.deadline_ms / 1000) as deadline:
                self._deadlines.add(deadline)
                outcome = await lane.ask()
        except TimeoutError:
            pass  # the outcome says so already
        finally:
            self._deadlines.discard(deadline)
        took_ms = self._now_ms() - at_ms
        self._samples.write(number, sample, outcome, at_ms=at_ms, took_ms=took_ms)

    def _asked(self, task: asyncio.Task[None]) -> None:
        self._asking.discard(task)
        task.result()  # a mistake of ours goes to the loop's handler, which ends the process: no quiet hole

    def _put_off(self, *, due_ms: float, now_ms: float) -> None:
        stood_s = self._stillness.notice(due_s=due_ms / 1000, now_s=now_ms / 1000)
        if stood_s:
            for deadline in self._deadlines:
                when = deadline.when()
                if when is not None and not deadline.expired():
                    deadline.reschedule(when + stood_s)
