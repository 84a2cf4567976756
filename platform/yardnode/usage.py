"""What all processes of a yard use: node, containers and their shims."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from yardfacts.facts import Usage
from yardnode.cgroups import Branch
from yardnode.waiting import SYSTEM_CLOCK, Clock

__all__ = ["CPUS_LIMIT", "MEMORY_LIMIT_BYTES", "Meter"]

CPUS_LIMIT = 0.8  # 40 % of two cores, idle with everything up
MEMORY_LIMIT_BYTES = 14 << 30
LOOKS = 4  # memory is looked at that often in a window, and the most counts


@dataclass(frozen=True, kw_only=True)
class Meter:
    """Measures one yard: ``meter(window_s)``."""

    yard_id: str
    clock: Clock = SYSTEM_CLOCK

    def __call__(self, window_s: float) -> Usage:
        """
        Measure over *window_s* seconds.

        Memory is proportional (a page shared by n processes counts as one n-th), so a sum means something. A process
        that begins or ends inside the window counts with what it used inside it, as far as that can still be seen.
        """
        start_s, before = self.clock.now_s(), self._cpu_s()
        memory_bytes = 0
        for _ in range(LOOKS):
            self.clock.pause(window_s / LOOKS)
            memory_bytes = max(memory_bytes, sum(_memory_bytes(each) for each in self._processes()))
        after = self._cpu_s()
        took_s = self.clock.now_s() - start_s
        used_s = sum(after[process] - before.get(process, 0.0) for process in after)
        return Usage(
            phase="idle",
            window_s=round(took_s, 3),
            cpus=round(used_s / took_s, 4),
            memory_bytes=memory_bytes,
            cpus_limit=CPUS_LIMIT,
            memory_limit_bytes=MEMORY_LIMIT_BYTES,
        )

    def _processes(self) -> Iterator[psutil.Process]:
        for pid in Branch.of(self.yard_id).processes():
            try:
                yield psutil.Process(pid)
            except psutil.NoSuchProcess:
                continue

    def _cpu_s(self) -> dict[tuple[int, float], float]:
        """Seconds of processor time by process; a process is its id and its start time."""
        used = {}
        for process in self._processes():
            try:
                times = process.cpu_times()
                used[process.pid, process.create_time()] = times.user + times.system
            except psutil.NoSuchProcess:
                continue
        return used


def _memory_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0
