"""How services answered, for people: an outage is red wherever it is drawn, and nothing is drawn that was not seen."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from yardfacts.accounting import Account
from yardfacts.cycles import Phase, Statistics
from yardfacts.journal import History
from yardfacts.reckoning import reckon
from yardfacts.render.allure import HOST, UnknownPage, attach, label
from yardfacts.render.availability import Window, sheet, steps, windows
from yardfacts.render.chart import LEAST, picture, strip, ticks
from yardfacts.render.lanes import Bar, bars, laned, undrawn
from yardfacts.render.page import About, page, told
from yardfacts.verdict import proved

from .probed import CLAIM, STEP, TEST, probed

BAD = ["wrong", "unanswered"]


def _window(history: History) -> Window:
    (window,) = windows(history)
    return window


def _html(history: History) -> str:
    about = About.of(history, journal_sha256="f" * 64)
    return page(reckon(history), about=about, windows=windows(history), links={})


def test_a_window_is_what_was_recorded(tmp_path: Path) -> None:
    """Lanes by environment, question and connection; counted samples; tests and steps on the same clock."""
    window = _window(probed(tmp_path))
    assert [lane.name for lane in window.lanes] == ["gateway · dev · kept", "mlflow · prod · new"]
    assert (window.took_s, window.samples, window.failed, window.blind_s) == (120.0, 960, 0, 0.51)
    assert [lane.look for lane in window.lanes] == ["right", "right"]
    assert [step.title for step in window.steps] == [STEP]
    assert window.tests[0].title == TEST["title"]
    assert window.outages == ()


@pytest.mark.parametrize("outcome", BAD)
def test_an_outage_is_named_with_the_step_that_caused_it(tmp_path: Path, outcome: str) -> None:
    """When, how long, what came instead, and what the proof did at that time."""
    (outage,) = _window(probed(tmp_path, outcome=outcome)).outages
    assert (outage.lane.name, outage.lasted_s, outage.during) == ("mlflow · prod · new", 0.25, STEP)
    assert outage.at.endswith(":40.000")


@pytest.mark.parametrize("outcome", [*BAD, "missed"])
def test_an_outage_is_a_bar_that_can_be_seen(tmp_path: Path, outcome: str) -> None:
    """A quarter of a second in two minutes would be two thousandths of the width; it is drawn last, and wider."""
    window = _window(probed(tmp_path, outcome=outcome))
    lane = window.lanes[1]
    drawn = ElementTree.fromstring(strip(lane, window))  # noqa: S314 - made here
    last = drawn.findall("rect")[-1]
    assert (last.get("class"), float(last.get("width", "0"))) == (outcome, LEAST)
    assert float(last.get("x", "0")) == pytest.approx(250, abs=1)
    assert lane.look == ("unseen" if outcome == "missed" else "failed")
    assert f"1 {outcome}" in (drawn.get("aria-label") or "")


def test_without_an_outage_nothing_is_red(tmp_path: Path) -> None:
    """Otherwise red would say nothing."""
    window = _window(probed(tmp_path))
    drawn = "".join(strip(lane, window) for lane in window.lanes)
    assert set(re.findall(r'rect class="(\w+)"', drawn)) == {"track", "right", "absent"}


def test_cycles_share_one_picture(tmp_path: Path) -> None:
    """Thirty cycles are one axis, not thirty; their counts add up, and one failed sample of one of them stays."""
    window = _window(probed(tmp_path, window="cycle", cycles=30, outcome="wrong"))
    assert (window.name, window.took_s, window.samples, window.failed) == ("cycle", 3600.0, 30 * 960, 1)
    assert len(window.outages) == 1
    assert len(ticks(window)) <= 8


def test_the_page_shows_every_lane_and_the_shortest_outage_that_was_visible(tmp_path: Path) -> None:
    """Without a script, with words beside every colour."""
    html = _html(probed(tmp_path))
    for part in (
        "Availability: off",
        "0.51 s",
        "480 of 480 right",
        'aria-label="gateway · dev · kept: 480 of 480 right"',
    ):
        assert part in html
    assert "<script" not in html


@pytest.mark.parametrize("outcome", BAD)
def test_a_disproved_run_never_shows_proved(tmp_path: Path, outcome: str) -> None:
    """Nowhere in what a person reads of a run whose only claim fell; what came instead of an answer is escaped."""
    html = _html(probed(tmp_path, outcome=outcome))
    read = re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL)
    assert re.search(r"\bDISPROVED\b", read)
    assert re.search(r"\bPROVED\b", read) is None
    assert "ConnectError: &lt;refused&gt;" in html
    assert STEP in html


def test_a_claim_that_fell_stands_before_those_that_hold(tmp_path: Path) -> None:
    """Nobody has to scroll for the bad news."""
    history = probed(tmp_path, outcome="wrong")
    reckoning = reckon(history)
    (fell,) = reckoning.claims
    holds = replace(fell, claim="holds", sentence="Something else holds.", finding=proved("it does"))
    about = About.of(history, journal_sha256="f" * 64)
    html = page(replace(reckoning, claims=(holds, fell)), about=about, windows=(), links={})
    assert html.index(fell.sentence) < html.index(holds.sentence)


def test_what_was_not_recorded_is_said(tmp_path: Path) -> None:
    """A run without probes has no picture, and no number that looks like one."""
    history = probed(tmp_path)
    html = page(reckon(history), about=About.of(history, journal_sha256="f" * 64), windows=(), links={})
    assert "No continuous probe was recorded" in html
    assert "would have been seen" not in html


def test_how_to_verify_is_on_the_page(tmp_path: Path) -> None:
    """Both commands, with the folder of this very run."""
    html = _html(probed(tmp_path))
    run = "docs/proof/runs/20270115T080000Z_x_y"
    assert f"switchyard verify {run} --key PUBKEY" in html
    assert f"switchyard replay {run}" in html


def test_pytests_page_says_the_same(tmp_path: Path) -> None:
    """Verdict, claims and availability above its own rows; and it may load nothing any more."""
    history = probed(tmp_path, outcome="wrong")
    about = About.of(history, journal_sha256="f" * 64)
    html = told("<html><head></head><body>rows</body></html>", reckon(history), about=about, windows=windows(history))
    assert html.index("DISPROVED") < html.index("rows")
    assert html.index("Content-Security-Policy") < html.index("<body>")
    assert CLAIM["sentence"] in html
    assert "mlflow · prod · new" in html
    with pytest.raises(UnknownPage):
        told("<html>no body</html>", reckon(history), about=about, windows=())


def test_the_picture_and_the_sheet_stand_alone(tmp_path: Path) -> None:
    """Well-formed SVG with the outage in it, and one row of CSV an interval."""
    window = _window(probed(tmp_path, outcome="unanswered"))
    drawn = ElementTree.fromstring(picture(window))  # noqa: S314 - made here
    assert any(one.get("class") == "unanswered" for one in drawn.iter())
    header, *rows = sheet(window).splitlines()
    assert header.startswith("probe,environment,connection,start_ms")
    assert len(rows) == 5


def test_cycles_and_mutants_are_counted(tmp_path: Path) -> None:
    """What was repeated says how often it failed; of mutants, how many were killed, or that none was tried."""
    history = probed(tmp_path)
    reckoning = reckon(history)
    phase = Phase(name="detach", count=30, p50_s=5.0, p95_s=6.0, max_s=7.5)
    repeated = replace(reckoning, cycles=Statistics(failed=0, cycles=30, bound=0.095, phases=(phase,)))
    about = About.of(history, journal_sha256="f" * 64)
    html = page(repeated, about=about, windows=(), links={})
    for part in ("0 of 30 failed", "At most 9.5 %", "7.5 s", "mutants tried on this run"):
        assert part in html
    one = Account(claim="c", stages=("s",), killed=("a", "b"), survived=(), not_applicable=())
    assert "killed 2 / 2" in page(replace(reckoning, accounts=(one,)), about=about, windows=(), links={})
    assert "0 of 30 failed" not in page(reckoning, about=about, windows=(), links={})


def _allure_page(tests: list[Bar]) -> str:
    data = base64.b64encode(json.dumps(tests).encode()).decode()
    return (
        f'<script>Promise.allSettled([d("widgets/statistic.json","e30="),d("widgets/timeline.json","{data}")])</script>'
    )


def _timeline(html: str) -> list[dict[str, Any]]:
    found = re.search(r'd\("widgets/timeline\.json","([^"]*)"\)', html)
    assert found is not None
    read: list[dict[str, Any]] = json.loads(base64.b64decode(found.group(1)))
    return read


def _seen(name: str) -> str:
    """Without the characters that nobody sees."""
    return re.sub("[\u200b-\u200d]", "", name)


def _lanes(window: Window, *, count: int) -> Window:
    lane = window.lanes[-1]
    return replace(window, lanes=tuple(replace(lane, probe=f"probe{number}") for number in range(count)))


def test_every_lane_is_told_from_every_other(tmp_path: Path) -> None:
    """Allure tells lanes apart by six bits; that it draws all of these is for a browser to show. More are named."""
    window = _lanes(_window(probed(tmp_path)), count=60)
    names = {bar["thread"] for bar in bars([window], ())}
    assert {_seen(name) for name in names} == {f"probe{number} p/n" for number in range(60)}
    crowd = _lanes(window, count=70)
    drawn = {bar["name"].partition(":")[0] for bar in bars([crowd], ())}
    assert len(drawn) == 62
    assert drawn | set(undrawn([crowd])) == {lane.name for lane in crowd.lanes}


def test_no_room_is_no_reason_to_hide_a_failure(tmp_path: Path) -> None:
    """The last lane of too many is drawn when it is the one that failed."""
    window = _window(probed(tmp_path, outcome="wrong"))
    (failed,) = (lane for lane in window.lanes if lane.bad)
    right = next(lane for lane in window.lanes if not lane.bad)
    others = (replace(right, probe=f"probe{number}") for number in range(70))
    crowd = replace(window, lanes=(*others, failed))
    assert failed.name not in undrawn([crowd])


@pytest.mark.parametrize(("outcome", "status"), [("wrong", "failed"), ("unanswered", "failed"), ("missed", "broken")])
def test_an_outage_is_a_failed_bar_beside_the_tests(tmp_path: Path, outcome: str, status: str) -> None:
    """In Allure's timeline, in the lane of its probe, on the tests' axis; every bar is one of its own."""
    history = probed(tmp_path, outcome=outcome)
    test = {"id": "t", "host": HOST, "thread": "proof", "status": "passed", "start": 1, "duration": 1}
    html = laned(_allure_page([test]), list(bars(windows(history), steps(history))))
    shown = _timeline(html)
    assert shown[0] == test
    (bad,) = (bar for bar in shown if bar["status"] not in {"passed"})
    assert (bad["status"], _seen(bad["thread"]), bad["duration"]) == (status, "mlflow p/n", 250)
    assert {bar["host"] for bar in shown} == {HOST}
    assert len({bar["id"] for bar in shown}) == len(shown) == 7
    assert any(bar["thread"] == "steps" and bar["name"] == STEP for bar in shown)


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<script></script>", id="no timeline"),
        pytest.param(_allure_page([{"host": "other", "start": 1}]), id="an axis of its own"),
        pytest.param(_allure_page([{"host": HOST, "begin": 1}]), id="another shape"),
    ],
)
def test_a_timeline_of_another_shape_is_refused(tmp_path: Path, html: str) -> None:
    """A page that changed must not lose the lanes silently."""
    history = probed(tmp_path)
    with pytest.raises(UnknownPage):
        laned(html, list(bars(windows(history), ())))


def test_results_are_found_by_layer_phase_and_claim(tmp_path: Path) -> None:
    """Epic, feature, story; what a test judged it is found by."""
    history = probed(tmp_path)
    result = {"fullName": "proofs.test_p20_core_only#test_it", "labels": [{"name": "epic", "value": "P20: it leaves."}]}
    (tmp_path / "a-result.json").write_text(json.dumps(result))
    label(tmp_path, history)
    labels = json.loads((tmp_path / "a-result.json").read_text())["labels"]
    assert {one["name"]: one["value"] for one in labels} == {
        "epic": "Core and Baseline",
        "feature": "P20: it leaves.",
        "story": CLAIM["sentence"],
    }


@pytest.mark.parametrize("outcome", ["right", "wrong"])
def test_the_whole_report_carries_verdict_and_availability(tmp_path: Path, outcome: str) -> None:
    """As small files of their types; whatever keeps the run from being proved is an error of the report."""
    history = probed(tmp_path, outcome=outcome)
    attach(tmp_path, reckoning=reckon(history), windows=windows(history))
    (file,) = tmp_path.glob("*-globals.json")
    given = json.loads(file.read_text())
    assert [one["type"] for one in given["attachments"]] == ["application/json", "image/svg+xml", "text/csv"]
    assert all((tmp_path / one["source"]).is_file() for one in given["attachments"])
    assert ["DISPROVED" in one["message"] for one in given["errors"]] == ([True, True] if outcome == "wrong" else [])
