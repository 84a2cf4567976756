"""The prober as the proof talks to it: straight to its pod, never through the API server."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

import httpx

from switchyard.errors import Refused, Unreachable
from switchyard.probe.endpoints import Place

__all__ = ["Door", "Ended"]

ANSWER_S: Final = 15.0
"""To stop, the prober waits for samples on their way, which have five seconds."""
LOOKS: Final = 5
"""At the clock; the quickest answer is the one that tells most."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What the prober says when a window ends."""

    process: str
    start_ms: int
    stop_ms: int
    lines: int
    size_bytes: int
    cpu_s: float
    memory_bytes: int


class Door:
    """One prober. Every method raises ``Unreachable`` where it does not answer, and ``Refused`` where it says no."""

    def __init__(self, place: Place) -> None:
        # trust_env off: a proxy of this machine must not answer for a pod of the cluster.
        self._client = httpx.Client(base_url=f"http://{place}", timeout=ANSWER_S, trust_env=False)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def start(self, window: str) -> str:
        """Begin a window; gives the process that samples it."""
        return str(self._ask("POST", f"/windows/{window}/start").json()["process"])

    def stop(self, window: str) -> Ended:
        """End a window."""
        said: dict[str, Any] = self._ask("POST", f"/windows/{window}/stop").json()
        return Ended(**said)

    def chunk(self, window: str, start: int) -> bytes:
        """Samples from byte *start* on, as much as comes at once."""
        return self._ask("GET", f"/windows/{window}/samples?from={start}").content

    def samples(self, window: str, *, size_bytes: int) -> bytes:
        """
        All samples of a window that ended.

        Raises:
            Unreachable: There are fewer than it said.
        """
        got = bytearray()
        while len(got) < size_bytes:
            chunk = self.chunk(window, len(got))
            if not chunk:
                raise Unreachable(f"samples of {window}: wanted {size_bytes} bytes, got {len(got)}")
            got += chunk
        return bytes(got)

    def skew_ms(self) -> int:
        """Its clock minus ours, by the quickest of a few looks."""
        looks = []
        for _ in range(LOOKS):
            sent_s, begun_s = time.time(), time.monotonic()
            now_ms = float(self._ask("GET", "/clock").json()["now_ms"])
            took_s = time.monotonic() - begun_s
            looks.append((took_s, now_ms - (sent_s + took_s / 2) * 1000))
        return round(min(looks)[1])

    def _ask(self, method: str, path: str) -> httpx.Response:
        asked = f"{method} {self._client.base_url}{path}"
        try:
            reply = self._client.request(method, path)
        except httpx.TransportError as exc:
            raise Unreachable(f"{asked}: {type(exc).__name__}: {exc}") from exc
        if reply.status_code != 200:
            raise Refused(f"{asked}: HTTP {reply.status_code}: {reply.text[:200]}", status=reply.status_code)
        return reply
