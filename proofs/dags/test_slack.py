"""The door to Slack through Airflow's own hook: what it sends, what it makes of answers, and what it tells."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from sink.conduct import Conduct, Mode
from sink.server import Sink
from sink.settings import Settings
from yardflow import slack as yardslack
from yardflow.errors import NotDelivered
from yardflow.slack import Delivery, Slack

TOKEN = "T0YARD/B0YARD/n0b0dyMayReadThis"  # noqa: S105  nobody's
BLOCKS = [{"type": "divider"}]


@pytest.fixture(name="sink")
def _sink() -> Iterator[Sink]:
    """The platform's own sink, which keeps Slack's contract."""
    with Sink(Settings(host="127.0.0.1", port=0, keep=10)) as server:
        serving = Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield server
        server.shutdown()
        serving.join()


@pytest.fixture(name="slack")
def _slack(home: Path, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> Slack:
    """The connection as the chart gives it: a host that ends where the secret begins. Airflow's *home* is a test's."""
    assert home.is_dir()
    connection = {
        "conn_type": "slackwebhook",
        "host": f"http://127.0.0.1:{sink.server_port}/slack",
        "password": TOKEN,
    }
    monkeypatch.setenv("AIRFLOW_CONN_SLACK", json.dumps(connection))
    return Slack("slack")


def test_a_message_arrives_as_it_is(sink: Sink, slack: Slack) -> None:
    """Text and blocks, once; sent means 200 and the body ``ok``."""
    assert slack.send("wine", BLOCKS) == Delivery(200, "ok")
    assert [message.body for message in sink.inboxes["/slack"].page().messages] == [{"text": "wine", "blocks": BLOCKS}]


@pytest.mark.parametrize(
    ("mode", "reason", "after_s"),
    [
        (Mode.REFUSE, "refused", None),
        (Mode.ERROR, "refused", None),
        (Mode.THROTTLE, "throttled", 1.0),
        (Mode.OTHER, "odd-answer", None),
        (Mode.CLOSE, "odd-answer", None),
        (Mode.HANG, "silent", None),
    ],
)
def test_what_is_not_taken_has_a_reason_and_no_secret(
    sink: Sink,
    slack: Slack,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    *,
    mode: Mode,
    reason: str,
    after_s: float | None,
) -> None:
    """The hook by itself would turn a refusal into text, and write the address into its log: neither happens."""
    monkeypatch.setattr(yardslack, "ANSWER_S", 1 if mode is Mode.HANG else yardslack.ANSWER_S)
    sink.slack.behave(Conduct(mode, times=1))

    with pytest.raises(NotDelivered) as caught:
        slack.send("wine", BLOCKS)

    assert (caught.value.reason, caught.value.retry_after_s) == (reason, after_s)
    assert sink.slack.conduct == Conduct(), "the one attempt ended the fault"
    # Airflow logs past Python's own handlers, to the standard streams.
    told = "".join([*traceback.format_exception(caught.value), *capfd.readouterr()])
    assert [segment for segment in TOKEN.split("/") if segment in told] == []
