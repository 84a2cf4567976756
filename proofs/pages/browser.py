"""
A headless Chromium, spoken to through two pipes: what a page shows, and everything that it asks for.

Two witnesses: DevTools tells what each page asked for, refused or not, and the browser's own network log, read when it
has ended, tells what it looked up and connected to.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

__all__ = ["Browser", "NoBrowser", "Shown", "browser", "left", "program"]

PROGRAMS: Final = ("chromium-headless-shell", "chromium", "google-chrome")
"""Any of them will do; the first is Debian's smallest."""
REMEDY: Final = "run `apt-get install --no-install-recommends chromium-headless-shell` (Debian), or put one on PATH"

ANSWER_S: Final = 60.0
"""For one answer of the browser, on a machine that does something else besides."""
DRAWN_S: Final = 60.0
"""Allure's page is megabytes of script, and its timeline arrives in an animation."""

OWN: Final = ("file:", "data:", "blob:", "about:")
"""Schemes for which nothing leaves the machine."""

OUTWARDS: Final = (
    "URL_REQUEST_START_JOB",
    "HTTP_STREAM_",
    "HOST_RESOLVER_",
    "TCP_CONNECT",
    "UDP_CONNECT",
    "SOCKET_CONNECT",
    "WEBSOCKET_",
    "QUIC_SESSION_CLIENT",
)
"""Events of the network log that are steps out of the machine; a page from the disk causes none."""

OPTIONS: Final = (
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",  # it does not start as root with one; the pages are our own
    "--disable-gpu",
    "--no-first-run",
    # The browser's own affairs: they would be told as requests of a page.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoBrowser(RuntimeError):
    """There is none, or it does not answer; the message says what to do."""


@dataclass
class Shown:
    """A page that was opened."""

    text: str = ""
    """What a person reads on it."""
    asked: list[str] = field(default_factory=list)
    """Addresses outside the machine's own files that it asked for, whether they were refused or not."""
    errors: list[str] = field(default_factory=list)
    """Exceptions that its scripts left."""


def program() -> str:
    """
    Where the browser is.

    Raises:
        NoBrowser: Nowhere.
    """
    for name in PROGRAMS:
        found = shutil.which(name)
        if found is not None:
            return found
    raise NoBrowser(f"wanted one of {', '.join(PROGRAMS)} on PATH, got none: {REMEDY}")


def left(log: Path) -> list[str]:
    """What the browser looked up or connected to, by its own network log; empty where nothing was to leave it."""
    read = json.loads(log.read_text())
    names = {number: name for name, number in read["constants"]["logEventTypes"].items()}
    told = ((names[event["type"]], event.get("params", {})) for event in read["events"])
    return [f"{name}: {params}" for name, params in told if name.startswith(OUTWARDS)]


@dataclass
class Browser:
    """One that runs."""

    _to: int
    _from: int
    session: str = ""
    """Of the page that was opened last."""
    _sent: int = 0
    _buffer: bytes = b""
    _shown: dict[str, Shown] = field(default_factory=dict)

    def open(self, address: str, *, until: str, width: int = 1280, height: int = 900) -> Shown:
        """
        Open *address* in a page of its own and wait until the JavaScript expression *until* is true there.

        Raises:
            NoBrowser: It did not become true in time; the message carries what was on the page.
        """
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        shown = self._shown[session] = Shown()
        for domain in ("Network", "Page", "Runtime"):
            self.call(f"{domain}.enable", session=session)
        self.call("Emulation.setDeviceMetricsOverride", session=session, width=width, height=height,
                  deviceScaleFactor=1, mobile=False)  # fmt: skip
        self.call("Page.navigate", session=session, url=address)
        # The browser waits, not we: a promise that is kept when a frame finds the condition true.
        waiting = (
            "new Promise((kept, broken) => {"
            f" const end = performance.now() + {DRAWN_S * 1000};"
            f" const look = () => {{ let held = false; try {{ held = Boolean({until}) }} catch (error) {{ }}"
            " if (document.readyState === 'complete' && held) kept(document.body.innerText);"
            " else if (performance.now() > end) broken(new Error(document.body.innerText.slice(0, 2000)));"
            " else setTimeout(look, 50) }; look() })"
        )
        for _ in range(2):  # a navigation may end the first promise with its page
            got = self.call("Runtime.evaluate", session=session, expression=waiting, awaitPromise=True)
            if "exceptionDetails" not in got:
                break
        else:
            raise NoBrowser(f"{address}: {until} did not become true: {got['exceptionDetails']}")
        shown.text = str(got["result"]["value"])
        self.session = session
        return shown

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression on the page that was opened last."""
        got = self.call("Runtime.evaluate", session=self.session, expression=expression, awaitPromise=True,
                        returnByValue=True)  # fmt: skip
        return got["result"].get("value")

    def picture(self, file: Path) -> None:
        """Write what the page that was opened last looks like, from its top to its end."""
        got = self.call("Page.captureScreenshot", session=self.session, captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(got["data"]))

    def call(self, method: str, *, session: str = "", **params: Any) -> Mapping[str, Any]:
        """Ask the browser something and return its answer; what it tells meanwhile is kept."""
        self._sent += 1
        message = {"id": self._sent, "method": method, "params": params, **({"sessionId": session} if session else {})}
        os.write(self._to, json.dumps(message).encode() + b"\0")
        end_s = time.monotonic() + ANSWER_S + DRAWN_S
        while True:
            told = self._next(end_s=end_s, what=method)
            if told.get("id") == self._sent:
                if "error" in told:
                    raise NoBrowser(f"{method}: {told['error']}")
                result: Mapping[str, Any] = told["result"]
                return result
            self._hear(told)

    def _hear(self, told: Mapping[str, Any]) -> None:
        shown = self._shown.get(told.get("sessionId", ""))
        params = told.get("params", {})
        if shown is None:
            return
        if told["method"] == "Network.requestWillBeSent":
            address = params["request"]["url"]
        elif told["method"] in {"Network.webSocketCreated", "Network.webTransportCreated"}:
            address = params["url"]
        elif told["method"] == "Runtime.exceptionThrown":
            shown.errors.append(str(params["exceptionDetails"].get("exception", params["exceptionDetails"]))[:500])
            return
        else:
            return
        if not address.startswith(OWN):
            shown.asked.append(address)

    def _next(self, *, end_s: float, what: str) -> Mapping[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], max(end_s - time.monotonic(), 0))
            chunk = os.read(self._from, 1 << 20) if ready else b""
            if not chunk:
                raise NoBrowser(f"{what}: the browser {'ended' if ready else 'did not answer in time'}")
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: Mapping[str, Any] = json.loads(line)
        return message


@contextmanager
def browser(log: Path) -> Iterator[Browser]:
    """
    Start a browser with a profile of its own, and end it; its network log is in *log* afterwards.

    Raises:
        NoBrowser: There is none.
    """
    found = program()
    with tempfile.TemporaryDirectory(prefix="switchyard-browser-", ignore_cleanup_errors=True) as profile:
        ours, theirs = _pipes()
        words = [found, *OPTIONS, f"--user-data-dir={profile}", f"--log-net-log={log}", "about:blank"]
        quiet = (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)
        # The browser reads descriptor 3 and writes descriptor 4.
        doors = [(os.POSIX_SPAWN_DUP2, theirs[0], 3), (os.POSIX_SPAWN_DUP2, theirs[1], 4)]
        pid = os.posix_spawn(found, words, os.environ, file_actions=[*doors, quiet], setpgroup=0)
        for end in theirs:
            os.close(end)
        running = Browser(_to=ours[1], _from=ours[0])
        try:
            yield running
            running.call("Browser.close")
        finally:
            _end(pid)
            for end in ours:
                os.close(end)


def _pipes() -> tuple[tuple[int, int], tuple[int, int]]:
    """Two pipes crosswise, as (read, write) of ours and of theirs; none of them is descriptor 3 or 4."""
    ends = []
    for end in (*os.pipe(), *os.pipe()):
        ends.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10))
        os.close(end)
    return (ends[2], ends[1]), (ends[0], ends[3])


def _end(pid: int) -> None:
    """Wait until it has written its log; whatever does not end by itself is killed, and only that."""
    end_s = time.monotonic() + ANSWER_S
    descriptor = os.pidfd_open(pid)
    try:
        if not select.select([descriptor], [], [], max(end_s - time.monotonic(), 0))[0]:
            os.killpg(pid, signal.SIGKILL)
    finally:
        os.close(descriptor)
        os.waitpid(pid, 0)
