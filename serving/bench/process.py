"""A server under measurement: its process, its port, and the processor time it has used."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

__all__ = ["Process", "free_port", "running"]

STARTED_WITHIN_S = 30.0
LOOK_S = 0.05

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    """A running server."""

    pid: int
    port: int

    def cpu_s(self) -> float:
        """Processor seconds since its start, in the program and in the kernel for it."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def free_port() -> int:
    """A port of loopback that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(*arguments: str, port: int, environment: Mapping[str, str] | None = None) -> Iterator[Process]:
    """
    Run ``python -m`` *arguments* while the block runs, from when it accepts connections on *port*.

    Raises:
        OSError: It did not in time, or ended.
    """
    argv, told = [sys.executable, "-m", *arguments], {**os.environ, **(environment or {})}
    with tempfile.TemporaryFile() as log, subprocess.Popen(argv, env=told, stdout=log, stderr=log) as process:
        try:
            for attempt in Retrying(
                retry=retry_if_exception_type(ConnectionRefusedError),
                wait=wait_fixed(LOOK_S),
                stop=stop_after_delay(STARTED_WITHIN_S),
                reraise=True,
            ):
                with attempt:
                    if process.poll() is not None:
                        log.seek(0)
                        raise ChildProcessError(f"{' '.join(arguments)} ended: {log.read().decode(errors='replace')}")
                    socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
            yield Process(process.pid, port)
        finally:
            process.terminate()
