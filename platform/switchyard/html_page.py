"""What each proof shows and which budgets it exceeded, for pytest-html's page and junit.xml. Loaded for proofs only."""

from __future__ import annotations

from collections.abc import Generator
from html import escape
from typing import Any

import pytest

from switchyard import stages
from switchyard.session import SESSION

__all__: list[str] = []  # pytest finds hooks by itself

OVER = "over_budget"
"""Name of the property that carries a budget which was not kept; one each."""

COLUMN = 2
"""Behind result and name."""


def pytest_html_report_title(report: Any) -> None:
    """The page is about proofs; whether they hold is for the verdict to say."""
    report.title = "Switchyard: what every proof did"


def pytest_html_results_table_header(cells: list[str]) -> None:
    """One more column."""
    cells.insert(COLUMN, "<th>It shows</th>")


def pytest_html_results_table_row(report: pytest.TestReport, cells: list[str]) -> None:
    """The sentence of the test; the hook before it has put it on the report."""
    # A module that could not be imported has a row too, and no properties.
    properties = getattr(report, "user_properties", ())
    sentence = next((value for name, value in properties if name == "shows"), "")
    marks = "".join(f"<br><b>over budget: {escape(str(value))}</b>" for name, value in properties if name == OVER)
    cells.insert(COLUMN, f"<td>{escape(str(sentence))}{marks}</td>")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let junit.xml and the page carry the sentence of each proof."""
    if stages.is_proof(item):
        item.user_properties.append(("shows", stages.title_of(item)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Let them carry the budgets that were not kept, whether the proof holds or not."""
    try:
        return (yield)
    finally:
        session = item.config.stash.get(SESSION, None)
        if session is not None and stages.is_proof(item):
            item.user_properties.extend((OVER, told) for told in session.recorder.exceeded)
