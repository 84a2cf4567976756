"""Slack's inbox over HTTP: the contract, the faults, and a token that is never seen again."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Thread

import httpx
import pytest

from sink import server as sinkserver
from sink.conduct import Conduct, Mode
from sink.inbox import Inbox
from sink.server import Sink
from sink.settings import Settings
from sink.slack import BURST, Slack

TOKEN = "T0YARD/B0YARD/n0b0dyMayReadThis"  # noqa: S105  nobody's
HOOK = f"/slack/{TOKEN}"
MESSAGE = {"text": "wine v2 promoted", "blocks": [{"type": "divider"}]}


@pytest.fixture(name="sink")
def _sink() -> Iterator[Sink]:
    with Sink(Settings(host="127.0.0.1", port=0, keep=10)) as server:
        serving = Thread(target=server.serve_forever, args=(0.01,))  # it looks so often whether to end
        serving.start()
        yield server
        server.shutdown()
        serving.join()


@pytest.fixture(name="client")
def _client(sink: Sink) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{sink.server_port}", timeout=5.0) as client:
        yield client


def _kept(client: httpx.Client) -> list[object]:
    return [message["body"] for message in client.get("/slack").json()["messages"]]


def _behave(client: httpx.Client, mode: str, **times: int) -> None:
    assert client.put("/slack/mode", json={"mode": mode, **times}).status_code == 200


@pytest.mark.parametrize("token", ["one", "two/three", TOKEN])
@pytest.mark.parametrize("message", [MESSAGE, {"text": "no blocks"}, {"blocks": [{"type": "divider"}]}])
def test_a_message_is_taken_as_slack_takes_it(client: httpx.Client, *, token: str, message: dict[str, object]) -> None:
    """The answer is 200 and two letters, and the message is there to be read, once."""
    taken = client.post(f"/slack/{token}", json=message)

    assert (taken.status_code, taken.text) == (200, "ok")
    assert taken.headers["Content-Type"].startswith("text/plain")
    page = client.get("/slack", params={"since": 0}).json()
    assert [one["body"] for one in page["messages"]] == [message]
    assert client.get("/slack", params={"since": page["last"]}).json()["messages"] == []
    assert client.get("/alerts").json()["messages"] == []


@pytest.mark.parametrize(
    ("path", "content", "status", "text"),
    [
        (HOOK, b"{", 400, "invalid_payload"),
        (HOOK, b"\xff", 400, "invalid_payload"),
        (HOOK, b"[" * 100_000, 400, "invalid_payload"),
        (HOOK, b'["text"]', 400, "invalid_payload"),
        (HOOK, b"{}", 400, "no_text"),
        (HOOK, b'{"text": ""}', 400, "no_text"),
        (HOOK, b'{"channel": "#deployments"}', 400, "no_text"),
        ("/slack", b'{"text": "x"}', 404, "no_service"),
        ("/slack/", b'{"text": "x"}', 404, "no_service"),
        ("/slack/a//b", b'{"text": "x"}', 404, "no_service"),
        ("/slack/a/b/c/d", b'{"text": "x"}', 404, "no_service"),
    ],
)
def test_what_slack_refuses_is_refused(
    client: httpx.Client, *, path: str, content: bytes, status: int, text: str
) -> None:
    """Each refusal is the word that Slack has for it; nothing is kept, and the next message gets through."""
    refused = client.post(path, content=content)

    assert (refused.status_code, refused.text) == (status, text)
    assert _kept(client) == []
    assert client.post(HOOK, json=MESSAGE).text == "ok"


def test_only_what_is_said_is_kept(client: httpx.Client) -> None:
    """Whatever else a sender put into the message, a reader finds text and blocks."""
    client.post(HOOK, json={**MESSAGE, "username": "yard", "token": TOKEN}, headers={"Authorization": TOKEN})

    assert _kept(client) == [MESSAGE]


def test_a_token_may_send_one_a_second() -> None:
    """After a short burst every message has to wait for its second; another token has a burst of its own."""
    now_s = [100.0]
    inbox = Inbox(100)
    slack = Slack(inbox, clock=lambda: now_s[0])

    def post(segment: str = "c") -> tuple[int, str, int | None]:
        reply = slack.post(f"/a/b/{segment}", b'{"text": "x"}')
        return reply.status, reply.text, reply.retry_after_s

    assert [post() for _ in range(BURST)] == [(200, "ok", None)] * BURST
    assert post() == (429, "rate_limited", 1)
    assert post("d") == (200, "ok", None)
    now_s[0] += 0.9
    assert post()[0] == 429
    now_s[0] += 0.1
    assert [post()[0], post()[0]] == [200, 429]
    now_s[0] += 60
    assert [post()[0] for _ in range(BURST + 1)] == [200] * BURST + [429], (
        "the wait earns a burst, not a minute's worth"
    )
    assert inbox.page().last == 2 * BURST + 2, "what was throttled was not kept"


def test_who_sends_too_fast_is_told_when_to_come_back(client: httpx.Client) -> None:
    """The answer beyond the burst carries ``Retry-After`` in seconds."""
    answers = [client.post(HOOK, json=MESSAGE) for _ in range(BURST + 1)]

    assert [answer.status_code for answer in answers] == [200] * BURST + [429]
    assert (answers[-1].text, answers[-1].headers["Retry-After"]) == ("rate_limited", "1")


@pytest.mark.parametrize(
    ("mode", "status", "text", "retry_after"),
    [
        ("refuse", 403, "action_prohibited", None),
        ("error", 500, "internal_error", None),
        ("throttle", 429, "rate_limited", "1"),
        ("other", 200, "welcome", None),
    ],
)
def test_it_fails_as_often_as_it_is_told(
    client: httpx.Client, *, mode: str, status: int, text: str, retry_after: str | None
) -> None:
    """The fault holds for so many messages, keeps none of them, and is over by itself."""
    _behave(client, mode, times=2)

    for left in (2, 1):
        assert client.get("/slack/mode").json() == {"mode": mode, "times": left}
        failed = client.post(HOOK, json=MESSAGE)
        assert (failed.status_code, failed.text, failed.headers.get("Retry-After")) == (status, text, retry_after)

    assert client.get("/slack/mode").json() == {"mode": "ok", "times": None}
    assert _kept(client) == []
    assert client.post(HOOK, json=MESSAGE).text == "ok"


def test_a_fault_without_times_stays_until_it_is_ended(client: httpx.Client) -> None:
    """Then everything is as before."""
    _behave(client, "error")
    assert [client.post(HOOK, json=MESSAGE).status_code for _ in range(5)] == [500] * 5

    _behave(client, "ok")

    assert client.post(HOOK, json=MESSAGE).text == "ok"


def test_it_can_close_in_the_middle_of_the_answer(client: httpx.Client) -> None:
    """The sender sees an answer that breaks off, and cannot know that the message was taken; it was."""
    _behave(client, "close", times=1)

    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        client.post(HOOK, json=MESSAGE)

    assert _kept(client) == [MESSAGE]


def test_it_can_hang(client: httpx.Client) -> None:
    """The sender gets no byte; whoever else asks is answered meanwhile and afterwards."""
    _behave(client, "hang", times=1)

    with pytest.raises(httpx.ReadTimeout):
        client.post(HOOK, json=MESSAGE, timeout=0.2)

    assert _kept(client) == []
    assert client.post(HOOK, json=MESSAGE).text == "ok"


def test_a_hang_ends(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender that waits for ever is left after the server's silence, without an answer."""
    monkeypatch.setattr(sinkserver._Handler, "timeout", 0.2)
    _behave(client, "hang")

    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        client.post(HOOK, json=MESSAGE, headers={"Connection": "close"})


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"mode": "explode"}, "ok, refuse, error, throttle, hang, close, other"),
        ({"mode": ["ok"]}, "ok, refuse"),
        ({}, "ok, refuse"),
        ({"mode": "error", "times": 0}, "times"),
        ({"mode": "error", "times": True}, "times"),
        ({"mode": "error", "time": 1}, "times"),
    ],
)
def test_a_mode_that_is_none_is_refused(client: httpx.Client, *, document: dict[str, object], named: str) -> None:
    """The refusal names what there is, and the inbox behaves as before."""
    refused = client.put("/slack/mode", json=document)

    assert (refused.status_code, named in refused.json()["error"]) == (400, True)
    assert client.get("/slack/mode").json() == {"mode": "ok", "times": None}


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", HOOK, 405, "POST"),
        ("PUT", HOOK, 405, "POST"),
        ("POST", "/slack/mode", 405, "GET, PUT"),
        ("PUT", "/alerts", 405, "GET, POST"),
        ("PUT", "/nowhere", 404, None),
        ("DELETE", HOOK, 501, None),
        ("POST", f"/{TOKEN}", 404, None),
    ],
)
def test_a_wrong_method_is_told_the_right_one(
    client: httpx.Client, *, method: str, path: str, status: int, allow: str | None
) -> None:
    """A token's path takes POST and nothing else, and no refusal repeats it."""
    refused = client.request(method, path, json=MESSAGE)

    assert (refused.status_code, refused.headers.get("Allow")) == (status, allow)
    assert not _traces(refused.text + str(refused.headers))
    assert client.post(HOOK, json=MESSAGE).text == "ok"


def _traces(text: str) -> list[str]:
    return [segment for segment in TOKEN.split("/") if segment in text]


@pytest.mark.parametrize(
    "request_line",
    [
        f"POST {HOOK} HTTP/1.1",
        f"POST {HOOK}?thread={TOKEN} HTTP/1.1",
        f"GET {HOOK} HTTP/1.1",
        f"DELETE {HOOK} HTTP/1.1",
        f"POST //slack/{TOKEN} HTTP/1.1",
        f"POST /%73lack/{TOKEN} HTTP/1.1",
        f"POST http://sink{HOOK} HTTP/1.1",
        f"POST /slack/ {TOKEN} HTTP/1.1",
        f"POST {HOOK} HTTP/{TOKEN}",
        f"{HOOK} POST HTTP/1.1",
    ],
)
def test_a_token_is_never_seen_again(sink: Sink, capfd: pytest.CaptureFixture[str], *, request_line: str) -> None:
    """However the request is mistaken, the token stands neither in the answer nor in the log."""
    sink.slack.behave(Conduct(Mode.REFUSE))

    with socket.create_connection(("127.0.0.1", sink.server_port), timeout=5.0) as connection:
        connection.sendall(
            f"{request_line}\r\nHost: sink\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode()
        )
        answer = b"".join(iter(lambda: connection.recv(4096), b"")).decode()

    logged = capfd.readouterr().err
    assert logged.startswith("refused '"), "it was refused without a line"
    assert _traces(answer + logged) == []
