"""The door to Slack's stand-in, against the stand-in itself: what people hear, and that it can be made to refuse."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import httpx
import pytest
from proofs.services.errors import Declined
from proofs.services.rest import Rest
from proofs.services.slack import Slack

from sink.server import Sink
from sink.settings import Settings
from switchyard.kube import Kube


@pytest.fixture(name="url")
def _url() -> Iterator[str]:
    """Where a sink answers as long as the test runs."""
    with Sink(Settings(host="127.0.0.1", port=0, keep=10)) as server:
        serving = Thread(target=server.serve_forever, args=(0.01,))  # it looks so often whether to end
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


def _said(url: str, text: str) -> int:
    return httpx.post(f"{url}/slack/T/B/secret", json={"text": text}).status_code


def test_it_refuses_until_it_is_told_otherwise(url: str, kube: Kube) -> None:
    """What is refused is heard by nobody; the next message is, once, and is found by its words."""
    slack = Slack(Rest(kube, url))
    slack.behave("refuse")
    assert (_said(url, "generation 7"), slack.messages("generation 7")) == (403, ())
    slack.behave("ok")
    assert (_said(url, "generation 7"), slack.messages("generation 7")) == (200, ({"text": "generation 7"},))
    assert slack.messages("generation 8") == ()


def test_a_mode_that_nobody_knows_is_declined(url: str, kube: Kube) -> None:
    """A proof that asks for it has broken nothing, and is told."""
    with pytest.raises(Declined, match="wanted one of"):
        Slack(Rest(kube, url)).behave("louder")  # type: ignore[arg-type]
