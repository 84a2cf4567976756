"""An inbox: nothing is read twice, nothing goes missing unnoticed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from sink.inbox import Inbox

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(name="inbox")
def _inbox() -> Inbox:
    return Inbox(3, clock=lambda: NOW)


def test_an_empty_inbox_has_nothing(inbox: Inbox) -> None:
    """Before the first message there is no last one, and nothing was missed."""
    assert inbox.page().document() == {"last": 0, "missed": 0, "messages": []}


def test_messages_are_numbered_in_order(inbox: Inbox) -> None:
    """A reader that asks for what follows the last message it saw gets exactly the new ones."""
    inbox.put({"a": 1})
    seen = inbox.page().last
    inbox.put({"b": 2})
    page = inbox.page(since=seen)
    assert [(message.sequence, message.body) for message in page.messages] == [(2, {"b": 2})]
    assert page.messages[0].document()["received"] == "2026-01-01T00:00:00+00:00"
    assert inbox.page(since=page.last).messages == ()


@pytest.mark.parametrize(("since", "missed", "numbers"), [(0, 2, [3, 4, 5]), (1, 1, [3, 4, 5]), (4, 0, [5])])
def test_what_was_dropped_is_counted(inbox: Inbox, *, since: int, missed: int, numbers: list[int]) -> None:
    """The oldest go first, and a reader that comes too late is told how many."""
    for number in range(5):
        inbox.put({"number": number})
    page = inbox.page(since=since)
    assert (page.missed, page.last) == (missed, 5)
    assert [message.sequence for message in page.messages] == numbers


def test_threads_share_one_order() -> None:
    """However many send at once, every message gets a number of its own."""
    inbox = Inbox(1000)
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda number: inbox.put({"number": number}).sequence, range(500)))
    assert sorted(numbers) == list(range(1, 501))
    assert [message.sequence for message in inbox.page().messages] == list(range(1, 501))
