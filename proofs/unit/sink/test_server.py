"""The sink over HTTP, as Alertmanager and the proofs use it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import httpx
import pytest

from sink.errors import SettingMalformed
from sink.server import BODY_AT_MOST_BYTES, Sink
from sink.settings import Settings

SERVING = Path(__file__).resolve().parents[3] / "serving"
NOTIFICATION = {"receiver": "sink", "status": "firing", "alerts": [{"labels": {"alertname": "Watchdog"}}]}


@pytest.fixture(name="client")
def _client() -> Iterator[httpx.Client]:
    with Sink(Settings(host="127.0.0.1", port=0, keep=10)) as server:
        serving = Thread(target=server.serve_forever, args=(0.01,))  # it looks so often whether to end
        serving.start()
        with httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}") as client:
            yield client
        server.shutdown()
        serving.join()


def test_what_was_sent_can_be_read(client: httpx.Client) -> None:
    """A notification comes back as it was sent, once."""
    assert client.post("/alerts", json=NOTIFICATION).json() == {"sequence": 1}
    page = client.get("/alerts", params={"since": 0}).json()
    assert [message["body"] for message in page["messages"]] == [NOTIFICATION]
    assert client.get("/alerts", params={"since": page["last"]}).json()["messages"] == []


def test_it_is_alive(client: httpx.Client) -> None:
    """Health needs no message."""
    assert client.get("/health").status_code == 200


def test_a_refusal_leaves_a_line(client: httpx.Client, capfd: pytest.CaptureFixture[str]) -> None:
    """Whoever sends to the wrong place is found in the log; whoever reads and probes leaves no trace."""
    client.get("/health")
    client.get("/nobody-asked-this")
    assert capfd.readouterr().err == "refused 'GET /nobody-asked-this HTTP/1.1': 404\n"


@pytest.mark.parametrize(
    ("path", "content", "status"),
    [
        ("/alerts", b"{", 400),
        ("/alerts", b"[]", 400),
        ("/alerts", b" " * (BODY_AT_MOST_BYTES + 1), 413),
        ("/alarms", b"{}", 404),
    ],
)
def test_what_is_no_message_is_refused(client: httpx.Client, *, path: str, content: bytes, status: int) -> None:
    """A refusal says why, keeps nothing, and the next message gets through."""
    refused = client.post(path, content=content)
    assert (refused.status_code, bool(refused.json()["error"])) == (status, True)
    assert client.post("/alerts", json=NOTIFICATION).json() == {"sequence": 1}


def test_a_body_without_length_is_refused(client: httpx.Client) -> None:
    """A chunked body has no announced end."""
    assert client.post("/alerts", content=iter([b"{}"])).status_code == 411


def test_a_question_that_is_none_is_refused(client: httpx.Client) -> None:
    """``since`` is the number of a message."""
    assert client.get("/alerts", params={"since": "yesterday"}).status_code == 400
    assert client.get("/alarms").status_code == 404


@pytest.mark.parametrize("environment", [{"SINK_KEEP": "0"}, {"SINK_PORT": "http"}, {"SINK_KEPT": "1"}])
def test_a_wrong_setting_is_refused(environment: dict[str, str]) -> None:
    """A mistyped variable or value ends the start."""
    with pytest.raises(SettingMalformed, match=next(iter(environment))):
        Settings.read(environment)


def test_settings_are_read() -> None:
    """What is not set keeps its default; the rest of the environment is nobody's."""
    assert Settings.read({"SINK_KEEP": "7", "PATH": "/bin"}) == Settings(keep=7)


def test_the_process_ends_on_sigterm() -> None:
    """A pod that is told to stop stops at once, with status 0."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    environment = {**os.environ, "PYTHONPATH": str(SERVING), "SINK_HOST": "127.0.0.1", "SINK_PORT": port}
    with subprocess.Popen([sys.executable, "-m", "sink"], env=environment) as process:
        transport = httpx.HTTPTransport(retries=20)  # it is a moment until the port is open
        with httpx.Client(transport=transport) as client:
            assert client.get(f"http://127.0.0.1:{port}/health").status_code == 200
        process.terminate()
        assert process.wait(timeout=10) == 0
