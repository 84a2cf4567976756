"""What people read: never empty, never loading anything from elsewhere, always with its source."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from yardfacts.facts import Application, Commit, Cycle, Facts, Root, Timing, Usage
from yardfacts.journal import Ending, History, Journal, read
from yardfacts.reckoning import reckon
from yardfacts.redact import Redactor
from yardfacts.render.allure import UnknownPage, anonymous, quiet
from yardfacts.render.availability import windows
from yardfacts.render.banner import banner
from yardfacts.render.bars import bars
from yardfacts.render.page import About, page
from yardfacts.render.tables import table
from yardfacts.views import SHEETS, Source, views, write_view

APPLICATION = Application(
    name="root-apps",
    uid="u",
    layer="core",
    project="bootstrap",
    sync="Synced",
    health="Healthy",
    revisions=("b" * 40,),
    operation="Succeeded",
    error_conditions=(),
    compared_to_spec=True,
    automated=True,
    prune=True,
    self_heal=True,
    finalizers=(),
    deleting=False,
    parent="",
)


@pytest.fixture(name="history")
def _history(tmp_path: Path) -> History:
    """A run with a stage of each view, a claim that fell, and markup where markup does not belong."""
    journal = Journal(tmp_path / "journal.jsonl", redactor=Redactor())
    journal.write("begin", run="20260101T000000Z_x_y", command="pytest -m core_only", environment={"python": "3.11"})
    test = {"test": "t", "stage": "p20_core_only", "title": "It <b>holds</b>."}
    journal.write("plan", tests=[test], partial=False)
    looks = Facts().plus("now", [Commit(sha="a" * 40, served="b" * 40, dirty=False), APPLICATION])
    looks = looks.plus(
        "now", [Root(name="root-optional", http_status=404), Timing(phase="detach", took_s=9.0, budget_s=8.0)]
    )
    for kind in SHEETS:
        for moment, fact in looks.entries:
            journal.fact(stage=f"p20_{kind}", moment=moment, fact=fact)
    finding = {
        "claim": "c",
        "sentence": "C & D.",
        "verdict": "DISPROVED",
        "reason": "r",
        "detail": "<script>x</script>",
    }
    journal.write("finding", **test, **finding)
    journal.write("test", **test, outcome="disproved", detail="d", took_s=1.0)
    journal.end(Ending.COMPLETED)
    return read(journal.path)


def test_an_empty_table_says_so() -> None:
    """A file without rows could not be told from one that was never written."""
    assert table(("NAME", "SYNC"), []) == "NAME   SYNC\nnone\n"


def test_every_view_has_its_names_and_its_source(history: History, tmp_path: Path) -> None:
    """The files of R31, each with the run and the digest of its journal, beside the same rows as JSON."""
    source = Source(run="run", journal_sha256="f" * 64)
    for view in views(history):
        write_view(view, tmp_path / view.kind, source=source)
        for name in SHEETS[view.kind]:
            text = (tmp_path / view.kind / f"{name}.txt").read_text()
            assert text.startswith(f"# {view.kind} ")
            assert "f" * 64 in text.splitlines()[0]
            plain = json.loads((tmp_path / view.kind / f"{name}.json").read_text())
            assert plain["source"] == {"run": "run", "journal_sha256": "f" * 64}
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == set(SHEETS)


def test_while_off_the_explicit_404_is_recorded(history: History, tmp_path: Path) -> None:
    """R20: root-optional.txt of the core-only proof holds what the API server answered."""
    (view,) = (view for view in views(history) if view.kind == "core_only")
    write_view(view, tmp_path / "view", source=Source(run="run", journal_sha256="f"))
    assert "HTTP 404" in (tmp_path / "view" / "root-optional.txt").read_text()


def test_the_page_is_whole_and_loads_nothing(history: History) -> None:
    """Verdict, claim, duration and command are on it; no script, no address but those that were given."""
    about = About.of(history, journal_sha256="f" * 64)
    html = page(reckon(history), about=about, windows=windows(history), links={"junit.xml": "run/junit.xml"})
    for part in (
        "DISPROVED",
        "C &amp; D.",
        "&lt;script&gt;",
        "It &lt;b&gt;holds",
        "9.0 s",
        "pytest -m core_only",
        "f" * 64,
    ):
        assert part in html
    assert "<script" not in html
    assert re.findall(r'(?:src|href)="([^"]*)"', html) == ["run/junit.xml"]


def test_the_verdict_is_the_last_line(history: History) -> None:
    """make hides exit codes; the last line does not."""
    lines = list(banner(reckon(history), command="pytest -m core_only", bundle="docs/proof/runs/x"))
    assert lines[-1] == "verdict   DISPROVED (exit code 10)"
    assert any(line.startswith("repeat    pytest -m core_only") for line in lines)
    assert any("OVER BUDGET" in line for line in lines)


def test_many_cycles_are_few_lines(tmp_path: Path) -> None:
    """Thirty windows are told by the one that used most, and budgets that were missed are told a few times."""
    journal = Journal(tmp_path / "journal.jsonl", redactor=Redactor())
    journal.write("begin", run="20260101T000000Z_x_y", command="pytest -m cycles", environment={})
    for number in range(1, 31):
        for fact in (
            Usage(phase=f"prober cycle-{number}", window_s=40.0, cpus=number / 500, memory_bytes=1 << 24),
            Timing(phase="detach", took_s=9.0, budget_s=8.0),
            Cycle(number=number, of=30, failed=False, detail=""),
        ):
            journal.fact(stage="p45_cycles", moment=f"cycle-{number}", fact=fact)
    journal.end(Ending.COMPLETED)
    history = read(tmp_path / "journal.jsonl")
    lines = list(banner(reckon(history), command="pytest -m cycles", bundle="docs/proof/runs/x"))
    assert [line for line in lines if line.startswith("prober")] == [
        "prober cycle (the most of 30): 0.06 CPUs, 0.02 GiB"
    ]
    assert "over      25 times more; all are in verdict.json" in lines
    assert any(line.startswith("0 of 30 cycles failed; at most 9.5 % fail") for line in lines)


def test_the_longest_duration_of_a_phase_is_shown() -> None:
    """A phase that ran twice is as slow as its slower run."""
    (one,) = bars([Timing(phase="detach", took_s=took_s, budget_s=8.0) for took_s in (5.0, 7.0)])
    assert (one.took_s, one.kept, one.share) == (7.0, True, "88%")


@pytest.mark.parametrize(
    ("took_s", "told"), [(0.0461, "46 ms"), (0.9994, "999 ms"), (1.0, "1.0 s"), (200.04, "200.0 s")]
)
def test_what_is_short_is_told_in_milliseconds(took_s: float, told: str) -> None:
    """A tenth of a second says nothing about an answer that was delayed by less; picture and figures say the same."""
    (one,) = bars([Timing(phase="delay", took_s=took_s, budget_s=300.0)])
    assert one.took == told
    assert f"delay: {told} of 300 s" in one.svg


PAGE = (
    '<html><head><title>a</title><script async src="https://www.googletagmanager.com/gtag/js?id=G-X"></script>'
    "<script>window.dataLayer=[];function gtag(){}gtag('js')</script></head><body>"
    '<script>const o={"analyticsEnable":true};</script></body></html>'
)


def test_allures_page_phones_nobody() -> None:
    """Analytics are gone, a policy forbids every address, and the report's own scripts stay."""
    silent = quiet(PAGE)
    assert "googletagmanager" not in silent
    assert "gtag" not in silent
    assert '"analyticsEnable":false' in silent
    assert silent.index("Content-Security-Policy") < silent.index("<title>")


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<p>no head</p>", id="no head"),
        pytest.param('<head></head><script src="https://example.org/x.js"></script>', id="a script from elsewhere"),
        pytest.param('<head><link rel="stylesheet" href="//example.org/x.css"></head>', id="a style from elsewhere"),
    ],
)
def test_a_page_that_cannot_be_made_quiet_is_refused(html: str) -> None:
    """A template that changed must not slip through."""
    with pytest.raises(UnknownPage):
        quiet(html)


def test_raw_results_name_no_machine(tmp_path: Path) -> None:
    """Allure writes host and process into every result."""
    labels = [
        {"name": "host", "value": "laptop"},
        {"name": "thread", "value": "1-Main"},
        {"name": "epic", "value": "e"},
    ]
    (tmp_path / "a-result.json").write_text(json.dumps({"labels": labels}))
    anonymous(tmp_path)
    written = json.loads((tmp_path / "a-result.json").read_text())["labels"]
    assert [label["value"] for label in written] == ["yard", "proof", "e"]
