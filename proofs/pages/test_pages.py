"""No request leaves a page, and every page shows what it is for: opened from the disk in a headless Chromium."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from yardfacts.render.allure import META

from .browser import Browser, NoBrowser, browser, left, program
from .conftest import Pages

PAGES = ("index.html", "pytest.html", "allure.html")
RENDERED = "document.body.innerText.includes('PROVED')"
TIMELINE = "[...document.querySelectorAll('text')].some(one => one.textContent.startsWith('mlflow'))"
LANES = 2 + 40 + 1
"""Tests and steps, twenty services over two connections, and the one that fails."""
NODE = "without Node there is no Allure page in a run either"

ELSEWHERE = "http://127.0.0.1:9"
"""Port of nobody, on this machine: nothing leaves it even where a page does ask."""
ASKING = (
    f'<html><head>{{head}}</head><body>PROVED<img src="{ELSEWHERE}/picture.png"><script>'
    f"fetch('{ELSEWHERE}/fetched').catch(() => 0); new WebSocket('ws://127.0.0.1:9/socket')</script></body></html>"
)


def _has(pages: Pages, name: str) -> None:
    if name == "allure.html" and shutil.which("npm") is None:
        pytest.skip(NODE)
    assert (pages.folder / "report" / name).is_file(), pages.output


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("word", ["PROVED", "DISPROVED"])
def test_a_page_asks_nobody_for_anything(request: pytest.FixtureRequest, tmp_path: Path, name: str, word: str) -> None:
    """Neither the page nor the browser on its behalf: two witnesses; and it is there, with the run's own verdict."""
    pages: Pages = request.getfixturevalue(word.lower())
    _has(pages, name)
    log = tmp_path / "net.json"
    with browser(log) as chromium:
        shown = chromium.open(pages.address(name), until=RENDERED)
    assert (shown.asked, left(log), shown.errors) == ([], [], [])
    told = set(shown.text.replace(":", " ").split()) & {"PROVED", "DISPROVED", "INCONCLUSIVE"}
    assert told == {word}, shown.text


@pytest.mark.parametrize(("head", "gets_out"), [("", True), (META, False)])
def test_the_witnesses_see_a_page_that_asks(tmp_path: Path, head: str, gets_out: bool) -> None:
    """A control: both see it, and under our policy the browser does not let it out."""
    page, log = tmp_path / "asking.html", tmp_path / "net.json"
    page.write_text(ASKING.replace("{head}", head))
    with browser(log) as chromium:
        shown = chromium.open(f"file://{page}", until=RENDERED)
    assert bool(left(log)) is gets_out
    if gets_out:
        assert {f"{ELSEWHERE}/picture.png", f"{ELSEWHERE}/fetched", "ws://127.0.0.1:9/socket"} <= set(shown.asked)


def test_an_outage_is_red_on_the_page(disproved: Pages, proved: Pages, chromium: Browser) -> None:
    """In its lane, wide enough to be seen, in the colour of what failed; a run without one has no such bar."""
    bars = "[...document.querySelectorAll('svg.strip .unanswered')].map(one => "
    bars += "[one.getBoundingClientRect().width, getComputedStyle(one).fill])"
    chromium.open(disproved.address("index.html"), until=RENDERED)
    ((width, fill),) = chromium.ask(bars)
    red, green, blue = (int(part) for part in fill.removeprefix("rgb(").removesuffix(")").split(", "))
    assert width >= 2
    assert red > 2 * max(green, blue)
    chromium.open(proved.address("index.html"), until=RENDERED)
    assert chromium.ask(bars) == []


def test_a_receipt_is_seen_at_a_glance(disproved: Pages, proved: Pages, chromium: Browser) -> None:
    """Three marks in three colours, and steps that follow each other; a run without a receipt has no such card."""
    marks = "[...document.querySelectorAll('.receipts .criteria tr')].map(one => "
    marks += "[one.innerText.split(/\\s+/)[0], getComputedStyle(one.querySelector('.pill')).color])"
    steps = "[...document.querySelectorAll('.receipts svg.strip .passed')].map(one => "
    steps += "one.getBoundingClientRect()).map(one => [one.left, one.right])"
    chromium.open(disproved.address("index.html"), until=RENDERED)
    shown = chromium.ask(marks)
    assert [mark for mark, _ in shown] == ["✓", "✗", "?"]
    assert len({colour for _, colour in shown}) == 3
    train, load, verify = chromium.ask(steps)
    assert train[1] == pytest.approx(load[0], abs=1)
    assert load[1] == pytest.approx(verify[0], abs=1)
    assert train[1] - train[0] == pytest.approx(2 * (verify[1] - verify[0]), abs=2)
    chromium.open(proved.address("index.html"), until=RENDERED)
    assert chromium.ask(marks) == chromium.ask(steps) == []


@pytest.mark.parametrize("width", [400, 1600])
def test_nothing_is_cut_off(disproved: Pages, chromium: Browser, width: int) -> None:
    """On a telephone and on a wide screen: no element reaches beyond the page, where nobody would see it."""
    chromium.open(disproved.address("index.html"), until=RENDERED, width=width)
    beyond = "[...document.querySelectorAll('main *')].filter(one => one.getBoundingClientRect().right > "
    beyond += "document.documentElement.clientWidth + 1).map(one => one.outerHTML.slice(0, 120))"
    assert chromium.ask(beyond) == []


def test_the_timeline_has_a_red_bar_in_the_lane_of_the_probe(disproved: Pages, chromium: Browser) -> None:
    """Allure's own timeline: the lanes stand beside the tests, on one axis, and its totals are those of the tests."""
    _has(disproved, "allure.html")
    shown = chromium.open(disproved.address("allure.html", place="#timeline"), until=TIMELINE)
    assert shown.text.count("Host:") == 1
    names = chromium.ask("[...document.querySelectorAll('text')].map(one => one.textContent)")
    # Of a long name Allure cuts the middle out, so lanes are counted, not named.
    assert sum(name in {"proof", "steps"} or name.endswith(("d/n", "d/k", "p/n")) for name in names) == LANES, names
    bars = "[...document.querySelectorAll('rect[data-test-result-name]')].map(one => "
    bars += "[one.dataset.testResultName, getComputedStyle(one).fill])"
    drawn = chromium.ask(bars)
    failed = {fill for name, fill in drawn if "unanswered" in name}
    assert len(failed) == 1
    assert failed.isdisjoint(fill for name, fill in drawn if ": right" in name)
    shown = chromium.open(disproved.address("allure.html"), until=RENDERED)
    assert "Results\n1" in shown.text or "Results 1" in shown.text, shown.text


def test_without_a_browser_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A check that was not made is no check that passed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoBrowser, match="apt-get install"):
        program()
