"""Samples become counts and intervals: none is lost, none is made up, and what is no sample is refused."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yardfacts.facts import Interval, Malformed, Sampled
from yardfacts.folding import Head, Lane, fold, head_line

NAME = "probes/off.jsonl"
START_MS = 1_800_000_000_000
OUTCOMES = ("right", "wrong", "unanswered", "missed")


def _lane(probe: str = "mlflow", *, period_ms: int = 250, phase_ms: int = 0) -> Lane:
    return Lane(probe=probe, environment="dev", connection="new", period_ms=period_ms, phase_ms=phase_ms)


def _file(window_ms: int, *lanes: Lane, samples: list[dict[str, Any]], skew_ms: int = 0) -> bytes:
    head = Head(
        window="off",
        process="0",
        start_ms=START_MS + skew_ms,
        stop_ms=START_MS + skew_ms + window_ms,
        skew_ms=skew_ms,
        questions=lanes,
    )
    return (head_line(head) + "".join(json.dumps(one) + "\n" for one in samples)).encode()


def _sample(number: int, outcome: str = "right", *, question: int = 0, at: float = 0.0, **said: Any) -> dict[str, Any]:
    return {"q": question, "n": number, "at": at, "o": outcome, **said}


def test_equal_samples_are_one_interval() -> None:
    """An outage is a stretch from its first sample to the first right one; times are by the proof's clock."""
    told = [_sample(n, at=250.0 * n) for n in range(8)]
    told[3] |= {"o": "unanswered", "d": "refused"}
    told[4] |= {"o": "unanswered", "d": "reset"}
    count, *intervals = fold(NAME, _file(2000, _lane(), samples=told, skew_ms=40))
    assert isinstance(count, Sampled)
    assert (count.planned, count.sent, count.right, count.unanswered, count.skew_ms) == (8, 8, 6, 2, 40)
    assert count.blind_s == 0.25
    assert [one for one in intervals if isinstance(one, Interval) and one.outcome != "right"] == [
        Interval(
            probe="mlflow",
            environment="dev",
            connection="new",
            outcome="unanswered",
            state="",
            start_ms=START_MS + 750,
            stop_ms=START_MS + 1250,
            samples=2,
            detail="refused",
        )
    ]


def test_another_state_is_another_interval() -> None:
    """The gateway switches while it answers right."""
    told = [_sample(n, s="online" if n < 3 else "absent") for n in range(4)]
    facts = fold(NAME, _file(1000, _lane(), samples=told))
    assert [(one.state, one.samples) for one in facts if isinstance(one, Interval)] == [("online", 3), ("absent", 1)]


def test_what_has_no_line_was_missed() -> None:
    """A file of ten samples of a thousand is a thousand samples, of which 990 are missing."""
    kept = range(0, 1000, 100)
    count, *intervals = fold(NAME, _file(250_000, _lane(), samples=[_sample(n, at=250.0 * n) for n in kept]))
    assert isinstance(count, Sampled)
    assert (count.planned, count.sent, count.missed_in_a_row) == (1000, 10, 99)
    assert count.blind_s == 25.0
    assert sum(one.samples for one in intervals if isinstance(one, Interval) and one.outcome == "missed") == 990


def test_nothing_seen_is_blind_for_the_whole_window() -> None:
    """Without a sample any outage goes unseen."""
    (count, only) = fold(NAME, _file(10_000, _lane(phase_ms=100), samples=[]))
    assert isinstance(count, Sampled)
    assert isinstance(only, Interval)
    assert (count.sent, count.blind_s, only.outcome, only.samples) == (0, 10.0, "missed", 40)


def test_facts_name_the_bytes_that_they_are_made_of() -> None:
    """One edited byte is another digest."""
    content = _file(1000, _lane(), samples=[])
    (count,) = (fact for fact in fold(NAME, content) if isinstance(fact, Sampled))
    assert (count.file, count.sha256) == (NAME, hashlib.sha256(content).hexdigest())


@given(data=st.data())
def test_no_sample_is_lost(data: st.DataObject) -> None:
    """Whatever came of whichever samples: intervals add up to what was planned, by outcome, without gap or overlap."""
    window_ms = data.draw(st.integers(0, 5000))
    lanes = [
        _lane(f"p{number}", period_ms=data.draw(st.integers(1, 700)), phase_ms=data.draw(st.integers(0, 900)))
        for number in range(data.draw(st.integers(1, 3)))
    ]
    samples = [
        _sample(number, data.draw(st.sampled_from(OUTCOMES)), question=question, at=float(lane.phase_ms))
        for question, lane in enumerate(lanes)
        for number in data.draw(st.sets(st.integers(0, max(lane.planned(window_ms) - 1, 0)), max_size=12))
        if number < lane.planned(window_ms)
    ]
    samples = data.draw(st.permutations(samples))
    facts = fold(NAME, _file(window_ms, *lanes, samples=list(samples)))
    for question, lane in enumerate(lanes):
        (count,) = (one for one in facts if isinstance(one, Sampled) and one.probe == lane.probe)
        rows = [one for one in facts if isinstance(one, Interval) and one.probe == lane.probe]
        told = [one["o"] for one in samples if one["q"] == question]
        assert sum(row.samples for row in rows) == count.planned
        for outcome in OUTCOMES[:3]:
            in_rows = sum(row.samples for row in rows if row.outcome == outcome)
            assert in_rows == getattr(count, outcome) == told.count(outcome)
        assert count.sent == count.right + count.wrong + count.unanswered
        assert all(row.stop_ms == later.start_ms for row, later in pairwise(rows))
        assert all(row.outcome != later.outcome for row, later in pairwise(rows))
        assert not rows or rows[-1].stop_ms == START_MS + window_ms


GOOD = _file(1000, _lane(), samples=[_sample(0)])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"{}\n",
        b"[]\n",
        GOOD[:-1],
        GOOD + b"\n",
        GOOD + b"{}\n",
        GOOD + b"7\n",
        GOOD + GOOD.split(b"\n")[1] + b"\n",
        _file(1000, _lane(), samples=[_sample(4)]),
        _file(1000, _lane(), samples=[_sample(-1)]),
        _file(1000, _lane(), samples=[_sample(0, question=1)]),
        _file(1000, _lane(), samples=[_sample(0, "fine")]),
        _file(1000, _lane(), samples=[_sample(0, at=float("nan"))]),
        _file(1000, _lane(), samples=[_sample(0) | {"n": True}]),
        _file(1000, _lane(period_ms=0), samples=[]),
        _file(-1, _lane(), samples=[]),
    ],
)
def test_what_is_no_file_of_samples_is_refused(content: bytes) -> None:
    """A line that was cut off, doubled, or speaks of what was not asked is not skipped."""
    with pytest.raises(Malformed, match=NAME):
        fold(NAME, content)
