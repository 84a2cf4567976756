"""A deployment's receipt on the page: every criterion has its mark and what was seen, and every step its place."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from yardfacts.facts import Criterion, Duration, Receipt
from yardfacts.journal import Ending, History, Journal, read
from yardfacts.reckoning import reckon
from yardfacts.redact import Redactor
from yardfacts.render.availability import windows
from yardfacts.render.page import About, page
from yardfacts.render.receipts import cards

SAMPLE = Path(__file__).parents[3] / "docs/proof/sample/journal.jsonl"

RECEIPT = Receipt(
    environment="prod",
    deploy_id="2f1c0a",
    model="wine",
    version=3,
    generation=7,
    outcome="promoted",
    reason="accuracy 0.97 >= 0.90 & <more>",
    run_id="8c1d",
    criteria=(
        Criterion(name="registered", met=True, evidence="publish: digest 3fa1"),
        Criterion(name="smoke", met=False, evidence="wanted <class 1>"),
        Criterion(name="announced", met=None, evidence=""),
    ),
    durations=(
        Duration(step="train", took_s=3.0),
        Duration(step="load", took_s=0.5),
        Duration(step="switch", took_s=0.0),
        Duration(step="verify", took_s=1.5),
    ),
)


def _journal(folder: Path, *receipts: Receipt) -> History:
    journal = Journal(folder / "journal.jsonl", redactor=Redactor())
    journal.write("begin", run="20260101T000000Z_x_y", command="pytest -m lifecycle", environment={})
    for receipt in receipts:
        journal.fact(stage="p60_lifecycle", moment="promoted", fact=receipt)
    journal.end(Ending.COMPLETED)
    return read(journal.path)


def _html(history: History) -> str:
    about = About.of(history, journal_sha256="f" * 64)
    return page(reckon(history), about=about, windows=windows(history), links={})


def test_a_receipt_comes_back_from_the_journal(tmp_path: Path) -> None:
    """Met, not met and unknown stay three, and the order of the steps stays theirs."""
    assert _journal(tmp_path, RECEIPT).facts().of(Receipt) == (RECEIPT,)


def test_a_card_tells_one_deployment(tmp_path: Path) -> None:
    """Who, where and how it ended; each criterion with its mark and what was seen; nothing of it is markup."""
    html = _html(_journal(tmp_path, RECEIPT))
    for part in ("wine version 3</b> in prod, generation 7", "publish: digest 3fa1", "&lt;class 1&gt;", "&lt;more&gt;"):
        assert part in html
    rows = re.findall(r'<tr><td><span class="pill (\w+)">([^<]*)</span></td><td><b>(\w+)</b>', html)
    assert rows == [
        ("PROVED", "✓ met", "registered"),
        ("DISPROVED", "✗ not met", "smoke"),
        ("INCONCLUSIVE", "? unknown", "announced"),
    ]
    assert "<script" not in html
    assert re.findall(r'(?:src|href)="', html) == []


def test_steps_stand_one_after_the_other(tmp_path: Path) -> None:
    """On one axis, each beginning where the one before ended; one that took no time can be seen all the same."""
    (card,) = cards([RECEIPT])
    drawn = [ElementTree.fromstring(step.svg) for step in card.steps]  # noqa: S314 - made here
    bars = [one.findall("rect")[-1] for one in drawn]
    places = [(float(bar.get("x", "-1")), float(bar.get("width", "-1"))) for bar in bars]
    assert places == [(0.0, 600.0), (600.0, 100.0), (700.0, 1.0), (700.0, 300.0)]
    assert [one.get("aria-label") for one in drawn] == [
        "train: 3.00 s",
        "load: 0.50 s",
        "switch: 0.00 s",
        "verify: 1.50 s",
    ]
    assert [tick.text for tick in card.ticks] == ["0 s", "1 s", "2 s", "3 s", "4 s", "5 s"]
    assert card.worked_s == 5.0
    html = _html(_journal(tmp_path, RECEIPT))
    assert all(step.svg in html for step in card.steps)


@pytest.mark.parametrize(
    ("found", "tone"),
    [
        ([True, True], "PROVED"),
        ([True, None], "INCONCLUSIVE"),
        ([True, None, False], "DISPROVED"),
        ([], "INCONCLUSIVE"),
    ],
)
def test_the_outcome_has_the_colour_of_the_worst_criterion(found: list[bool | None], tone: str) -> None:
    """Green is left to a deployment of which everything is known; nobody takes unknown for met."""
    criteria = tuple(Criterion(name=str(number), met=met, evidence="") for number, met in enumerate(found))
    (card,) = cards([replace(RECEIPT, criteria=criteria)])
    assert card.tone == tone


def test_what_a_deployment_did_not_come_to_is_not_made_up(tmp_path: Path) -> None:
    """Without version, generation, run and steps there is no zero on the page, and no empty axis."""
    bare = replace(RECEIPT, version=0, generation=0, run_id="", outcome="rolled_back", durations=())
    html = _html(_journal(tmp_path, bare))
    assert "wine without a version</b> in prod</p>" in html
    assert ">rolled back</span>" in html
    assert "generation 0" not in html
    assert "one after the other" not in html


def test_each_receipt_has_a_card(tmp_path: Path) -> None:
    """Of two environments both are shown, in the order of recording."""
    html = _html(_journal(tmp_path, replace(RECEIPT, environment="dev"), RECEIPT))
    assert re.findall(r"wine version 3</b> in (\w+)", html) == ["dev", "prod"]


def test_a_run_without_receipts_shows_nothing_of_them(tmp_path: Path) -> None:
    """Neither a new one nor one that was recorded before there were any, and which is read as ever."""
    sample = read(SAMPLE)
    older = replace(sample, records=tuple(one for one in sample.records if one.body.get("type") != "Receipt"))
    for history in (_journal(tmp_path), older):
        assert reckon(history).receipts == ()
        assert "Receipts" not in _html(history)
        assert 'class="receipts"' not in _html(history)


def test_the_sample_shows_its_promotions() -> None:
    """One card an environment, of deployments that happened."""
    receipts = reckon(read(SAMPLE)).receipts
    assert [one.environment for one in receipts] == ["dev", "prod"]
    assert {one.outcome for one in receipts} == {"promoted"}
    assert _html(read(SAMPLE)).count('class="receipts"') == 1
