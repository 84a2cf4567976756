"""The door to Slack, on the sink's webhook: one attempt, a reason for every failure, and no secret in any of them."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any, ClassVar
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import httpx
import pytest

from sink.conduct import Conduct, Mode
from sink.server import Sink
from sink.settings import Settings
from sink.slack import BURST
from yardflow import slack as yardslack
from yardflow.errors import NotDelivered
from yardflow.outbox import Clock, Outbox
from yardflow.receipt import Message
from yardflow.slack import Delivery, Slack

TOKEN = "T0YARD/B0YARD/n0b0dyMayReadThis"  # noqa: S105  nobody's
BLOCKS: Sequence[Mapping[str, Any]] = ({"type": "divider"},)


@dataclass(frozen=True)
class Response:
    """As the client's: what was answered, whatever the status."""

    status_code: int
    body: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Client:
    """What Airflow's hook gives out, as far as it is used: the same library underneath, the same words in its log."""

    url: str
    timeout: float
    retry_handlers: Sequence[object] | None
    logger: logging.Logger

    def send(self, *, text: str, blocks: list[Mapping[str, Any]]) -> Response:
        """Post once, or twice where the caller leaves that to the client."""
        self.logger.debug("Sending a request - url: %s", self.url)
        body = json.dumps({"text": text, "blocks": blocks}).encode()
        try:
            return self._post(body)
        except OSError:
            if self.retry_handlers is not None:
                raise
        return self._post(body)

    def _post(self, body: bytes) -> Response:
        try:
            with urlopen(Request(self.url, method="POST", data=body), timeout=self.timeout) as answer:  # noqa: S310
                return Response(answer.status, answer.read().decode(), answer.headers)
        except HTTPError as refusal:
            with refusal:
                return Response(refusal.code, refusal.read().decode(), dict(refusal.headers.items()))
        except Exception as failure:
            self.logger.error("Failed to send a request to Slack API server: %s", failure)  # noqa: TRY400
            raise


Connect = Callable[[str], Slack]


@pytest.fixture(name="connect")
def _connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Makes the connection ``slack`` lead to a URL."""

    class Hook:
        urls: ClassVar[dict[str, str]] = {}

        def __init__(
            self,
            *,
            slack_webhook_conn_id: str,
            timeout: float | None = None,
            retry_handlers: Sequence[object] | None = None,
            logger: logging.Logger | None = None,
        ) -> None:
            self._conn_id = slack_webhook_conn_id
            self._rest = (timeout or 30, retry_handlers, logger or logging.getLogger("airflow.hooks"))

        @property
        def client(self) -> Client:
            return Client(self.urls[self._conn_id], *self._rest)

    name = ""
    for part in ("airflow", "providers", "slack", "hooks", "slack_webhook"):
        name = f"{name}.{part}".lstrip(".")
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setattr(sys.modules[name], "SlackWebhookHook", Hook, raising=False)

    def connect(url: str) -> Slack:
        Hook.urls["slack"] = url
        return Slack("slack")

    return connect


@pytest.fixture(name="sink")
def _sink() -> Iterator[Sink]:
    with Sink(Settings(host="127.0.0.1", port=0, keep=10)) as server:
        serving = Thread(target=server.serve_forever, args=(0.01,))  # it looks so often whether to end
        serving.start()
        yield server
        server.shutdown()
        serving.join()


@pytest.fixture(name="slack")
def _slack(sink: Sink, connect: Connect) -> Slack:
    return connect(f"http://127.0.0.1:{sink.server_port}/slack/{TOKEN}")


def _kept(sink: Sink) -> list[object]:
    return [message.body for message in sink.inboxes["/slack"].page().messages]


def test_a_message_that_is_taken_is_delivered(sink: Sink, slack: Slack) -> None:
    """Sent means 200 and the body ``ok``; text and blocks arrive as they are."""
    assert slack.send("wine", BLOCKS) == Delivery(200, "ok")
    assert _kept(sink) == [{"text": "wine", "blocks": list(BLOCKS)}]


@pytest.mark.parametrize(
    ("mode", "reason", "got"),
    [
        (Mode.REFUSE, "refused", "403 action_prohibited"),
        (Mode.ERROR, "refused", "500 internal_error"),
        (Mode.THROTTLE, "throttled", "429 rate_limited; send again after 1 s"),
        (Mode.OTHER, "odd-answer", "200 welcome"),
        (Mode.CLOSE, "odd-answer", "no whole answer (IncompleteRead)"),
        (Mode.HANG, "silent", "nothing within 0.2 s"),
    ],
)
def test_what_is_not_taken_has_a_reason(
    sink: Sink, slack: Slack, monkeypatch: pytest.MonkeyPatch, *, mode: Mode, reason: str, got: str
) -> None:
    """It is told apart who said no, who said nothing, and who is not Slack; nothing is sent a second time."""
    monkeypatch.setattr(yardslack, "ANSWER_S", 0.2 if mode is Mode.HANG else yardslack.ANSWER_S)
    sink.slack.behave(Conduct(mode, times=1))

    with pytest.raises(NotDelivered) as caught:
        slack.send("wine", BLOCKS)

    assert (caught.value.reason, got in str(caught.value)) == (reason, True), str(caught.value)
    assert caught.value.retry_after_s == (1.0 if mode is Mode.THROTTLE else None)
    assert sink.slack.conduct == Conduct(), "the one attempt ended the fault"
    assert len(_kept(sink)) == (1 if mode is Mode.CLOSE else 0)


def test_who_sends_too_fast_is_throttled(slack: Slack) -> None:
    """Slack's own limit, not a fault: the answer says how long to wait."""
    for _ in range(BURST):
        slack.send("wine", BLOCKS)

    with pytest.raises(NotDelivered) as caught:
        slack.send("wine", BLOCKS)

    assert (caught.value.reason, caught.value.retry_after_s) == ("throttled", 1.0)


def test_a_throttled_message_arrives_after_the_wait(sink: Sink, slack: Slack, tmp_path: Path) -> None:
    """The outbox waits as long as Slack asks for, and the message is there once."""
    sink.slack.behave(Conduct(Mode.THROTTLE, times=2))
    outbox, pauses_s = Outbox(tmp_path, "wine"), list[float]()
    outbox.put(Message("d1", "wine", BLOCKS))

    receipt = outbox.deliver(
        "d1", send=slack.send, within_s=5.0, clock=Clock(now_s=lambda: sum(pauses_s), pause=pauses_s.append)
    )

    assert (receipt.status, receipt.body, receipt.attempts, pauses_s) == (200, "ok", 3, [1.0, 1.0])
    assert len(_kept(sink)) == 1


class _Echo(BaseHTTPRequestHandler):
    """Somebody who is not Slack, and repeats what was asked."""

    status = 404

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = f"there is no {self.path} here".encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the base's
        pass


@pytest.fixture(name="echo")
def _echo() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Echo) as server:
        serving = Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


@pytest.fixture(name="loud")
def _loud(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Every logger says all that it has to say."""
    with caplog.at_level(logging.DEBUG):
        yield caplog


def _told(slack: Slack, log: pytest.LogCaptureFixture) -> tuple[NotDelivered, str]:
    """The error, and all that anybody could read of it: its text, the traceback with what it came from, the log."""
    with pytest.raises(NotDelivered) as caught:
        slack.send("wine", BLOCKS)
    return caught.value, "".join(traceback.format_exception(caught.value)) + repr(caught.value.args) + log.text


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/{token}",
        "http://127.0.0.1:1/{token} ",
        "http://127.0.0.1:1/a b/{token}",
        "http://127.0.0.1:1/ü/{token}",
        "http://127.0.0.1:{token}",
        "http://[{token}",
        "http:///{token}",
        "slack://127.0.0.1:1/{token}",
        "127.0.0.1/{token}",
    ],
)
def test_an_address_that_leads_nowhere_is_not_told(
    connect: Connect, loud: pytest.LogCaptureFixture, *, url: str
) -> None:
    """Whatever is wrong with the connection: the error names it, and nobody names the secret in its address."""
    error, told = _told(connect(url.format(token=TOKEN)), loud)

    assert (error.reason, "connection 'slack'" in str(error)) == ("unreachable", True)
    assert [segment for segment in TOKEN.split("/") if segment in told] == []


def test_a_connection_that_is_missing_is_named(connect: Connect) -> None:
    """Nobody set it up: the error says which."""
    connect("http://127.0.0.1:1")

    with pytest.raises(NotDelivered, match="connection 'elsewhere'") as caught:
        Slack("elsewhere").send("wine", BLOCKS)

    assert caught.value.reason == "unreachable"


@pytest.mark.parametrize(("status", "reason"), [(404, "refused"), (200, "odd-answer"), (429, "throttled")])
def test_an_answer_that_repeats_the_address_is_not_told(
    connect: Connect,
    echo: str,
    loud: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    *,
    status: int,
    reason: str,
) -> None:
    """Of an answer that is none of Slack's words only the length is told; a wait that nobody named is not made up."""
    monkeypatch.setattr(_Echo, "status", status)

    error, told = _told(connect(f"{echo}/{TOKEN}"), loud)

    assert (error.reason, error.retry_after_s) == (reason, None)
    assert [segment for segment in TOKEN.split("/") if segment in told] == []


@pytest.mark.parametrize("mode", [Mode.HANG, Mode.CLOSE, Mode.REFUSE, Mode.OTHER])
def test_a_fault_does_not_tell_the_address(
    sink: Sink,
    slack: Slack,
    loud: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    *,
    mode: Mode,
) -> None:
    """Neither the sender's side nor the sink's."""
    monkeypatch.setattr(yardslack, "ANSWER_S", 0.2 if mode is Mode.HANG else yardslack.ANSWER_S)
    sink.slack.behave(Conduct(mode))

    _, told = _told(slack, loud)

    everything = told + "".join(capfd.readouterr()) + httpx.get(f"http://127.0.0.1:{sink.server_port}/slack").text
    assert [segment for segment in TOKEN.split("/") if segment in everything] == []
