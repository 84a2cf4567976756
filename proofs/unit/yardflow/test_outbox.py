"""The outbox: a message may arrive twice, and never not at all; its receipt is written once."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from yardflow.errors import NeverWritten, NotDelivered, OutboxConflict, OutboxDamaged, Undelivered
from yardflow.outbox import Clock, Outbox, Receipt
from yardflow.receipt import Message
from yardflow.slack import Delivery

DAGS = Path(__file__).resolve().parents[3] / "dags"
START = datetime(2026, 11, 21, 22, tzinfo=UTC)
MESSAGE = Message("2f1c0a", "wine version 2 is the champion", ({"type": "divider"},))


class Time:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.passed_s = 0.0
        self.pauses_s: list[float] = []
        self.clock = Clock(now_s=lambda: self.passed_s, pause=self._pause, now=self._now)

    def _pause(self, pause_s: float) -> None:
        self.pauses_s.append(pause_s)
        self.passed_s += pause_s

    def _now(self) -> datetime:
        return START + timedelta(seconds=self.passed_s)


class Post:
    """A webhook that fails in the order it is told, and then takes what comes."""

    def __init__(self, *failures: NotDelivered) -> None:
        self.failures = list(failures)
        self.taken: list[tuple[str, Sequence[Mapping[str, Any]]]] = []

    def send(self, text: str, blocks: Sequence[Mapping[str, Any]]) -> Delivery:
        """Send once."""
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append((text, blocks))
        return Delivery(200, "ok")

    @property
    def keys(self) -> list[str]:
        """Of what was taken, the key that a reader sees."""
        return [str(blocks[-1]["block_id"]) for _, blocks in self.taken]


def _refusal(reason: Undelivered, retry_after_s: float | None = None) -> NotDelivered:
    return NotDelivered(f"it is {reason}", reason=reason, retry_after_s=retry_after_s)


@pytest.fixture(name="time")
def _time() -> Time:
    return Time()


@pytest.fixture(name="outbox")
def _outbox(tmp_path: Path, time: Time) -> Outbox:
    return Outbox(tmp_path, "wine", clock=time.clock)


def test_reading_makes_nothing(outbox: Outbox, tmp_path: Path) -> None:
    """An outbox that nothing was put in is empty, and is no folder yet."""
    assert outbox.pending() == ()
    assert outbox.receipt("2f1c0a") is None
    with pytest.raises(NeverWritten, match=r"wine/2f1c0a\.json"):
        outbox.deliver("2f1c0a", send=Post().send, within_s=1.0)
    assert list(tmp_path.iterdir()) == []


def test_a_message_waits_until_it_is_delivered(outbox: Outbox, tmp_path: Path) -> None:
    """First it is pending, as a whole file that others may read; then it has a receipt, and waits no longer."""
    letter = outbox.put(MESSAGE)

    path = tmp_path / "outbox" / "wine" / "2f1c0a.json"
    assert outbox.pending() == (letter,)
    assert json.loads(path.read_text(encoding="utf-8"))["dedupe_key"] == letter.dedupe_key == "wine/2f1c0a"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644

    post = Post()
    receipt = outbox.deliver("2f1c0a", send=post.send, within_s=0.0)

    wanted = {"status": 200, "body": "ok", "sent_at": "2026-11-21T22:00:00.000Z", "attempts": 1}
    assert receipt == Receipt(deploy_id="2f1c0a", dedupe_key="wine/2f1c0a", **wanted)  # type: ignore[arg-type]
    assert (outbox.pending(), outbox.receipt("2f1c0a")) == ((), receipt)
    assert post.taken == [(MESSAGE.text, letter.blocks)]
    assert letter.blocks[0] == MESSAGE.blocks[0]
    assert post.keys == [letter.dedupe_key]
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["2f1c0a.json", "2f1c0a.receipt.json"]


def test_the_same_message_twice_is_one(outbox: Outbox, time: Time) -> None:
    """A task that is repeated puts nothing new, delivered or not; the first one's time stays."""
    first = outbox.put(MESSAGE)
    time.passed_s += 60

    assert outbox.put(MESSAGE) == first
    outbox.deliver("2f1c0a", send=Post().send, within_s=0.0)
    assert outbox.put(MESSAGE) == first
    assert outbox.pending() == ()


@pytest.mark.parametrize("other", [Message("2f1c0a", "another", MESSAGE.blocks), Message("2f1c0a", MESSAGE.text, ())])
def test_a_deployment_is_told_of_once(outbox: Outbox, *, other: Message) -> None:
    """Another message of the same deployment is refused, and the first one stays."""
    first = outbox.put(MESSAGE)

    with pytest.raises(OutboxConflict, match=r"2f1c0a\.json"):
        outbox.put(other)

    assert outbox.pending() == (first,)


def test_a_receipt_ends_the_sending(outbox: Outbox) -> None:
    """Delivered is delivered: asking again sends nothing, and gets the same receipt."""
    post = Post()
    outbox.put(MESSAGE)
    first = outbox.deliver("2f1c0a", send=post.send, within_s=0.0)

    assert outbox.deliver("2f1c0a", send=post.send, within_s=0.0) == first
    assert len(post.taken) == 1


def test_pending_comes_in_the_order_of_writing(outbox: Outbox, time: Time) -> None:
    """The oldest is first, whatever its name."""
    for name in ("c", "a", "b"):
        outbox.put(Message(name, name, ()))
        time.passed_s += 1
    outbox.deliver("a", send=Post().send, within_s=0.0)

    assert [letter.deploy_id for letter in outbox.pending()] == ["c", "b"]


@pytest.mark.parametrize(
    ("asked_s", "paused_s"), [([2.0, 3.0], [2.0, 3.0]), ([None], [1.0]), ([0.0], [1.0]), ([10.0], [10.0])]
)
def test_who_is_throttled_waits_as_long_as_asked(
    outbox: Outbox, time: Time, *, asked_s: list[float | None], paused_s: list[float]
) -> None:
    """For a second where nobody says how long; the receipt counts the attempts."""
    post = Post(*(_refusal("throttled", one) for one in asked_s))
    outbox.put(MESSAGE)

    receipt = outbox.deliver("2f1c0a", send=post.send, within_s=10.0)

    assert (time.pauses_s, receipt.attempts, len(post.taken)) == (paused_s, len(asked_s) + 1, 1)
    assert receipt.sent_at == f"2026-11-21T22:00:{sum(paused_s):02.0f}.000Z"


def test_patience_ends(outbox: Outbox, time: Time) -> None:
    """A wait that would be over too late is not begun, and the message stays pending."""
    post = Post(_refusal("throttled", 6.0), _refusal("throttled", 6.0))
    outbox.put(MESSAGE)

    with pytest.raises(NotDelivered, match="throttled"):
        outbox.deliver("2f1c0a", send=post.send, within_s=10.0)

    assert time.pauses_s == [6.0]
    assert (post.taken, outbox.receipt("2f1c0a"), len(outbox.pending())) == ([], None, 1)


@pytest.mark.parametrize("reason", ["refused", "silent", "unreachable", "odd-answer"])
def test_every_other_failure_ends_at_once(outbox: Outbox, time: Time, *, reason: Undelivered) -> None:
    """There is no second attempt inside; the next call delivers what stayed pending."""
    post = Post(_refusal(reason, 1.0))
    outbox.put(MESSAGE)

    with pytest.raises(NotDelivered) as caught:
        outbox.deliver("2f1c0a", send=post.send, within_s=60.0)

    assert (caught.value.reason, time.pauses_s, len(outbox.pending())) == (reason, [], 1)
    assert outbox.deliver("2f1c0a", send=post.send, within_s=0.0).attempts == 1
    assert len(post.taken) == 1


DIES_AFTER_SENDING = """
import os, sys
from pathlib import Path
from yardflow.outbox import Outbox

def send(text, blocks):
    with open(sys.argv[2], "a") as arrived:
        print(blocks[-1]["block_id"], file=arrived)
    arrived.close()
    os._exit(9)

Outbox(Path(sys.argv[1]), "wine").deliver("2f1c0a", send=send, within_s=0.0)
"""


def test_who_dies_before_the_receipt_sends_again(outbox: Outbox, tmp_path: Path) -> None:
    """A process that is gone between sending and receipt has lost nothing: the same key arrives a second time."""
    arrived = tmp_path / "arrived"
    outbox.put(MESSAGE)
    environment = {**os.environ, "PYTHONPATH": f"{DAGS}:{DAGS.parent / 'serving'}"}
    died = subprocess.run(
        [sys.executable, "-c", DIES_AFTER_SENDING, tmp_path, arrived], env=environment, timeout=60, check=False
    )
    assert (died.returncode, outbox.receipt("2f1c0a"), len(outbox.pending())) == (9, None, 1)

    post = Post()
    outbox.deliver("2f1c0a", send=post.send, within_s=0.0)

    assert [*arrived.read_text(encoding="utf-8").split(), *post.keys] == ["wine/2f1c0a"] * 2
    assert outbox.pending() == ()


def test_who_dies_while_writing_leaves_nothing(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until its file has its name, a message is not there; a repeated task writes it."""

    def dies(source: str, target: str) -> None:
        raise SystemExit(9)

    with monkeypatch.context() as broken:
        broken.setattr(os, "link", dies)
        with pytest.raises(SystemExit):
            outbox.put(MESSAGE)

    assert outbox.pending() == ()
    assert outbox.put(MESSAGE) in outbox.pending()


def test_what_is_left_of_a_draft_is_no_message(outbox: Outbox, tmp_path: Path) -> None:
    """A draft whose writer was killed stays beside the messages, and nobody takes it for one."""
    letter = outbox.put(MESSAGE)
    tmp_path.joinpath("outbox", "wine", ".draft-x.json").write_text("{", encoding="utf-8")

    assert outbox.pending() == (letter,)


def test_two_that_deliver_at_once_share_a_receipt(tmp_path: Path) -> None:
    """Both may send; the receipt is the first one's, for both."""
    both, post = Barrier(2), Post()
    Outbox(tmp_path, "wine").put(MESSAGE)

    def send(text: str, blocks: Sequence[Mapping[str, Any]]) -> Delivery:
        both.wait(timeout=10.0)
        return post.send(text, blocks)

    def deliver(_: int) -> Receipt:
        return Outbox(tmp_path, "wine").deliver("2f1c0a", send=send, within_s=0.0)

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(deliver, range(2))

    assert one == other == Outbox(tmp_path, "wine").receipt("2f1c0a")
    assert post.keys == ["wine/2f1c0a"] * 2


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"deploy_id": "2f1c0a"}'])
def test_a_damaged_file_is_not_guessed_at(outbox: Outbox, tmp_path: Path, *, content: str) -> None:
    """Neither a message nor a receipt is taken for granted: the error names the file."""
    outbox.put(MESSAGE)
    receipt = tmp_path / "outbox" / "wine" / "2f1c0a.receipt.json"
    receipt.write_text(content, encoding="utf-8")
    with pytest.raises(OutboxDamaged, match=str(receipt)):
        outbox.deliver("2f1c0a", send=Post().send, within_s=0.0)
    receipt.unlink()

    path = tmp_path / "outbox" / "wine" / "2f1c0a.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(OutboxDamaged, match=str(path)):
        outbox.pending()


@pytest.mark.parametrize("name", ["", ".", "../wine", "a/b", ".hidden", "2f1c0a.receipt", "x" * 129, "a\n"])
def test_a_name_that_is_no_file_is_refused(outbox: Outbox, tmp_path: Path, *, name: str) -> None:
    """No message leaves its folder, hides, or passes for another one's receipt."""
    with pytest.raises(ValueError, match="deployment's id"):
        outbox.put(Message(name, "x", ()))
    assert list(tmp_path.iterdir()) == []
