"""Lines about requests that were not answered as asked."""

from __future__ import annotations

import logging

import pytest

from yardgate.refusals import LINES_PER_S, SHOWN_CHARS, Refusals

from .yard import Yard


def test_a_refusal_leaves_a_line_and_an_answer_none(yard: Yard, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever part refuses: the lane a prediction, the application behind it a path or a token."""
    with caplog.at_level(logging.INFO, logger="yardgate"):
        yard.infer()
        yard.client.get("/health")
        yard.client.get("/nobody-serves-this")
        yard.infer(alias="champoin")
        yard.reload(token="w" * 32)
    assert [record.getMessage() for record in caplog.records if record.name == "yardgate.refusals"] == [
        'refused GET "/nobody-serves-this": 404',
        'refused POST "/v1/champoin/infer": 404 alias-unknown',
        'refused POST "/v1/aliases/champion/reload": 401',
    ]


def test_a_flood_leaves_few_lines_and_its_size(caplog: pytest.LogCaptureFixture) -> None:
    """In a second only so many lines are written; the next one says how many were not."""
    now_s = [100.0]
    refusals = Refusals(clock=lambda: now_s[0])
    for _ in range(LINES_PER_S + 7):
        refusals.note("POST", "/v1/champion/infer", status=429, reason="too-many")
    assert len(caplog.records) == LINES_PER_S
    now_s[0] += 1
    refusals.note("POST", "/v1/champion/infer", status=502, reason="upstream-broken")
    assert caplog.records[-1].getMessage() == (
        'failed POST "/v1/champion/infer": 502 upstream-broken (7 lines before this one were left out)'
    )


def test_a_path_is_one_short_line(caplog: pytest.LogCaptureFixture) -> None:
    """A caller chooses the path: it can neither begin a line of its own nor fill the log."""
    Refusals().note("GET", "/a\n2026 ERROR all is lost" + "x" * 9000, status=404)
    (line,) = [record.getMessage() for record in caplog.records]
    assert "\n" not in line
    assert len(line) < SHOWN_CHARS + 50


def test_a_failure_of_ours_is_told_with_what_was_wanted_and_got(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody learns from a status alone what is ill; what a caller did wrong is told by its reason and nothing else."""
    refusals = Refusals()
    refusals.note("POST", "/v1/champion/infer", status=502, reason="upstream-unreachable", detail="got\nnone")
    refusals.note("POST", "/v1/champion/infer", status=413, reason="body-too-large", detail="what the caller wrote")
    assert [record.getMessage() for record in caplog.records] == [
        'failed POST "/v1/champion/infer": 502 upstream-unreachable: got none',
        'refused POST "/v1/champion/infer": 413 body-too-large',
    ]
