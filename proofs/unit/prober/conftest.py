"""The real prober in a process of its own, delivered as a pod gets it, and a service for it to ask."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from switchyard.probe.endpoints import Place
from switchyard.prober.plan import Expectation, Plan, Question, Wanted, dump_plan
from switchyard.probing.door import Door, Ended
from switchyard.probing.manifests import program
from switchyard.waiting import Clock, wait_until
from yardfacts.facts import Interval, Sampled
from yardfacts.folding import Head, Lane, fold, head_line

from .cluster import STARTED_S, answers
from .service import Service, serving


@dataclass
class Running:
    """A prober that runs."""

    plan: Plan
    process: subprocess.Popen[bytes]
    door: Door

    def facts(self, window: str, ended: Ended) -> tuple[tuple[Sampled, ...], tuple[Interval, ...]]:
        """What a window gave, through the same fold that a proof's goes."""
        lanes = tuple(
            Lane(
                probe=one.probe,
                environment=one.environment,
                connection=one.connection,
                period_ms=one.period_ms,
                phase_ms=one.phase_ms,
            )
            for one in self.plan.questions
        )
        head = Head(
            window=window,
            process=ended.process,
            start_ms=ended.start_ms,
            stop_ms=ended.stop_ms,
            skew_ms=0,
            questions=lanes,
        )
        samples = self.door.samples(window, size_bytes=ended.size_bytes)
        found = fold(f"probes/{window}.jsonl", head_line(head).encode() + samples)
        return (
            tuple(fact for fact in found if isinstance(fact, Sampled)),
            tuple(fact for fact in found if isinstance(fact, Interval)),
        )

    def watch(self, *, meanwhile: Callable[[], None], window: str = "off") -> tuple[list[Sampled], list[Interval]]:
        """Sample while something happens, and return what came of it."""
        self.door.start(window)
        meanwhile()
        counts, intervals = self.facts(window, self.door.stop(window))
        return list(counts), list(intervals)


Start = Callable[..., Running]


def question(service: Service, **given: Any) -> Question:
    """Ask the service for its content, twenty times a second on new connections unless told otherwise."""
    return Question(
        **{
            "probe": "service",
            "environment": "dev",
            "connection": "new",
            "period_ms": 50,
            "phase_ms": 0,
            "deadline_ms": 2000,
            "host": "127.0.0.1",
            "port": service.port,
            "method": "GET",
            "target": "/content",
            "headers": {"Host": "service.here"},
            "expect": Expectation(values=(Wanted(pointer="/outputs/0", value=0.5),)),
            **given,
        }
    )


@pytest.fixture(name="service")
def _service() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture(name="start")
def _start(tmp_path: Path) -> Iterator[Start]:
    """Start probers; whatever runs at the end is ended."""
    with ExitStack() as ending:

        def start(*questions: Question) -> Running:
            folder = tmp_path / "opt"
            (folder / "prober").mkdir(parents=True)
            for name, text in program().items():
                (folder / "prober" / name).write_text(text)
            plan = Plan(questions)
            (tmp_path / "plan.json").write_text(dump_plan(plan))
            (tmp_path / "data").mkdir()
            port = _free_port()
            options = ["--plan", str(tmp_path / "plan.json"), "--folder", str(tmp_path / "data")]
            process = subprocess.Popen(
                # -S: without anything that is installed beside Python, as in the pod.
                [sys.executable, "-S", "-m", "prober", *options, "--host", "127.0.0.1", "--port", str(port)],
                env={"PYTHONPATH": str(folder)},
            )
            ending.callback(_end, process)
            place = Place("127.0.0.1", port)
            door = Door(place)
            ending.callback(door.close)
            wait_until(lambda: answers(place), what="the prober answers", ready=bool, within_s=STARTED_S)
            return Running(plan, process, door)

        yield start


def said(intervals: Iterable[Interval]) -> list[str]:
    """Outcomes one after another, without what a busy machine missed: that is the prober's business, and tested."""
    return [outcome for outcome, _ in groupby(one.outcome for one in intervals if one.outcome != "missed")]


def pause(pause_s: float) -> Callable[[], None]:
    """Let time pass; here it is what is measured."""
    return lambda: Clock().pause(pause_s)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
