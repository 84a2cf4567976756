"""A proof of ours that is going to die, seen from the process that kills it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Final

from switchyard.holder import is_running
from switchyard.judging import Inconclusive
from switchyard.obituary import LOG
from switchyard.waiting import wait_until
from yardfacts.journal import History, read

__all__ = ["Victim"]

SCRIPT: Final = Path(__file__).with_name("mortal.py")
START_S: Final = 60.0
"""Two interpreters, one after the other, on a machine that has other things to do."""
END_S: Final = 120.0
"""A proof that ends by itself restores first."""


class Victim:
    """
    ``mortal.py`` as a process, in a group of its own. It is ended with the block, should it still live then.

    Args:
        config: yard.toml.

        kubeconfig: Of the cluster.

        context: In it.

        proof: Folder for its evidence; empty.
    """

    def __init__(self, *, config: Path, kubeconfig: Path, context: str, proof: Path) -> None:
        options = {"config": config, "kubeconfig": kubeconfig, "context": context, "proof": proof}
        self._command = [sys.executable, str(SCRIPT), *(f"--{name}={value}" for name, value in options.items())]
        self._proof = proof
        self._lines: list[str] = []
        self._news = threading.Condition()

    def __enter__(self) -> Victim:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.end()
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()

    @property
    def output(self) -> str:
        """Everything said so far."""
        with self._news:
            return "\n".join(self._lines)

    @property
    def pid(self) -> int:
        """Of the process, and of its group."""
        return self._process.pid

    @property
    def watchdog(self) -> int:
        """Process of its watchdog."""
        found = re.search(r"watchdog: process (\d+)", self.output)
        return int(found.group(1)) if found else 0

    @property
    def folder(self) -> Path:
        """Its bundle."""
        (folder,) = (self._proof / "runs").iterdir()
        return folder

    @property
    def run_id(self) -> str:
        """Its run."""
        return self.folder.name.rpartition("_")[2]

    @property
    def history(self) -> History:
        """Its journal."""
        return read(self.folder / "journal.jsonl")

    @property
    def log(self) -> str:
        """What its watchdog wrote; empty where it had nothing to do."""
        path = self.folder / LOG
        return path.read_text() if path.is_file() else ""

    def order(self, command: str) -> None:
        """Have it begin something."""
        if self._process.stdin is None:
            raise TypeError("the victim was started without pipes")
        self._process.stdin.write(f"{command}\n")

    def await_line(self, text: str, *, within_s: float = START_S) -> None:
        """
        Wait until it says a line with *text*.

        Raises:
            Inconclusive: It does not; carries all that it said.
        """
        with self._news:
            said = self._news.wait_for(lambda: any(text in line for line in self._lines), timeout=within_s)
        if not said:
            raise Inconclusive(f"wanted a line with {text!r} within {within_s:g} s, got:\n{self.output}")

    def kill(self, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal, wait for the end, and return the exit code."""
        self._process.send_signal(number)
        return self.end()

    def end(self) -> int:
        """Order nothing more, wait for the end, and return the exit code."""
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):  # it is dead, and heard nothing of an order that was not read
                self._process.stdin.close()
        return self._process.wait(timeout=END_S)

    def send(self, number: signal.Signals) -> None:
        """Send a signal, and go on."""
        self._process.send_signal(number)

    def await_watchdog(self, *, within_s: float) -> None:
        """
        Wait until its watchdog has done what it had to.

        Raises:
            Late: It goes on.
        """
        wait_until(
            lambda: is_running(self.watchdog),
            what=f"the watchdog {self.watchdog} has ended",
            ready=lambda running: not running,
            within_s=within_s,
        )

    def _read(self, pipe: IO[str]) -> None:
        for line in pipe:
            with self._news:
                self._lines.append(line.rstrip())
                self._news.notify_all()
